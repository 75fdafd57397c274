# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab's WinRM front answers to what it can't take, and how it drops connections."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest
import requests
from windows_lab import wsman
from windows_lab.lab import Lab
from windows_lab.profiles import PROFILES
from winrm.exceptions import (
    WSManFaultError,
)

from tests.integration.lab.lab_client import (
    NAME,
    Echo,
    fault_code,
    post,
    protocol,
    run,
)

pytestmark = pytest.mark.simulated


@pytest.fixture(name="lab", scope="module")
def fixture_lab() -> Iterator[Lab]:
    with Lab(Echo, profiles={"clean": 2, "german": 1, "hardened": 1, "flaky": 1}) as lab:
        yield lab


@pytest.fixture(autouse=True)
def fixture_fresh_accounts(lab: Lab) -> None:
    lab.reset_accounts()
    lab.drop_connection(NAME, None)


@pytest.mark.parametrize(
    "body",
    [
        b"no XML at all",
        b"<?xml version='1.0' encoding='no-such'?><a/>",
        b"<a/>",
        b"\xff\xfe\x00",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        f'<s:Envelope xmlns:s="{wsman.SOAP}"><s:Header/></s:Envelope>'.encode(),
    ],
)
def test_what_is_no_envelope_gets_a_fault(lab: Lab, body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    answer = post(lab, body)
    assert answer.status_code == 500
    assert fault_code(answer) == 0x80338041
    assert caplog.records == []


def envelope(action: str, *, resource: str = wsman.CMD_SHELL, shell: str = "", body: str = "") -> str:
    selector = f'<w:SelectorSet><w:Selector Name="ShellId">{shell}</w:Selector></w:SelectorSet>'
    return (
        f'<s:Envelope xmlns:s="{wsman.SOAP}" xmlns:a="{wsman.ADDRESSING}" xmlns:w="{wsman.WSMAN}" '
        f'xmlns:rsp="{wsman.SHELL}"><s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:1&amp;2</a:MessageID>'
        f"<w:ResourceURI>{resource}</w:ResourceURI>{selector if shell else ''}</s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (envelope("http://example/None"), 0x80338001),
        (envelope(""), 0x80338001),
        (envelope(wsman.CREATE, resource="http://example/none"), 0x80338000),
        (envelope(wsman.COMMAND, shell="none"), 0x8033805B),
        (envelope(wsman.DELETE), 0x8033805B),
    ],
)
def test_what_the_service_does_not_know_gets_its_fault(lab: Lab, message: str, code: int) -> None:
    answer = post(lab, message)
    assert answer.status_code == 500
    assert fault_code(answer) == code
    assert ET.fromstring(answer.content).findtext(f".//{{{wsman.ADDRESSING}}}RelatesTo") == "uuid:1&2"


def test_a_command_that_is_gone_gets_a_fault(lab: Lab) -> None:
    client = protocol(lab)
    shell = client.open_shell()
    command = client.run_command(shell, "ver")
    client.cleanup_command(shell, command)
    with pytest.raises(WSManFaultError) as error:
        client.get_command_output(shell, command)
    assert error.value.wsman_fault_code == 0x57
    client.close_shell(shell)


def test_a_shell_belongs_to_its_endpoint(lab: Lab) -> None:
    shell = protocol(lab).open_shell()
    with pytest.raises(WSManFaultError) as error:
        protocol(lab, "clean-2").run_command(shell, "ver")
    assert error.value.wsman_fault_code == 0x8033805B


def test_an_endpoint_that_breaks_gives_a_fault(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(WSManFaultError, match="the endpoint broke"):
        run(protocol(lab), "crash")
    assert "clean-1" in caplog.text


def test_identify_needs_no_credentials(lab: Lab) -> None:
    question = f'<i:Identify xmlns:i="{wsman.IDENTITY}"/>'
    body = f'<s:Envelope xmlns:s="{wsman.SOAP}"><s:Body>{question}</s:Body></s:Envelope>'
    with requests.Session() as session:
        session.trust_env = False
        headers = {"WSMANIDENTIFY": "unauthenticated"}
        answer = session.post(lab.url(NAME), data=body, headers=headers, timeout=10)
        sneaked = session.post(lab.url(NAME), data=envelope(wsman.CREATE), headers=headers, timeout=10)
    assert b"Microsoft Corporation" in answer.content
    assert (sneaked.status_code, fault_code(sneaked)) == (500, 5)


def test_the_connection_drops_without_an_answer(lab: Lab) -> None:
    lab.drop_connection(NAME, 3)
    with pytest.raises(requests.ConnectionError):
        run(protocol(lab), "ver")
    assert lab.account(NAME).commands == []
    assert lab.account(NAME).requests == 3


def test_the_connection_drops_after_the_command_ran(lab: Lab) -> None:
    with pytest.raises(requests.ConnectionError):
        run(protocol(lab, "flaky-1"), "read", "write")
    assert lab.account("flaky-1").commands == ["read", "write"]
    assert lab.account("flaky-1").requests == PROFILES["flaky"].drop_request


def test_what_is_not_the_service_is_not_found(lab: Lab) -> None:
    with requests.Session() as session:
        session.trust_env = False
        base = f"http://127.0.0.1:{lab.ports[NAME]}"
        assert session.post(f"{base}/", timeout=10).status_code == 404
        assert session.post(f"{base}/none/wsman", timeout=10).status_code == 404
        assert session.get(f"{base}/wsman", timeout=10).status_code == 405
