# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fakes of ansible.windows: what they do to an endpoint, read past them, and that they say what they are."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from windows_lab.host import Host
from windows_lab.profiles import PROFILES
from windows_lab.simulated.endpoint import SimulatedEndpoint

KEY, PATH = r"HKLM\SOFTWARE\Mine", r"HKLM:\SOFTWARE\Mine"
SERVICE = r"HKLM\SYSTEM\CurrentControlSet\Services\DiagTrack"
BOOT_TIME = (
    "(Get-CimInstance -ClassName Win32_OperatingSystem -Property LastBootUpTime).LastBootUpTime.ToFileTime()"
)
SHUT_DOWN = r"$ErrorActionPreference = 'Continue'" + "\n" + r"C:\Windows\System32\shutdown.exe /r /t 2 /c 'now'"


@pytest.fixture
def endpoint() -> SimulatedEndpoint:
    return SimulatedEndpoint("w1", PROFILES["clean"])


def powershell(script: str) -> str:
    return f"PowerShell -NoProfile -EncodedCommand {base64.b64encode(script.encode('utf-16-le')).decode()}"


def payload(name: str, options: dict[str, Any], *, old: bool = False, around: tuple[str, ...] = ()) -> bytes:
    """The standard input of Ansible's wrapper, as ansible-core 2.18 or a later one writes it."""
    arguments = {"_ansible_module_name": name, "_ansible_check_mode": options.pop("check", False), **options}
    actions = [*(wrapper.removesuffix(".ps1") for wrapper in around), "module_powershell_wrapper"]
    manifest: dict[str, Any] = {"actions": actions, "module_args": arguments, "environment": {}}
    if not old:
        variables = [{"Name": "complex_args", "Value": arguments, "Scope": "Global"}]
        module = {"name": "module_wrapper.ps1", "params": {"Environment": {}, "Variables": variables}}
        manifest = {"actions": [*({"name": wrapper} for wrapper in around), module]}
    return b"{}\n\0\0\0\0\n" + json.dumps(manifest).encode()


def run(endpoint: SimulatedEndpoint, module: str, **options: Any) -> dict[str, Any]:
    done = Host(endpoint).command(powershell("the wrapper"), payload(f"ansible.windows.{module}", options))
    result: dict[str, Any] = json.loads(done.stdout)
    assert done.rc == int(result.get("failed", False))
    return result


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("name", ["ansible.windows.win_ping", "ansible.legacy.ping"])
def test_a_call_is_read_as_each_ansible_core_writes_it(endpoint, old: bool, name: str) -> None:
    done = Host(endpoint).script("the wrapper", payload(name, {"data": "here"}, old=old))
    assert json.loads(done.stdout)["ping"] == "here"
    assert "fake" in json.loads(done.stdout)["windows_lab"]


@pytest.mark.parametrize(
    ("type_", "data", "held"),
    [
        ("string", "ü", ("REG_SZ", "ü\0".encode("utf-16-le"))),
        ("expandstring", "%x%", ("REG_EXPAND_SZ", "%x%\0".encode("utf-16-le"))),
        ("multistring", ["a", "b"], ("REG_MULTI_SZ", "a\0b\0\0".encode("utf-16-le"))),
        ("dword", "0xffffffff", ("REG_DWORD", b"\xff\xff\xff\xff")),
        ("qword", 1, ("REG_QWORD", b"\1\0\0\0\0\0\0\0")),
        ("binary", "hex:be,ef", ("REG_BINARY", b"\xbe\xef")),
        ("none", None, ("REG_NONE", b"")),
    ],
)
def test_win_regedit_writes_once(endpoint, type_: str, data: Any, held: tuple[str, bytes]) -> None:
    options = {"path": PATH, "name": "V", "type": type_, "data": data}
    assert run(endpoint, "win_regedit", **options, check=True)["changed"]
    assert not endpoint.key_exists(KEY)
    assert run(endpoint, "win_regedit", **options)["changed"]
    assert endpoint.value(KEY, "V") == held
    assert not run(endpoint, "win_regedit", **options)["changed"]


@pytest.mark.parametrize(
    "options",
    [{"type": "dword", "data": "many"}, {"type": "word", "data": 1}, {"type": "binary", "data": 999}, {"state": "?"}],
)
def test_win_regedit_takes_no_wrong_value(endpoint, options: dict[str, Any]) -> None:
    assert "wrong" in run(endpoint, "win_regedit", path=PATH, name="V", **options)["msg"]
    assert not endpoint.key_exists(KEY)


def test_win_regedit_deletes_a_value_or_its_key(endpoint) -> None:
    for name in ("A", "B"):
        endpoint.set_value(KEY, name, "REG_DWORD", b"\1\0\0\0")
    assert run(endpoint, "win_regedit", path=PATH, name="A", state="absent")["changed"]
    assert endpoint.value(KEY, "A") is None
    assert endpoint.value(KEY, "B") == ("REG_DWORD", b"\1\0\0\0")
    assert run(endpoint, "win_regedit", path=PATH, state="absent")["changed"]
    assert not endpoint.key_exists(KEY)
    assert not run(endpoint, "win_regedit", path=PATH, state="absent")["changed"]


def test_win_regedit_says_what_was_different(endpoint) -> None:
    endpoint.set_value(KEY, "V", "REG_SZ", "1\0".encode("utf-16-le"))
    result = run(endpoint, "win_regedit", path=PATH, name="V", type="expandstring", data="1")
    assert (result["changed"], result["data_type_changed"], result["data_changed"]) == (True, True, False)


def test_win_reg_stat_shows_what_is_there(endpoint) -> None:
    endpoint.set_value(KEY, "V", "REG_DWORD", b"\5\0\0\0")
    assert run(endpoint, "win_reg_stat", path=PATH, name="v") | {"exists": True, "value": 5, "type": "REG_DWORD"} == (
        run(endpoint, "win_reg_stat", path=PATH, name="v")
    )
    assert list(run(endpoint, "win_reg_stat", path=PATH)["properties"]) == ["V"]
    assert not run(endpoint, "win_reg_stat", path=PATH, name="w")["exists"]


def test_win_service_is_what_sc_sees(endpoint) -> None:
    wanted = {"name": "DiagTrack", "state": "stopped", "start_mode": "disabled"}
    assert run(endpoint, "win_service", **wanted)["state"] == "stopped"
    assert b"STOPPED" in endpoint.run("sc query DiagTrack").stdout
    assert endpoint.value(SERVICE, "Start") == ("REG_DWORD", b"\4\0\0\0")
    assert not run(endpoint, "win_service", **wanted)["changed"]
    assert "disabled" in run(endpoint, "win_service", name="DiagTrack", state="started")["msg"]
    assert run(endpoint, "win_service", name="DiagTrack", state="started", start_mode="auto")["changed"]
    assert b"RUNNING" in endpoint.run("sc query DiagTrack").stdout


def test_win_service_lets_a_disabled_service_run_on_until_windows_starts_again(endpoint) -> None:
    run(endpoint, "win_service", name="DiagTrack", start_mode="disabled")
    assert b"RUNNING" in endpoint.run("sc query DiagTrack").stdout
    endpoint.restart()
    assert b"STOPPED" in endpoint.run("sc query DiagTrack").stdout


@pytest.mark.parametrize("name", ["Sense", "WinHttpAutoProxySvc"])
def test_nobody_stops_what_windows_protects(endpoint, name: str) -> None:
    assert run(endpoint, "win_service", name=name, state="stopped")["failed"]
    assert b"RUNNING" in endpoint.run(f"sc query {name}").stdout


def test_win_command_runs_a_program_and_no_command_of_cmd(endpoint) -> None:
    write = run(endpoint, "win_command", _raw_params=r"reg add HKLM\SOFTWARE\Mine /v V /d x")
    assert (write["rc"], write["changed"]) == (0, True)
    assert endpoint.value(KEY, "V") == ("REG_SZ", "x\0".encode("utf-16-le"))
    assert run(endpoint, "win_command", argv=["reg", "query", KEY, "/v", "W"])["rc"] == 1
    assert run(endpoint, "win_command", cmd="echo x")["rc"] == 2
    assert "not modelled" in run(endpoint, "win_command", cmd="ipconfig /all")["stderr"]


def test_win_command_looks_at_files_first_and_does_nothing_in_check_mode(endpoint) -> None:
    endpoint.files.write(r"C:\Windows\there", b"")
    for options in ({"creates": r"C:\Windows\there"}, {"removes": r"C:\Windows\gone"}, {"check": True}):
        skipped = run(endpoint, "win_command", _raw_params=r"reg add HKLM\SOFTWARE\Mine", **options)
        assert skipped["skipped"]
    assert not endpoint.key_exists(KEY)


def test_setup_has_the_facts_that_roles_ask_for(endpoint) -> None:
    facts = run(endpoint, "setup")["ansible_facts"]
    assert (facts["ansible_os_family"], facts["ansible_hostname"]) == ("Windows", "W1")


def test_a_restart_ends_what_was_started(endpoint) -> None:
    host = Host(endpoint)
    before = host.command(powershell(BOOT_TIME)).stdout
    assert host.command(powershell(BOOT_TIME)).stdout == before
    run(endpoint, "win_service", name="DiagTrack", state="stopped")
    assert json.loads(host.command(powershell(SHUT_DOWN)).stdout)["rc"] == 0
    assert host.command(powershell(BOOT_TIME)).stdout != before
    assert b"RUNNING" in endpoint.run("sc query DiagTrack").stdout


@pytest.mark.parametrize("options", [{"name": "X", "path": "x.exe"}, {"name": "DiagTrack", "state": "absent"}])
def test_what_a_fake_does_not_do_is_said(endpoint, options: dict[str, str]) -> None:
    result = run(endpoint, "win_service", **options)
    assert result["failed"]
    assert "not modelled" in result["msg"]


@pytest.mark.parametrize("name", ["ansible.windows.win_shell", "community.windows.win_ping", "chocolatey.win_setup"])
def test_any_other_module_hears_that_no_powershell_runs(endpoint, name: str) -> None:
    done = Host(endpoint).command(powershell("the wrapper"), payload(name, {}))
    assert done.rc == 1
    assert "runs no PowerShell modules" in json.loads(done.stdout)["msg"]


@pytest.mark.parametrize("old", [False, True])
def test_become_around_a_module_is_not_modelled(endpoint, old: bool) -> None:
    stdin = payload("ansible.windows.win_ping", {}, old=old, around=("become_wrapper.ps1",))
    assert json.loads(Host(endpoint).command(powershell("x"), stdin).stdout)["msg"].endswith("become is not modelled")


def test_without_rights_or_powershell_nothing_is_written() -> None:
    denied = SimulatedEndpoint("w1", PROFILES["denied"])
    assert "denied" in run(denied, "win_regedit", path=PATH, name="V", data="x")["msg"]
    assert not denied.key_exists(KEY)
    hardened = SimulatedEndpoint("w1", PROFILES["hardened"])
    done = Host(hardened).command(powershell("the wrapper"), payload("ansible.windows.win_ping", {}))
    assert (done.rc, done.stdout) == (1, b"")
