# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other tools get wrong about proxy settings: traps 1 to 10, 13, 14 and 27 to 29, each by its number."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.site import (
    ANTIVIRUS,
    CONNECTIONS,
    DATA_COLLECTION,
    DIRECT,
    SETTINGS,
    SYSTEM_CONNECTIONS,
    USER_CONNECTIONS,
    WINHTTP,
    Site,
    named,
    sz,
    task,
    wininet,
)

Simulated = Callable[..., Site]
ON = ("REG_DWORD", b"\x01\0\0\0")
SERVICE = r"HKLM\SYSTEM\CurrentControlSet\Services\WinHttpAutoProxySvc"


def blob(site: Site, key: str, name: str = "DefaultConnectionSettings") -> bytes:
    found = site.endpoint.value(key, name)
    assert found is not None
    assert found[0] == "REG_BINARY"
    return found[1]


def test_trap_01_nothing_given_never_removes(site: Site) -> None:
    site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named("keep.test:1", "<local>"))
    site.endpoint.set_value(DATA_COLLECTION, "TelemetryProxyServer", "REG_SZ", sz("keep.test:1"))
    site.endpoint.set_value(ANTIVIRUS, "ProxyServer", "REG_SZ", sz("http://keep.test:1"))
    before = site.managed()
    run = site.run(
        task("winhttp_proxy", {"proxy": "{{ undefined_variable | default(omit) }}"}),
        task("winhttp_proxy", {"proxy": ""}),
        task("winhttp_proxy", {"proxy": {}}),
        task("winhttp_proxy", {"bypass": []}),
        task("datacollection_proxy", {"server": ""}),
        task(
            "datacollection_proxy", {"server": "{{ undefined_variable | default(omit) }}", "state": "present"}
        ),
        task("antivirus_proxy", {"proxy": ""}),
        task("antivirus_proxy", {"pac_url": ""}),
        task("antivirus_proxy", {"bypass": []}),
        task("antivirus_proxy", {"proxy": "{{ undefined_variable | default(omit) }}", "state": "present"}),
        task("endpoint_proxy", {"method": "static"}),
        task("wpad", {"state": "enabled", "scope": []}),
        ignore_errors=True,
    )
    assert [outcome.status for outcome in run.outcomes] == ["failed"] * 12, run.output
    assert site.managed() == before


def test_trap_02_detection_that_is_not_asked_for_is_left_alone(site: Site) -> None:
    system = blob(site, SYSTEM_CONNECTIONS)
    site.run(
        task("winhttp_proxy", {"proxy": "p.test:1"}), task("datacollection_proxy", {"server": "p.test:1"})
    )
    assert blob(site, SYSTEM_CONNECTIONS) == system
    assert blob(site, USER_CONNECTIONS) == wininet(3, "user-proxy.test:8080", "<local>;*.user.test")


SAME_BYPASS = [
    ["<local>", "*.a.test", "10.*"],
    ["10.*", "*.A.TEST", "<LOCAL>"],
    "*.a.test;10.*;<local>",
    "  10.* , *.a.test,<local>,, *.a.test;",
    "<local> *.a.test 10.* 10.*",
]


def test_trap_03_a_bypass_list_in_another_order_or_spelling_is_the_same(site: Site) -> None:
    for view in (64, 32):
        site.endpoint.set_value(
            CONNECTIONS, "WinHttpSettings", "REG_BINARY", named("P.test:1", "*.a.test;<local>; 10.*;"), view
        )
    before = site.managed()
    run = site.run(
        *(task("winhttp_proxy", {"proxy": "p.TEST:1", "bypass": bypass}) for bypass in SAME_BYPASS)
    )
    assert [result["changed"] for result in run.results()] == [False] * len(SAME_BYPASS)
    assert site.managed() == before


@pytest.mark.parametrize("there", ["<local>;*.a.test;extra.test", "<local>", ""])
def test_trap_04_an_extra_or_a_missing_bypass_entry_is_a_change(site: Site, there: str) -> None:
    for view in (64, 32):
        site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named("p.test:1", there), view)
    result = site.module("winhttp_proxy", {"proxy": "p.test:1", "bypass": ["<local>", "*.a.test"]})
    assert result["changed"]
    assert site.winhttp()[2] == "<local>;*.a.test"


def test_trap_05_detection_beside_a_manual_proxy_is_not_as_desired(site: Site) -> None:
    manual = wininet(0xB, "old.test:1", "<local>")
    for name in ("DefaultConnectionSettings", "SavedLegacySettings"):
        site.endpoint.set_value(SYSTEM_CONNECTIONS, name, "REG_BINARY", manual)
    site.endpoint.set_value(rf"HKU\S-1-5-18\{SETTINGS}", "AutoDetect", "REG_DWORD", b"\x01\0\0\0")
    options = {"state": "enabled"}
    refused, cleared, again = site.run(
        task("wpad", options, ignore_errors=True),
        task("wpad", {**options, "manual_settings": "clear"}),
        task("wpad", {**options, "manual_settings": "clear"}),
    ).results()
    modules = ("winhttp_import_ie", "winhttp_proxy", "winhttp_advproxy", "antivirus_proxy")
    for name in (*(f"mde.connectivity.{name}" for name in modules), "manual_settings"):
        assert name in refused["msg"]
    assert cleared["changed"]
    assert not again["changed"]
    assert struct.unpack_from("<II", blob(site, SYSTEM_CONNECTIONS), 4) == (11, 0x9)


SPELLINGS = {
    "http=p.test:1;https=q.test:2": "http=p.test:1;https=q.test:2",
    "https=q.test:2 http=p.test:1": "http=p.test:1;https=q.test:2",
    "http://P.Test:8080": "P.Test:8080",
    "10.0.0.6:8080": "10.0.0.6:8080",
    "[2001:db8::1]:8080": "[2001:db8::1]:8080",
    "PROXY01": "PROXY01",
    "xn--bcher-kva.test:65535": "xn--bcher-kva.test:65535",
    "http=a.test:1;b.test:2": "http=a.test:1;b.test:2",
}


def test_trap_07_every_spelling_that_windows_knows_is_taken_and_stays(site: Site) -> None:
    tasks = []
    for written in SPELLINGS:
        one = task("winhttp_proxy", {"proxy": written, "bypass": ["<local>"]})
        tasks += [task("winhttp_proxy", {"state": "absent"}), one, task("endpoint_info", {}), one]
    run = site.run(*tasks)
    assert run.rc == 0, run.output[-3000:]
    results = run.results()
    assert [result["changed"] for result in results[1::4]] == [True] * len(SPELLINGS)
    assert [info["winhttp"]["native"]["proxy"] for info in results[2::4]] == list(SPELLINGS.values())
    assert [result["changed"] for result in results[3::4]] == [False] * len(SPELLINGS)
    assert site.winhttp()[1] == list(SPELLINGS.values())[-1]


def test_trap_08_a_value_of_the_wrong_type_is_a_change(site: Site) -> None:
    wrong = [("REG_EXPAND_SZ", sz("p.test:1")), ("REG_MULTI_SZ", sz("p.test:1\0")), ("REG_BINARY", b"\x01")]
    for type_, data in wrong:
        site.endpoint.set_value(DATA_COLLECTION, "TelemetryProxyServer", type_, data)
        result = site.module("datacollection_proxy", {"server": "p.test:1"})
        assert result["changed"], type_
        assert result["before"] != result["after"]
        assert site.endpoint.value(DATA_COLLECTION, "TelemetryProxyServer") == ("REG_SZ", sz("p.test:1"))
    site.endpoint.set_value(DATA_COLLECTION, "DisableEnterpriseAuthProxy", "REG_SZ", sz("1"))
    assert site.module("datacollection_proxy", {"server": "p.test:1"})["changed"]
    assert site.endpoint.value(DATA_COLLECTION, "DisableEnterpriseAuthProxy") == ON


ODD = {
    "empty": b"",
    "truncated": DIRECT[:19],
    "other header": b"\x46" + DIRECT[1:],
    "length that lies": named("p.test:1")[:16] + b"p",
    "not ASCII": named("p.test:1").replace(b"p.test", b"p\xe4test"[:6]),
}


@pytest.mark.parametrize("name", ODD)
def test_trap_09_what_can_not_be_read_is_said_and_can_be_overwritten(site: Site, name: str) -> None:
    data = ODD[name]
    site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", data)
    info, changed, again = site.run(
        task("endpoint_info", {}),
        task("winhttp_proxy", {"state": "absent"}),
        task("winhttp_proxy", {"state": "absent"}),
    ).results()
    # Cut before any text, it can hold no secret.
    raw = data.hex() if max(data[1:], default=0) < 0x20 else f"(withheld: {len(data)} bytes)"
    assert (info["winhttp"]["native"]["readable"], info["winhttp"]["native"]["raw"]) == (False, raw)
    assert info["effective"]["method"] == "unknown"
    assert changed["changed"]
    assert changed["snapshot"][0].get("data", raw) == raw
    assert not again["changed"]
    assert site.winhttp()[0] == 1


@pytest.mark.parametrize("data", ["4600000000", "46000000020000000900", ""])
def test_trap_09_a_wininet_value_that_can_not_be_read_is_overwritten(site: Site, data: str) -> None:
    site.endpoint.set_value(
        SYSTEM_CONNECTIONS, "DefaultConnectionSettings", "REG_BINARY", bytes.fromhex(data)
    )
    changed, again = site.run(
        task("wpad", {"state": "enabled"}), task("wpad", {"state": "enabled"})
    ).results()
    assert (changed["before"]["wininet"]["system"]["readable"], changed["changed"]) == (False, True)
    assert changed["before"]["wininet"]["system"]["raw"] == data
    assert not again["changed"]
    assert struct.unpack_from("<I", blob(site, SYSTEM_CONNECTIONS), 8)[0] & 8


def test_trap_09_values_and_keys_that_were_never_there(site: Site) -> None:
    site.endpoint.delete_value(CONNECTIONS, "WinHttpSettings")
    site.endpoint.delete_value(CONNECTIONS, "WinHttpSettings", 32)
    absent, enabled, again = site.run(
        task("winhttp_proxy", {"state": "absent"}),
        task("wpad", {"state": "enabled", "scope": ["machine"]}),
        task("wpad", {"state": "enabled", "scope": ["machine"]}),
    ).results()
    assert not absent["changed"]
    assert (enabled["changed"], again["changed"]) == (True, False)
    assert len(blob(site, CONNECTIONS)) == 56


def test_trap_10_a_write_raises_the_counter_and_keeps_the_tail(site: Site) -> None:
    tail = bytes(range(1, 41))
    old = wininet(1, "off.test:1", "<local>", "http://Wpad.test/Path.PAC", counter=41)[:-32] + tail
    site.endpoint.set_value(SYSTEM_CONNECTIONS, "DefaultConnectionSettings", "REG_BINARY", old)
    site.module("wpad", {"state": "enabled"})
    new = wininet(9, "off.test:1", "<local>", "http://Wpad.test/Path.PAC", counter=42)[:-32] + tail
    assert blob(site, SYSTEM_CONNECTIONS) == new


def test_trap_13_neighbours_in_the_policy_key_survive(site: Site) -> None:
    site.endpoint.set_value(DATA_COLLECTION, "AllowTelemetry", "REG_DWORD", b"\x03\0\0\0")
    site.endpoint.set_value(DATA_COLLECTION, "Neighbour", "REG_SZ", sz("stays"))
    made, gone = site.run(
        task("datacollection_proxy", {"server": "p.test:1"}),
        task("datacollection_proxy", {"state": "absent"}),
    ).results()
    assert (made["changed"], gone["changed"]) == (True, True)
    assert site.endpoint.value(DATA_COLLECTION, "TelemetryProxyServer") is None
    assert site.endpoint.value(DATA_COLLECTION, "AllowTelemetry") == ("REG_DWORD", b"\x03\0\0\0")
    assert site.endpoint.value(DATA_COLLECTION, "Neighbour") == ("REG_SZ", sz("stays"))


def test_trap_14_a_32_bit_view_that_differs_is_reported(site: Site) -> None:
    result = site.module("winhttp_proxy", {"proxy": "p.test:1", "bypass": "<local>", "include_32bit": False})
    assert any("32-bit view" in warning for warning in result["warnings"])
    assert (site.winhttp(64)[1], site.winhttp(32)[1]) == ("p.test:1", "")
    both = site.module("winhttp_proxy", {"proxy": "p.test:1", "bypass": "<local>"})
    assert both["changed"]
    assert both["warnings"] == []
    assert site.winhttp(32)[1] == "p.test:1"


def test_trap_27_system_means_the_hive_of_system(site: Site) -> None:
    for name in ("DefaultConnectionSettings", "SavedLegacySettings"):
        site.endpoint.set_value(SYSTEM_CONNECTIONS, name, "REG_BINARY", wininet(1))
    user = blob(site, USER_CONNECTIONS)
    site.module("wpad", {"state": "enabled"})
    for name in ("DefaultConnectionSettings", "SavedLegacySettings"):
        assert blob(site, SYSTEM_CONNECTIONS, name) == wininet(9, counter=11)
    assert site.endpoint.value(rf"HKU\S-1-5-18\{SETTINGS}", "AutoDetect") == ON
    assert blob(site, USER_CONNECTIONS) == user


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("wpad", {"state": "enabled", "scope": ["S-1-5-21-9-9-9-1009"]}),
        ("winhttp_import_ie", {"source": "S-1-5-21-9-9-9-1009"}),
        ("winhttp_import_ie", {"source": "nobody"}),
    ],
)
def test_trap_27_a_hive_that_is_not_loaded_is_an_error_that_lists_what_there_is(
    site: Site, name: str, options: dict[str, Any]
) -> None:
    before = site.managed()
    message = site.run(task(name, options, ignore_errors=True)).one()["msg"]
    assert "S-1-5-18" in message or "lab (S-1-5-21-" in message or "(S-1-5-21-0-0-0-1000)" in message
    assert "nobody" in message or "S-1-5-21-9-9-9-1009 is not loaded" in message
    assert site.managed() == before


@pytest.mark.simulated
def test_trap_28_what_a_policy_takes_back_is_called_reverted(simulated: Simulated) -> None:
    site = simulated("policy")
    one = task("datacollection_proxy", {"server": "ours.test:8080"})
    first, second = site.run(one, one).results()
    assert (first["changed"], first["reverted"]) == (True, False)
    assert (second["changed"], second["reverted"]) == (True, True)
    assert any("reverted by policy" in warning for warning in second["warnings"])


def test_trap_29_detection_that_has_no_effect_is_said(site: Site) -> None:
    old = site.endpoint.value(SERVICE, "Start")
    site.endpoint.set_value(SERVICE, "Start", "REG_DWORD", b"\x04\0\0\0")
    site.endpoint.set_value(WINHTTP, "DisableWpad", "REG_DWORD", b"\x01\0\0\0")
    result, info = site.run(task("wpad", {"state": "enabled"}), task("endpoint_info", {})).results()
    assert any("WinHttpAutoProxySvc is disabled" in warning for warning in result["warnings"])
    assert info["effective"]["method"] == "direct"
    assert site.endpoint.value(WINHTTP, "DisableWpad") == ("REG_DWORD", bytes(4))
    assert site.endpoint.value(SERVICE, "Start") == ("REG_DWORD", b"\x04\0\0\0")
    assert old is not None
    site.endpoint.set_value(SERVICE, "Start", *old)


def test_trap_29_the_service_is_never_disabled(site: Site) -> None:
    before = site.endpoint.value(SERVICE, "Start")
    scope = ["system", "local_service", "network_service", "machine", "connection"]
    result = site.module("wpad", {"state": "disabled", "scope": scope})
    assert result["changed"]
    assert not any("WinHttpAutoProxySvc" in command for command in result["commands"])
    assert site.endpoint.value(SERVICE, "Start") == before


@pytest.mark.parametrize("name", ["ProxyEnable", "AutoConfigURL"])
def test_a_proxy_that_stands_only_beside_the_blob_is_not_overlooked(site: Site, name: str) -> None:
    settings = rf"HKU\S-1-5-18\{SETTINGS}"
    for value in ("DefaultConnectionSettings", "SavedLegacySettings"):
        site.endpoint.delete_value(SYSTEM_CONNECTIONS, value)
    type_, data = (
        ("REG_DWORD", b"\x01\0\0\0") if name == "ProxyEnable" else ("REG_SZ", sz("http://a.test/x.pac"))
    )
    site.endpoint.set_value(settings, name, type_, data)
    run = site.run(
        task("wpad", {"state": "enabled"}),
        task("winhttp_import_ie", {"source": "system", "allow_direct": True, "on_loss": "warn"}),
        ignore_errors=True,
    )
    site.endpoint.delete_value(settings, name)
    assert [outcome.status for outcome in run.outcomes] == ["failed", "failed"]
    assert "manual_settings" in run.results()[0]["msg"]
    assert "no DefaultConnectionSettings" in run.results()[1]["msg"]


@pytest.mark.simulated
def test_a_kept_bypass_list_that_no_command_can_say_is_refused(simulated: Simulated) -> None:
    site = simulated()
    site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named("old.test:1", "%x%;b"))
    kept, given = site.run(
        task("winhttp_proxy", {"proxy": "p.test:1"}, ignore_errors=True),
        task("winhttp_proxy", {"proxy": "p.test:1", "bypass": []}),
    ).results()
    assert kept["msg"].startswith("bypass: ")
    assert given["changed"]


@pytest.mark.simulated
def test_a_setting_that_no_command_line_can_hold_is_refused_in_check_mode_too(simulated: Simulated) -> None:
    site = simulated()
    # 2,900 bytes of settings are a line of over 3,000 characters, which an encoded script can't be.
    long = wininet(1, "p.test:1", ";".join(f"host{number}.test" for number in range(200)))
    site.endpoint.set_value(SYSTEM_CONNECTIONS, "DefaultConnectionSettings", "REG_BINARY", long)
    for arguments in (["--check"], []):
        run = site.run(task("wpad", {"state": "enabled"}), arguments=arguments, connection="winrm")
        assert "over the limit" in run.one()["msg"]
    assert site.endpoint.writes == []
    assert site.module("wpad", {"state": "enabled"})["changed"]


@pytest.mark.simulated
def test_a_long_list_that_was_set_over_winrm_can_be_removed_over_winrm(simulated: Simulated) -> None:
    site = simulated()
    bypass = [f"host{number:03}.{'x' * 20}.test" for number in range(60)]
    made, gone = site.run(
        task("winhttp_proxy", {"proxy": "p.test:1", "bypass": bypass}),
        task("winhttp_proxy", {"state": "absent"}),
        connection="winrm",
    ).results()
    assert (made["changed"], gone["changed"]) == (True, True)
    assert not any("can put back" in warning for warning in gone["warnings"])
    assert site.winhttp()[1] == ""


@pytest.mark.simulated
def test_a_value_that_can_not_be_put_back_does_not_make_an_untouched_endpoint_unknown(
    simulated: Simulated,
) -> None:
    site = simulated("denied")
    site.endpoint.set_value(DATA_COLLECTION, "TelemetryProxyServer", "REG_SZ", sz("pr\u00fcxy:80"))
    result = site.run(task("datacollection_proxy", {"server": "p.test:1"}, ignore_errors=True)).one()
    assert (result["rolled_back"], result["unknown"], result["changed"]) == (True, False, False)
    assert "connect as an administrator" in result["msg"]
    assert site.endpoint.writes == []


@pytest.mark.simulated
def test_a_proxy_without_a_blob_is_not_thrown_away_unasked(simulated: Simulated) -> None:
    site = simulated()
    for name in ("DefaultConnectionSettings", "SavedLegacySettings"):
        site.endpoint.delete_value(SYSTEM_CONNECTIONS, name)
    site.endpoint.set_value(rf"HKU\S-1-5-18\{SETTINGS}", "ProxyEnable", "REG_DWORD", b"\x01\0\0\0")
    run = site.run(
        task("wpad", {"state": "disabled"}),
        task("wpad", {"state": "enabled", "manual_settings": "keep"}),
        task("wpad", {"state": "enabled", "manual_settings": "clear"}),
        ignore_errors=True,
    )
    assert [outcome.status for outcome in run.outcomes] == ["failed", "failed", "ok"]
    assert "ProxyEnable" in run.results()[0]["msg"]
