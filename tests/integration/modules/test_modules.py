# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract that every module keeps, on both back ends, through Ansible and WinRM."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.site import (
    ANTIVIRUS,
    ANTIVIRUS_VALUES,
    CONNECTIONS,
    DATA_COLLECTION,
    SENSOR_POLICY,
    Site,
    named,
    sz,
    task,
)

WRITERS: dict[str, dict[str, Any]] = {
    "winhttp_proxy": {"proxy": "proxy.test:8080", "bypass": ["<local>", "*.corp.test"]},
    "winhttp_import_ie": {"source": "connection"},
    "wpad": {"state": "enabled", "scope": ["local_service", "machine"]},
    "datacollection_proxy": {"server": "proxy.test:8080", "prefer_static_proxy": True},
    "antivirus_proxy": {"proxy": "http://proxy.test:8080", "bypass": ["*.corp.test"]},
    "endpoint_proxy": {
        "method": "static",
        "antivirus_proxy": {"pac_url": "http://pac.test/proxy.pac"},
        "datacollection_proxy": {"server": "10.0.0.6:8080"},
        "winhttp_proxy": {"proxy": {"http": "a.test:1", "https": "b.test:2"}},
        "wpad": {"state": "disabled", "scope": ["system", "network_service"]},
    },
}
REMOVALS: dict[str, dict[str, Any]] = {
    "winhttp_proxy": {"state": "absent"},
    "datacollection_proxy": {
        "state": "absent",
        "disable_enterprise_auth_proxy": "absent",
        "prefer_static_proxy": "absent",
    },
    "antivirus_proxy": {"state": "absent"},
    "wpad": {"state": "disabled", "scope": ["system", "local_service", "network_service", "machine"]},
}


@pytest.mark.parametrize("name", WRITERS)
def test_check_mode_predicts_exactly_and_writes_nothing(site: Site, name: str) -> None:
    before = site.managed()
    check = site.module(name, WRITERS[name], arguments=["--check", "--diff"])
    assert site.managed() == before
    assert site.endpoint.writes == []
    run = site.module(name, WRITERS[name], arguments=["--diff"])
    assert check["changed"]
    for key in ("changed", "before", "after", "commands", "snapshot", "warnings", "reboot_required", "diff"):
        assert check[key] == run[key], key
    assert set(check) == set(run) - {"ansible_facts"}
    assert site.managed() != before


@pytest.mark.parametrize("name", WRITERS)
def test_a_second_run_changes_nothing(site: Site, name: str) -> None:
    one = task(name, WRITERS[name])
    first, second, check = site.run(one, one, one | {"check_mode": True}).results()
    assert first["changed"]
    for again in (second, check):
        assert not again["changed"]
        assert again["before"] == again["after"] == first["after"]
        assert (again["commands"], again["snapshot"]) == ([], [])


@pytest.mark.parametrize("name", REMOVALS)
def test_what_was_made_can_be_removed(site: Site, name: str) -> None:
    start = site.managed()
    made, removed, again = site.run(
        task(name, WRITERS[name]), task(name, REMOVALS[name]), task(name, REMOVALS[name])
    ).results()
    assert made["changed"]
    assert removed["changed"]
    assert not again["changed"]
    if name in ("datacollection_proxy", "antivirus_proxy"):
        assert site.managed() == start


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "winhttp_import_ie"])
def test_no_arguments_change_nothing(site: Site, name: str) -> None:
    site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named("keep.test:1"))
    before = site.managed()
    result = site.run(task(name, {}), task(name, {}), ignore_errors=True)
    for outcome in result.outcomes:
        assert outcome.status == "failed"
        assert "No option was given, so nothing was changed. Set one of: " in outcome.result["msg"]
    assert site.managed() == before


def test_info_shows_what_is_there_and_changes_nothing(site: Site) -> None:
    site.endpoint.set_value(
        CONNECTIONS, "WinHttpSettings", "REG_BINARY", named("seen.test:1", "<local>;x.test")
    )
    before = site.managed()
    info = site.module("endpoint_info", {})
    assert site.managed() == before
    assert not info["changed"]
    native = {"direct": False, "proxy": "seen.test:1", "bypass": ["<local>", "x.test"], "readable": True}
    assert info["winhttp"]["native"] == {**native, "raw": named("seen.test:1", "<local>;x.test").hex()}
    assert info["winhttp"]["wow64"]["direct"] is True
    assert info["wininet"]["system"]["auto_detect"] is True
    assert info["wininet"]["connection"]["proxy"] == "user-proxy.test:8080"
    assert info["wininet"]["connection"]["bypass"] == ["<local>", "*.user.test"]
    assert any(scope.startswith("S-1-5-21-") for scope in info["wininet"])
    assert info["datacollection"] == {
        "telemetry_proxy_server": None,
        "disable_enterprise_auth_proxy": None,
        "prefer_static_proxy": None,
    }
    assert info["antivirus"] | {"effective": None} == {
        "proxy_server": None,
        "proxy_pac_url": None,
        "proxy_bypass": None,
        "effective": None,
    }
    assert info["antivirus"]["effective"]["method"] == "inherited"
    assert info["windows"]["build"] == "22631"
    assert info["sensor"]["onboarded"] is True
    assert (info["effective"]["method"], info["effective"]["proxy"]) == ("winhttp", "seen.test:1")
    assert info["conflicts"] == ["The 32-bit view of the WinHTTP proxy differs from the 64-bit one."]


def test_what_is_written_is_in_the_registry(site: Site) -> None:
    site.run(
        task("winhttp_proxy", {"proxy": "http=a.test:1;https=b.test:2", "bypass": "<local>, *.corp.test"}),
        task("datacollection_proxy", {"server": "[2001:db8::1]:8080", "prefer_static_proxy": True}),
        task(
            "antivirus_proxy",
            {"proxy": "https://p.test:1/", "pac_url": "https://pac.test/a-b/p.pac", "bypass": "a.test, *.b.test"},
        ),
    )
    for view in (64, 32):
        assert site.winhttp(view)[1:] == ("http=a.test:1;https=b.test:2", "<local>;*.corp.test")
    server = site.endpoint.value(DATA_COLLECTION, "TelemetryProxyServer")
    assert server == ("REG_SZ", "[2001:db8::1]:8080\0".encode("utf-16-le"))
    wanted = ("https://p.test:1", "https://pac.test/a-b/p.pac", "a.test;*.b.test")
    for name, text in zip(ANTIVIRUS_VALUES, wanted, strict=True):
        assert site.endpoint.value(ANTIVIRUS, name) == ("REG_SZ", sz(text))
    on = ("REG_DWORD", b"\x01\0\0\0")
    assert site.endpoint.value(DATA_COLLECTION, "DisableEnterpriseAuthProxy") == on
    assert site.endpoint.value(SENSOR_POLICY, "PreferStaticProxyForHttpRequest") == on


def test_the_snapshot_has_the_exact_bytes_from_before(site: Site) -> None:
    site.endpoint.set_value(
        DATA_COLLECTION, "TelemetryProxyServer", "REG_EXPAND_SZ", "old.test:1\0".encode("utf-16-le")
    )
    result = site.module("datacollection_proxy", WRITERS["datacollection_proxy"])
    by_name = {entry["name"]: entry for entry in result["snapshot"]}
    assert by_name["TelemetryProxyServer"] == {
        "key": DATA_COLLECTION,
        "name": "TelemetryProxyServer",
        "view": 64,
        "absent": False,
        "type": "REG_EXPAND_SZ",
        "data": "old.test:1\0".encode("utf-16-le").hex(),
    }
    assert by_name["DisableEnterpriseAuthProxy"]["absent"] is True
    assert result["reboot_required"] is True
    assert "onboarded" in result["reboot_reason"]


@pytest.mark.simulated
def test_defaults_of_the_group_reach_a_module_and_its_own_options_win(site: Site) -> None:
    defaults = {"group/mde.connectivity.all": {"proxy": "group.test:8080"}}
    site.run(task("winhttp_proxy", {"bypass": ["<local>"]}), module_defaults=defaults)
    assert site.winhttp()[1:] == ("group.test:8080", "<local>")
    site.run(task("winhttp_proxy", {"proxy": "own.test:8080"}), module_defaults=defaults)
    assert site.winhttp()[1] == "own.test:8080"
