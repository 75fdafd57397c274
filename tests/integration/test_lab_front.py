# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's WinRM front, met by pywinrm and pypsrp, with an endpoint behind it that only echoes."""

from __future__ import annotations

import base64
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests
import yaml
from pypsrp.client import Client
from winrm.exceptions import (
    InvalidCredentialsError,
    WinRMOperationTimeoutError,
    WinRMTransportError,
    WSManFaultError,
)
from winrm.protocol import Protocol

from tests.lab import auth, launcher, wsman
from tests.lab.backend import Backend, Completed
from tests.lab.host import Host
from tests.lab.lab import PORTS, Lab, LabError, named_profiles
from tests.lab.profiles import PROFILES, Profile

pytestmark = pytest.mark.simulated

NAME = "clean-1"
ROOT = Path(__file__).parents[2]
BASIC_REQUESTS = 5
NTLM_REQUESTS = 3


class Echo(Backend):
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

    def value(self, key: str, name: str, view: int = 64) -> tuple[str, bytes] | None:
        return None

    def set_value(self, key: str, name: str, type_: str, data: bytes, view: int = 64) -> None:
        raise NotImplementedError

    def delete_value(self, key: str, name: str, view: int = 64) -> None:
        raise NotImplementedError

    def key_exists(self, key: str, view: int = 64) -> bool:
        return False

    def close(self) -> None:
        self.closed = True


@pytest.fixture(name="lab", scope="module")
def fixture_lab() -> Iterator[Lab]:
    with Lab(Echo, profiles={"clean": 2, "german": 1, "hardened": 1, "flaky": 1}) as lab:
        yield lab


@pytest.fixture(autouse=True)
def fixture_fresh_accounts(lab: Lab) -> None:
    lab.reset_accounts()
    lab.drop_connection(NAME, None)


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


def test_many_endpoints_share_a_port_and_are_closed() -> None:
    with Lab(Echo, PORTS + 1) as lab:
        assert len(set(lab.ports.values())) == 1
        assert run(protocol(lab, "clean-65"), "ver")[0][0] == b"clean-65: ver|"
        assert lab.account("clean-65").requests == BASIC_REQUESTS
        endpoints = list(lab.endpoints.values())
    assert all(isinstance(endpoint, Echo) and endpoint.closed for endpoint in endpoints)


def test_the_round_trip_time_is_added_to_each_request() -> None:
    with Lab(Echo, rtt_ms=40) as lab:
        assert post(lab, b"x").elapsed.total_seconds() >= 0.04


def test_profiles_make_the_names() -> None:
    assert list(named_profiles(None, None)) == ["clean-1"]
    assert list(named_profiles(None, {"german": 2})) == ["german-1", "german-2"]
    assert list(named_profiles(3, {"german": 1})) == ["german-1", "clean-1", "clean-2"]
    assert list(named_profiles(None, {Profile("own"): 1})) == ["own-1"]
    with pytest.raises(LabError, match="no profile none"):
        named_profiles(None, {"none": 1})
    with pytest.raises(LabError, match="2 endpoints"):
        named_profiles(1, {"german": 2})


def command_line(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.lab", "up", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )


def test_the_command_line_hands_over_the_inventory_and_the_exit_code(tmp_path: Path) -> None:
    program = "import os; print(os.environ['LAB_INVENTORY'], os.environ['NO_PROXY']); raise SystemExit(7)"
    file = tmp_path / "lab.yml"
    done = command_line(
        *("--profile", "german:2", "blob28", "--inventory", str(file), "--connection", "psrp"),
        *("--transport", "ntlm", "--", sys.executable, "-c", program),
    )
    assert done.returncode == 7
    assert done.stdout.split()[0] == str(file)
    assert "127.0.0.1" in done.stdout.split()[1]
    inventory = yaml.safe_load(file.read_text())["windows"]
    assert list(inventory["hosts"]) == ["german-1", "german-2", "blob28-1"]
    assert inventory["hosts"]["german-1"]["lab_profile"] == "german"
    assert inventory["vars"]["ansible_connection"] == "ansible.builtin.psrp"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--profile", "none"), "no profile 'none'"),
        (("--profile", "clean:x"), "'x' is no number"),
        (("--endpoints", "0"), "0 were asked for"),
    ],
)
def test_the_command_line_says_what_is_wrong(arguments: tuple[str, ...], said: str) -> None:
    done = command_line(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_lab_without_a_command_stays_until_it_is_interrupted(number: signal.Signals) -> None:
    lab = subprocess.Popen(
        [sys.executable, "-m", "tests.lab", "up", "--endpoints", "9"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert lab.stdout is not None
    said = [lab.stdout.readline() for _ in range(5)]
    inventory = Path(said[1].removeprefix("Inventory: ").strip())
    assert said[0].startswith("9 endpoints up: clean-1, ")
    assert list(yaml.safe_load(inventory.read_text())["windows"]["hosts"])[-1] == "clean-9"
    assert f"ansible-playbook -i {inventory} mde.connectivity.site" in said[3]
    lab.send_signal(number)
    _, errors = lab.communicate(timeout=20)
    assert (lab.returncode, errors) == (0, "")
    assert not inventory.exists()


def test_a_command_that_is_not_there_ends_the_lab() -> None:
    done = command_line("--", "/no/such/program")
    assert done.returncode == 127
    assert "/no/such/program" in done.stderr
