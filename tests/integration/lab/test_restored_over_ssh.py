# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make windows` does over SSH to leave a machine as it was: in few connections, and a broken one is caught."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from windows_lab.profiles import Profile
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.sshd import ADDRESS, Sshd

from tests.integration.modules.contract import LAB, MACHINE, sz, winhttp, wininet
from tests.integration.site import ANTIVIRUS, DATA_COLLECTION, SYSTEM_CONNECTIONS
from tests.windows.before import Before, NotRestored
from tests.windows.remote import RemoteEndpoint
from tests.windows.sample import SERVER, sample

pytestmark = pytest.mark.simulated


class Shell:
    SHELL_FAMILY: ClassVar[str] = "cmd"


class Wire:
    """The ssh client; it sends no line with a certain text as it is."""

    transport = "ssh"
    _shell = Shell

    def __init__(self, sshd: Sshd, port: int) -> None:
        given = {name: str(value) for name, value in sshd.variables(port, "cmd").items()}
        words = shlex.split(f"{given['ansible_ssh_args']} {given['ansible_ssh_common_args']}")
        key, target = given["ansible_ssh_private_key_file"], f"{given['ansible_user']}@{ADDRESS}"
        self._client = ["ssh", "-o", "BatchMode=yes", *words, "-i", key, "-p", str(port), target]
        self.refused = "nothing at all"
        self.connections = 0

    def exec_command(self, cmd: str, in_data: Any = None) -> tuple[int, bytes, bytes]:
        self.connections += 1
        command = [*self._client, cmd.replace(self.refused, "none")]
        done = subprocess.run(command, input=in_data or b"", capture_output=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def close(self) -> None:
        """Each line has a connection of its own."""


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as started:
        yield started


@pytest.fixture
def endpoint() -> SimulatedEndpoint:
    return sample()


@pytest.fixture
def wire(sshd: Sshd, endpoint: SimulatedEndpoint) -> Wire:
    return Wire(sshd, sshd.serve(endpoint.run))


def scribbled(endpoint: SimulatedEndpoint, wire: Wire) -> Before:
    before = Before(RemoteEndpoint("remote", Profile("windows"), wire))
    endpoint.set_value(*SERVER[:2], "REG_DWORD", b"\1\0\0\0")
    endpoint.set_value(MACHINE, "WinHttpSettings", *winhttp("new.test:1"))
    endpoint.set_value(ANTIVIRUS, "ProxyServer", "REG_SZ", sz("http://a.test:1"))
    endpoint.set_value(SYSTEM_CONNECTIONS, "DefaultConnectionSettings", *wininet(3, "new.test:1"))
    endpoint.set_value(LAB, "name", "REG_SZ", sz("left"))
    return before


def test_all_is_put_back_and_exported_to_the_bytes_of_before(endpoint: SimulatedEndpoint, wire: Wire) -> None:
    before = scribbled(endpoint, wire)
    places = list(before.values)
    assert (DATA_COLLECTION, 64) in before.exported
    before.restore()
    assert before.moved == set()
    assert {place: endpoint.value(*place) for place in places} == before.values
    assert before.values[SERVER] == ("REG_SZ", sz("odd 'text' & more"))
    assert not endpoint.key_exists(LAB)
    assert not endpoint.key_exists(ANTIVIRUS)
    assert endpoint.files.names(r"C:\Users\lab\AppData\Local\Temp") == []
    # About 120 commands.
    assert wire.connections < 25


def test_what_was_not_put_back_is_said(endpoint: SimulatedEndpoint, wire: Wire) -> None:
    before = scribbled(endpoint, wire)
    wire.refused = "reg delete"
    with pytest.raises(NotRestored, match="not as it was before: .*Windows Defender.*Lab is still there"):
        before.restore()


def test_a_restore_that_writes_something_else_is_caught(endpoint: SimulatedEndpoint, wire: Wire) -> None:
    before = scribbled(endpoint, wire)
    before.values[SERVER] = ("REG_SZ", sz("odd 'text' & More"))
    with pytest.raises(NotRestored, match="DataCollection"):
        before.restore()
