# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's WinRM front, met by pywinrm and pypsrp, with an endpoint behind it that only echoes."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator

import pytest
import requests
from pypsrp.client import Client
from windows_lab import auth, launcher
from windows_lab.host import Host
from windows_lab.lab import Lab
from windows_lab.profiles import PROFILES
from winrm.exceptions import (
    InvalidCredentialsError,
    WinRMOperationTimeoutError,
    WinRMTransportError,
    WSManFaultError,
)

from tests.integration.lab.lab_client import (
    BASIC_REQUESTS,
    NAME,
    NTLM_REQUESTS,
    Echo,
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
    ("transport", "encryption", "count"),
    [("basic", "auto", 5), ("ntlm", "auto", 8), ("ntlm", "always", 8), ("ntlm", "never", 7)],
)
def test_pywinrm_runs_a_command(lab: Lab, transport: str, encryption: str, count: int) -> None:
    client = protocol(lab, transport=transport, message_encryption=encryption)
    assert run(client, 'reg query "HKLM\\Ä" & ver') == [
        ('clean-1: reg query "HKLM\\Ä" & ver|'.encode(), "ü".encode(), 0xC0000005)
    ]
    account = lab.account(NAME)
    assert account.commands == ['reg query "HKLM\\Ä" & ver']
    assert account.requests == count
    assert lab.account("clean-2").requests == 0, "each endpoint has an account of its own"


@pytest.mark.parametrize("authentication", ["basic", "ntlm", "negotiate"])
def test_pypsrp_runs_a_command(lab: Lab, authentication: str) -> None:
    encryption = "never" if authentication == "basic" else "always"
    with Client(
        "127.0.0.1",
        port=lab.ports[NAME],
        username=auth.USER,
        password=auth.PASSWORD,
        ssl=False,
        auth=authentication,
        encryption=encryption,
        no_proxy=True,
    ) as client:
        stdout, stderr, code = client.execute_cmd("ver", encoding="utf-8")
    assert (stdout, stderr) == ("clean-1: ver|", "ü")
    assert code & 0xFFFFFFFF == 0xC0000005


def test_n_commands_cost_2_plus_3n_requests(lab: Lab) -> None:
    run(protocol(lab), "one", "two", "three")
    assert lab.account(NAME).requests == 2 + 3 * 3
    assert lab.account(NAME).commands == ["one", "two", "three"]


def test_a_command_that_has_ended_is_acknowledged_before_the_next(lab: Lab) -> None:
    client = protocol(lab)
    shell = client.open_shell()
    first = client.run_command(shell, "one")
    client.get_command_output(shell, first)
    with pytest.raises(WSManFaultError, match="has not been acknowledged"):
        client.run_command(shell, "two")
    client.cleanup_command(shell, first)
    client.run_command(shell, "two")
    client.close_shell(shell)


def test_bytes_are_those_on_the_wire(lab: Lab) -> None:
    answer = post(lab, b"x" * 1000, **{"Content-Type": "application/soap+xml"})
    account = lab.account(NAME)
    sent = answer.request
    head = f"POST /wsman HTTP/1.1\r\nHost: 127.0.0.1:{lab.ports[NAME]}\r\n\r\n"
    assert (
        account.bytes_in == len(head) + sum(len(k) + len(str(v)) + 4 for k, v in sent.headers.items()) + 1000
    )
    head = f"HTTP/1.1 {answer.status_code} {answer.reason}\r\n\r\n"
    received = sum(len(k) + len(v) + 4 for k, v in answer.headers.items())
    assert account.bytes_out == len(head) + received + len(answer.content)


def test_standard_input_costs_one_more_request(lab: Lab) -> None:
    client = protocol(lab, transport="ntlm")
    shell = client.open_shell()
    command = client.run_command(shell, "more", console_mode_stdin=False)
    client.send_command_input(shell, command, b"a\x00\xff", end=True)
    assert client.get_command_output(shell, command)[0] == b"clean-1: more|a\x00\xff"
    client.cleanup_command(shell, command)
    client.close_shell(shell)
    assert lab.account(NAME).requests == BASIC_REQUESTS + 1 + NTLM_REQUESTS


def test_a_command_starts_with_the_first_receive(lab: Lab) -> None:
    client = protocol(lab)
    shell = client.open_shell()
    command = client.run_command(shell, "ver")
    assert lab.account(NAME).commands == []
    client.get_command_output(shell, command)
    assert lab.account(NAME).commands == ["ver"]
    client.close_shell(shell)


def test_a_receive_with_nothing_to_give_is_a_timeout_fault(lab: Lab) -> None:
    endpoint = lab.endpoints[NAME]
    assert isinstance(endpoint, Echo)
    client = protocol(lab, operation_timeout_sec=1)
    shell = client.open_shell()
    command = client.run_command(shell, "ver")
    endpoint.wait = threading.Event()
    try:
        with pytest.raises(WinRMOperationTimeoutError):
            client.get_command_output_raw(shell, command)
        endpoint.wait.set()
        assert client.get_command_output(shell, command)[0] == b"clean-1: ver|"
    finally:
        endpoint.wait.set()
        endpoint.wait = None
    assert lab.account(NAME).commands == ["ver"], "asking again does not run it again"
    client.close_shell(shell)


@pytest.mark.parametrize("size", [0, 1, 100_000, 500_000])
def test_long_output_comes_in_several_receives(lab: Lab, size: int) -> None:
    assert run(protocol(lab), f"repeat {size}") == [(b"o" * size, b"e" * size, 0)]


@pytest.mark.parametrize("transport", ["basic", "ntlm"])
@pytest.mark.parametrize(
    ("user", "password"), [("lab", "wrong"), ("other", "lab-password"), ("LAB\\lab", "x")]
)
def test_wrong_credentials_are_refused(lab: Lab, transport: str, user: str, password: str) -> None:
    client = protocol(lab, transport=transport, username=user, password=password)
    with pytest.raises(InvalidCredentialsError):
        client.open_shell()
    assert lab.account(NAME).commands == []


def test_no_credentials_are_told_what_there_is(lab: Lab) -> None:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(lab.url(NAME), data=b"", timeout=10)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Negotiate, Basic realm="WSMAN"'


@pytest.mark.parametrize(
    "header", ["Basic %%%", "Negotiate %%%", "Negotiate TlRMTVNTUAA=", "Kerberos abc", "x"]
)
def test_broken_credentials_are_refused(lab: Lab, header: str) -> None:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(lab.url(NAME), data=b"", headers={"Authorization": header}, timeout=10)
    assert answer.status_code == 401


def test_ntlm_holds_for_one_connection_only(lab: Lab) -> None:
    client = protocol(lab, transport="ntlm")
    shell = client.open_shell()
    assert client.transport.session is not None
    client.transport.session.close()
    # The new connection authenticates anew, but the message was encrypted for the old one.
    with pytest.raises(WinRMTransportError) as error:
        client.run_command(shell, "ver")
    assert error.value.code == 400


@pytest.mark.parametrize(("length", "refused"), [(8191, False), (8192, True)])
@pytest.mark.parametrize(
    ("name", "said"), [(NAME, b"The command line is too long."), ("german-1", b"zu lang.")]
)
def test_a_command_line_over_8191_characters_is_refused(
    lab: Lab, name: str, said: bytes, length: int, refused: bool
) -> None:
    line = "x" * (length - len("cmd.exe /c "))
    ((stdout, stderr, code),) = run(protocol(lab, name), line)
    account = lab.account(name)
    if refused:
        assert (stdout, code) == (b"", 1)
        assert said in stderr
        assert (account.commands, len(account.refused)) == ([], 1)
    else:
        assert (account.commands, account.refused) == ([line], [])


def encoded(script: str) -> str:
    text = base64.b64encode(script.encode("utf-16-le")).decode()
    return f"PowerShell -NoProfile -NonInteractive -ExecutionPolicy Unrestricted -EncodedCommand {text}"


def test_the_launcher_is_unwrapped(lab: Lab) -> None:
    script = "& cmd.exe /d /s /c 'echo it''s \"<a|b>\" %^errorlevel%'; exit $LASTEXITCODE"
    ((stdout, stderr, code),) = run(protocol(lab), encoded(script))
    assert lab.account(NAME).commands == ['echo it\'s "<a|b>" %^errorlevel%']
    assert stdout.startswith(b"clean-1: echo it's")
    assert stderr.startswith(b"#< CLIXML\r\n"), "PowerShell's noise is part of the picture"
    assert code == 0xC0000005


@pytest.mark.parametrize(
    "script",
    [
        "Get-Service",
        "& cmd.exe /d /s /c 'ver'",
        "& cmd.exe /d /s /c 'ver'; exit $LASTEXITCODE; Get-Service",
        "& cmd.exe /d /s /c 'ver'; Get-Service; ''; exit $LASTEXITCODE",
        " ",
    ],
)
def test_any_other_script_is_refused(lab: Lab, script: str) -> None:
    ((stdout, stderr, code),) = run(protocol(lab), encoded(script))
    assert (stdout, code) == (b"", 1)
    assert b"There is no PowerShell on the lab's endpoints." in stderr
    assert lab.account(NAME).commands == []
    assert len(lab.account(NAME).refused) == 1


@pytest.mark.parametrize("line", ["powershell", "C:\\x\\powershell.exe -File x.ps1", "PowerShell -enc a"])
def test_powershell_takes_nothing_but_an_encoded_command(lab: Lab, line: str) -> None:
    ((_stdout, stderr, code),) = run(protocol(lab), line)
    assert code == 1
    assert b"-EncodedCommand" in stderr


def test_a_hardened_endpoint_blocks_powershell_and_runs_cmd(lab: Lab) -> None:
    script = encoded("& cmd.exe /d /s /c 'ver'; exit $LASTEXITCODE")
    blocked, runs = run(protocol(lab, "hardened-1"), script, "ver")
    assert blocked[1].startswith(b"This program is blocked by group policy.")
    assert blocked[2] == 1
    assert runs[0] == b"hardened-1: ver|"


class Stubbed(Echo):
    stubs = frozenset({"where", "netsh"})


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("where cmd", True),
        ("ver&C:\\Windows\\System32\\WHERE.exe cmd", True),
        ("echo x & call netsh winhttp show proxy", True),
        ("for /f %S in ('ver') do @netsh winhttp", True),
        ('reg add "HKLM\\a & where b" /v where /f', False),
        ("echo where netsh", False),
    ],
)
def test_a_program_that_only_pretends_is_refused(line: str, refused: bool) -> None:
    host = Host(Stubbed(NAME, PROFILES["clean"]))
    done = host.command(line)
    assert (done.rc == launcher.NOT_FOUND) is refused
    assert bool(host.account.refused) is refused
    assert bool(host.account.commands) is not refused


def test_both_limits_hold_for_the_launcher() -> None:
    endpoint = Echo(NAME, PROFILES["clean"])
    script = "& cmd.exe /d /s /c '{}'; exit $LASTEXITCODE"
    longest = "x" * (launcher.LIMIT - len("cmd.exe /d /s /c "))
    assert launcher.line_of_script(endpoint, script.format(longest)) == longest
    with pytest.raises(launcher.Refused, match="too long"):
        launcher.line_of_script(endpoint, script.format(longest + "x"))
    with pytest.raises(launcher.Refused, match="too long"):
        launcher.line_of_command(endpoint, encoded(script.format("x" * 3500)))
