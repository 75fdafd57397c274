# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other tools get wrong about results, transports and hardened hosts: traps 15 to 26, each by its number.

Traps 16 and 17 (the prediction is the result, twice) are the contract of test_modules.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from windows_lab.profiles import PROFILES, Profile

from tests.integration.site import CONNECTIONS, DATA_COLLECTION, DIRECT, Site, named, sz, task, wininet

Simulated = Callable[..., Site]
SECRET = "S3cr3t-Pass"
WINHTTP = {"proxy": "p.test:1", "bypass": ["<local>"]}


@pytest.mark.simulated
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("winhttp_proxy", WINHTTP),
        ("datacollection_proxy", {"server": "p.test:1"}),
        ("antivirus_proxy", {"proxy": "http://p.test:1"}),
        ("wpad", {"state": "disabled"}),
    ],
)
def test_trap_15_check_mode_needs_no_right_to_write(
    simulated: Simulated, name: str, options: dict[str, Any]
) -> None:
    site = simulated("denied")
    checked = site.module(name, options, arguments=["--check"])
    assert checked["changed"]
    assert site.endpoint.writes == []
    refused = site.run(task(name, options, ignore_errors=True)).one()
    assert "denied" in refused["msg"]
    assert (refused["rolled_back"], refused["unknown"], refused["changed"]) == (True, False, False)
    assert refused["expected"] == checked["after"]
    assert refused["observed"] == refused["before"] == refused["after"]
    assert "ansible_facts" not in refused
    assert site.endpoint.writes == []


@pytest.mark.simulated
def test_trap_15_what_a_reader_may_not_see_is_not_taken_for_absent(simulated: Simulated) -> None:
    site = simulated("denied")
    run = site.run(task("wpad", {"state": "enabled", "scope": ["local_service"]}, ignore_errors=True))
    message = run.one()["msg"]
    assert "local_service can't be read" in message
    assert "denied" in message
    info = site.module("endpoint_info", {})
    assert info["wininet"]["local_service"]["readable"] is False
    assert info["wininet"]["system"]["readable"] is True


BAD_PROXIES = [f"user:{SECRET}@p.test:1", f"http=user:{SECRET}@p.test:1", f"http://user:{SECRET}@p.test:1"]


def test_trap_18_credentials_are_refused_and_not_echoed(site: Site) -> None:
    tasks = [task("winhttp_proxy", {"proxy": bad}, ignore_errors=True) for bad in BAD_PROXIES]
    tasks.append(task("datacollection_proxy", {"server": BAD_PROXIES[0]}, ignore_errors=True))
    tasks.append(task("winhttp_proxy", {"proxy": "p:1", "bypass": BAD_PROXIES[0]}, ignore_errors=True))
    run = site.run(*tasks, arguments=["--diff", "-vvv"])
    assert [outcome.status for outcome in run.outcomes] == ["failed"] * len(tasks)
    assert SECRET not in run.output
    assert SECRET not in str(run.results())
    assert site.lab.account(site.name).requests == 0


def test_trap_18_credentials_found_on_the_endpoint_are_not_shown(site: Site) -> None:
    stored = named(f"http=user:{SECRET}@old.test:1", "<local>")
    site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", stored)
    site.endpoint.set_value(
        DATA_COLLECTION, "TelemetryProxyServer", "REG_SZ", sz(f"user:{SECRET}@old.test:1")
    )
    run = site.run(
        task("endpoint_info", {}),
        task("winhttp_proxy", WINHTTP),
        task("datacollection_proxy", {"server": "p.test:1"}),
        arguments=["--diff", "-v"],
    )
    assert [outcome.status for outcome in run.outcomes] == ["ok"] * 3
    for text in (run.output, str(run.results())):
        assert SECRET not in text
        assert SECRET.encode().hex() not in text
        assert sz(SECRET).hex()[:-4] not in text
    assert run.results()[0]["winhttp"]["native"]["proxy"] == "(withheld: 32 characters)"


@pytest.mark.simulated
def test_trap_19_nothing_we_say_looks_like_a_change_to_molecule(simulated: Simulated) -> None:
    site = simulated()
    tasks = [task("winhttp_proxy", WINHTTP), task("wpad", {"state": "enabled"}), task("endpoint_info", {})]
    site.run(*tasks)
    second = site.run(*tasks, arguments=["-vv", "--diff"])
    assert second.rc == 0
    assert re.search(r"changed=[1-9]", second.output) is None


def test_trap_20_no_line_is_over_the_limit_and_long_lists_arrive_whole(site: Site) -> None:
    bypass = [f"host{number:03}.{'x' * 20}.test" for number in range(60)]
    for connection in ("winrs", "winrm"):
        site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", DIRECT)
        run = site.run(
            task("winhttp_proxy", {"proxy": "p.test:1", "bypass": bypass}),
            task("endpoint_info", {}),
            connection=connection,
        )
        assert run.rc == 0, run.output
        assert run.results()[1]["winhttp"]["native"]["bypass"] == bypass
        assert site.winhttp()[2] == ";".join(bypass)
    assert site.lab.account(site.name).refused == []


@pytest.mark.simulated
@pytest.mark.parametrize("text", ["Jörg.Müller", "山田"])
def test_trap_20_names_in_any_script_survive_the_way(simulated: Simulated, text: str) -> None:
    site = simulated()
    profiles = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
    info = site.module("endpoint_info", {})
    sid = next(scope for scope in info["wininet"] if scope.endswith("-1001"))
    site.endpoint.set_value(
        rf"{profiles}\{sid}", "ProfileImagePath", "REG_EXPAND_SZ", sz(rf"C:\Users\{text}")
    )
    for connection in ("winrs", "winrm"):
        result = site.module("winhttp_import_ie", {"source": text}, connection=connection)
        assert result["after"]["winhttp"]["native"]["proxy"] == info["wininet"][sid]["proxy"]


@pytest.mark.simulated
@pytest.mark.parametrize(
    ("keyword", "value", "instead"),
    [
        ("become", True, "ansible_become"),
        ("environment", {"HTTPS_PROXY": "x"}, "environment"),
        ("async", 10, "forks"),
    ],
)
def test_trap_21_keywords_without_effect_are_refused(
    simulated: Simulated, keyword: str, value: object, instead: str
) -> None:
    site = simulated()
    extra = {
        keyword: value,
        **({"become_method": "runas", "become_user": "SYSTEM"} if keyword == "become" else {}),
    }
    result = site.run(task("winhttp_proxy", WINHTTP, **extra)).one()
    assert f"{keyword} " in result["msg"]
    assert "mde.connectivity.winhttp_proxy" in result["msg"]
    assert instead in result["msg"]
    assert site.endpoint.writes == []


@pytest.mark.simulated
@pytest.mark.parametrize("keyword", ["become", "environment"])
def test_trap_21_a_play_that_sets_them_is_refused_too(simulated: Simulated, keyword: str) -> None:
    site = simulated()
    play = {"become": True, "become_method": "runas"} if keyword == "become" else {"environment": {"A": "b"}}
    assert keyword in site.run(task("endpoint_info", {}), **play).one()["msg"]


@pytest.mark.simulated
def test_trap_22_a_netsh_that_says_ok_and_does_nothing_is_not_believed(simulated: Simulated) -> None:
    site = simulated("stubnetsh")
    result = site.run(task("winhttp_proxy", WINHTTP, ignore_errors=True)).one()
    assert "does not hold what was written" in result["msg"]
    assert result["expected"]["winhttp"]["native"]["proxy"] == "p.test:1"
    assert result["observed"]["winhttp"]["native"]["direct"] is True
    assert (result["rolled_back"], result["changed"]) == (True, False)


@pytest.mark.simulated
def test_trap_22_a_translated_windows_gives_the_same_results(simulated: Simulated) -> None:
    results = []
    for locale in ("en", "de", "ja"):
        site = simulated(Profile(f"in-{locale}", locale=locale))
        run = site.run(
            task("winhttp_proxy", WINHTTP), task("winhttp_proxy", WINHTTP), task("endpoint_info", {})
        )
        results.append(run.results())
    assert results[0] == results[1] == results[2]
    assert [result["changed"] for result in results[0]] == [True, False, False]


@pytest.mark.simulated
@pytest.mark.parametrize("after", [True, False])
def test_trap_23_a_connection_that_is_lost_after_the_write_leaves_unknown(
    simulated: Simulated, after: bool
) -> None:
    site = simulated(Profile("lost", drop_request=6, drop_after=after))
    lost, again = site.run(
        task("winhttp_proxy", WINHTTP, ignore_errors=True), task("winhttp_proxy", WINHTTP)
    ).results()
    assert "unknown" in lost["msg"]
    assert (lost["unknown"], lost["after"], lost["rolled_back"]) == (True, None, False)
    assert lost["snapshot"][0]["data"] == DIRECT.hex()
    assert again["changed"] is not after
    assert site.winhttp()[1] == "p.test:1"


@pytest.mark.simulated
@pytest.mark.parametrize("drop", [1, 2, 3])
def test_trap_23_a_connection_that_is_lost_before_the_write_is_never_ok(
    simulated: Simulated, drop: int
) -> None:
    site = simulated(Profile("lost", drop_request=drop))
    run = site.run(task("winhttp_proxy", WINHTTP))
    assert run.outcomes[0].status in ("failed", "unreachable")
    assert site.endpoint.writes == []


CONNECTIONS_OF_THE_LAB = [
    ("winrs", "basic"),
    ("winrs", "ntlm"),
    ("winrm", "basic"),
    ("winrm", "ntlm"),
    ("psrp", "basic"),
    ("psrp", "ntlm"),
    ("ssh_cmd", "basic"),
    ("ssh_powershell", "basic"),
]


@pytest.mark.simulated
@pytest.mark.parametrize(("connection", "transport"), CONNECTIONS_OF_THE_LAB)
def test_trap_24_every_connection_gives_the_same_result(
    simulated: Simulated, connection: str, transport: str
) -> None:
    tasks = [
        task("endpoint_proxy", {"winhttp_proxy": WINHTTP, "datacollection_proxy": {"server": "p.test:1"}}),
        task("antivirus_proxy", {"proxy": "http://p.test:1"}),
        task("wpad", {"state": "disabled", "scope": ["system", "all_users"]}),
        task("endpoint_info", {}),
    ]
    reference = simulated().run(*tasks).results()
    run = simulated().run(*tasks, connection=connection, transport=transport)
    assert run.rc == 0, run.output
    assert run.results() == reference


@pytest.mark.wine
@pytest.mark.parametrize("connection", ["winrm", "winrs"])
@pytest.mark.parametrize("transport", ["basic", "ntlm"])
def test_trap_24_winrs_and_winrm_on_wine(site: Site, connection: str, transport: str) -> None:
    one = task("endpoint_proxy", {"winhttp_proxy": WINHTTP, "datacollection_proxy": {"server": "p.test:1"}})
    first, second = site.run(one, one, connection=connection, transport=transport).results()
    assert (first["changed"], second["changed"]) == (True, False)
    assert site.winhttp()[1:] == ("p.test:1", "<local>")


@pytest.mark.simulated
def test_trap_24_a_host_that_is_not_windows_is_refused_by_name(simulated: Simulated) -> None:
    site = simulated()
    for name, options in (("endpoint_info", {}), ("winhttp_proxy", WINHTTP)):
        result = site.run(task(name, options), connection="winrs", vars={"ansible_connection": "local"}).one()
        assert "not reached as Windows: its connection is local" in result["msg"]


ALLOWED = re.compile(
    r"cd /d %SystemRoot%\\System32$|echo|call|reg|netsh|%SystemRoot%\\SysWOW64\\netsh\.exe|\(for|cmd\.exe|&"
    r'|\(del /f/q "%TEMP%|rd /s/q ("%TEMP%|\.\.\\mde)|if exist \.\.\\mde\.connectivity \(schtasks /delete'
)


@pytest.mark.simulated
def test_trap_25_nothing_but_native_commands_reaches_the_endpoint(simulated: Simulated) -> None:
    site = simulated("hardened")
    one = task("endpoint_proxy", {"winhttp_proxy": WINHTTP, "wpad": {"state": "disabled"}})
    for connection in ("winrs", "ssh_cmd"):
        run = site.run(one, task("endpoint_info", {}), connection=connection)
        assert run.rc == 0, run.output
    lines = site.lab.account(site.name).commands
    assert lines
    for line in lines:
        for part in re.split(r"(?<!>)&(?!\d)", line):
            assert ALLOWED.match(part), part


@pytest.mark.simulated
def test_trap_25_a_blocked_powershell_is_said_with_the_way_out(simulated: Simulated) -> None:
    site = simulated("hardened")
    result = site.run(task("endpoint_info", {}), connection="winrm").one()
    assert "PowerShell is blocked" in result["msg"]
    assert "mde.connectivity.winrs" in result["msg"]


@pytest.mark.simulated
def test_trap_26_a_reg_that_is_switched_off_is_said_as_what_it_is(simulated: Simulated) -> None:
    site = simulated("noreg")
    for name, options in (("endpoint_info", {}), ("winhttp_proxy", WINHTTP)):
        assert "DisableRegistryTools" in site.run(task(name, options)).one()["msg"]
    assert site.endpoint.writes == []


@pytest.mark.simulated
def test_a_policy_that_answers_at_once_is_put_back_and_said(simulated: Simulated) -> None:
    at_once = Profile("at-once", policy=PROFILES["policy"].policy, policy_at_once=True)
    site = simulated(at_once)
    result = site.run(task("datacollection_proxy", {"server": "ours.test:1"}, ignore_errors=True)).one()
    assert "does not hold what was written" in result["msg"]
    observed = result["observed"]["datacollection"]
    assert observed["telemetry_proxy_server"] == "policy.lab.test:8080"
    assert result["rolled_back"] is True
    assert site.endpoint.value(DATA_COLLECTION, "DisableEnterpriseAuthProxy") is None


@pytest.mark.simulated
def test_a_sign_in_between_read_and_write_does_not_undo_the_write(simulated: Simulated) -> None:
    site = simulated()
    run, settings = (
        site.endpoint.run,
        r"Software\Microsoft\Windows\CurrentVersion\Internet Settings\Connections",
    )
    lines: list[str] = []

    def run_and_sign_in(line: str, stdin: bytes = b"") -> Any:
        done = run(line, stdin)
        lines.append(line)
        key = rf"HKU\S-1-5-21-7-7-7-{1000 + len(lines)}\{settings}"
        site.endpoint.set_value(key, "DefaultConnectionSettings", "REG_BINARY", bytes(60))
        return done

    site.endpoint.run = run_and_sign_in  # type: ignore[method-assign]
    options = {"state": "enabled", "scope": ["all_users"], "manual_settings": "clear"}
    result = site.module("wpad", options)
    assert result["changed"]
    assert "msg" not in result
    # The list of hives, the hives of all people, and the write with its read-back.
    assert len(lines) == 3


@pytest.mark.simulated
def test_credentials_of_a_setting_that_is_rewritten_are_not_shown(simulated: Simulated) -> None:
    site = simulated()
    system = r"HKU\S-1-5-18\Software\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
    stored = wininet(1, f"http=user:{SECRET}@old.test:1")
    for name in ("DefaultConnectionSettings", "SavedLegacySettings"):
        site.endpoint.set_value(system, name, "REG_BINARY", stored)
    run = site.run(task("wpad", {"state": "enabled"}), arguments=["--diff", "-vv"])
    assert run.one()["changed"]
    for text in (run.output, str(run.results())):
        assert SECRET not in text
        assert SECRET.encode().hex() not in text.lower()
    on = wininet(3, f"user:{SECRET}@old.test:1")
    site.endpoint.set_value(system, "DefaultConnectionSettings", "REG_BINARY", on)
    refused = site.run(task("winhttp_import_ie", {"source": "system"}))
    assert "credentials" in refused.one()["msg"]
    assert SECRET not in refused.output


@pytest.mark.simulated
def test_one_value_that_can_not_be_put_back_does_not_keep_the_others_from_it(simulated: Simulated) -> None:
    site = simulated(Profile("at-once", policy=PROFILES["policy"].policy, policy_at_once=True))
    long = named("old.test:1", ";".join(f"host{number:03}.{'x' * 20}.test" for number in range(60)))
    site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", long)
    site.endpoint.set_value(DATA_COLLECTION, "DisableEnterpriseAuthProxy", "REG_SZ", sz("\u00e4"))
    options = {"winhttp_proxy": {"state": "absent"}, "datacollection_proxy": {"server": "ours.test:1"}}
    result = site.run(task("endpoint_proxy", options, ignore_errors=True), connection="winrm").one()
    assert (result["rolled_back"], result["unknown"]) == (False, True)
    assert any("Nothing can put back" in warning for warning in result["warnings"])
    # Too long for a command line of this connection, and in place again all the same.
    assert site.endpoint.value(CONNECTIONS, "WinHttpSettings") == ("REG_BINARY", long)


@pytest.mark.simulated
@pytest.mark.parametrize("cached", [True, False])
def test_between_runs_it_takes_a_fact_cache_to_see_what_was_reverted(
    simulated: Simulated, monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    site = simulated("policy")
    settings = f"[defaults]\nfact_caching = jsonfile\nfact_caching_connection = {site.work / 'facts'}\n"
    (site.work / "ansible.cfg").write_text(settings if cached else "[defaults]\n", encoding="utf-8")
    monkeypatch.setenv("ANSIBLE_CONFIG", str(site.work / "ansible.cfg"))
    one = task("datacollection_proxy", {"server": "ours.test:8080"})
    first, second = (site.run(one).one() for _run in range(2))
    assert (first["changed"], first["reverted"]) == (True, False)
    assert (second["changed"], second["reverted"]) == (True, cached)
    assert any("reverted by policy" in warning for warning in second["warnings"]) == cached
