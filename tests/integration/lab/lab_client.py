# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An endpoint that only echoes, and what the tests of the lab's fronts say to it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import requests
from windows_lab import auth, wsman
from windows_lab.backend import Backend, Completed
from windows_lab.lab import Lab
from windows_lab.profiles import Profile
from winrm.protocol import Protocol

NAME = "clean-1"
ROOT = Path(__file__).parents[3]
BASIC_REQUESTS = 5
NTLM_REQUESTS = 3


class WithoutRegistry(Backend):
    """An endpoint that only runs lines; a test that sets one of its values is mistaken."""

    def value(self, key: str, name: str, view: int = 64) -> tuple[str, bytes] | None:
        return None

    def set_value(self, key: str, name: str, type_: str, data: bytes, view: int = 64) -> None:
        raise AssertionError("this endpoint has no registry")

    def delete_value(self, key: str, name: str, view: int = 64) -> None:
        raise AssertionError("this endpoint has no registry")

    def key_exists(self, key: str, view: int = 64) -> bool:
        return False


class Echo(WithoutRegistry):
    """An endpoint whose every command says what it was; `wait` makes it take until the event is set."""

    def __init__(self, name: str, profile: Profile) -> None:
        super().__init__(name, profile)
        self.wait: threading.Event | None = None
        self.closed = False

    def run(self, line: str, stdin: bytes = b"") -> Completed:
        if self.wait:
            self.wait.wait(10)
        if line.startswith("repeat "):
            return Completed(0, b"o" * int(line.split()[1]), b"e" * int(line.split()[1]))
        if line == "crash":
            raise RuntimeError("the endpoint broke")
        return Completed(0xC0000005, f"{self.name}: {line}|".encode() + stdin, "ü".encode())

    def close(self) -> None:
        self.closed = True


def protocol(lab: Lab, name: str = NAME, transport: Any = "basic", **options: Any) -> Protocol:
    options = {
        "username": auth.USER,
        "password": auth.PASSWORD,
        "proxy": None,
        "ca_trust_path": None,
    } | options
    return Protocol(lab.url(name), transport=transport, **options)


def run(client: Protocol, *lines: str, codepage: int = 65001) -> list[tuple[bytes, bytes, int]]:
    """The lines one after the other in one shell, each closed properly."""
    shell = client.open_shell(codepage=codepage)
    results = []
    for line in lines:
        command = client.run_command(shell, line)
        results.append(client.get_command_output(shell, command))
        client.cleanup_command(shell, command)
    client.close_shell(shell)
    return results


def post(lab: Lab, body: bytes | str, name: str = NAME, **headers: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.post(
            lab.url(name), data=body, headers=headers, auth=(auth.USER, auth.PASSWORD), timeout=10
        )


def fault_code(answer: requests.Response) -> int:
    detail = ET.fromstring(answer.content).find(f".//{{{wsman.FAULT}}}WSManFault")
    assert detail is not None
    return int(detail.get("Code", "0"))
