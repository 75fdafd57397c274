# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other tools get wrong when they take IE settings over into WinHTTP: traps 11 and 12, and what surrounds them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.site import (
    CONNECTIONS,
    SETTINGS,
    SYSTEM_CONNECTIONS,
    USER_CONNECTIONS,
    Site,
    named,
    reset,
    sz,
    task,
    wininet,
)

Simulated = Callable[..., Site]
ON = ("REG_DWORD", b"\x01\0\0\0")
SERVICE = r"HKLM\SYSTEM\CurrentControlSet\Services\WinHttpAutoProxySvc"


@pytest.mark.parametrize(
    ("flags", "option", "word"),
    [(1, "allow_direct", "without a proxy"), (5, "allow_direct", "without"), (9, "allow_direct", "without")],
)
def test_trap_11_an_import_without_a_manual_proxy_removes_nothing(
    site: Site, flags: int, option: str, word: str
) -> None:
    data = wininet(flags, script="http://wpad.test/x.pac" if flags & 4 else "")
    site.endpoint.set_value(USER_CONNECTIONS, "DefaultConnectionSettings", "REG_BINARY", data)
    site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named("keep.test:1"))
    result = site.run(task("winhttp_import_ie", {"source": "connection"}, ignore_errors=True)).one()
    assert option in result["msg"]
    assert word in result["msg"]
    assert "the connecting user" in result["msg"]
    assert site.winhttp()[1] == "keep.test:1"


@pytest.mark.parametrize(
    ("flags", "lost"), [(0xB, "automatic detection"), (0x7, "setup script"), (0xF, " and automatic")]
)
def test_trap_11_an_import_says_what_winhttp_does_not_take_over(site: Site, flags: int, lost: str) -> None:
    data = wininet(flags, "ie.test:1", "", "http://wpad.test/x.pac" if flags & 4 else "")
    site.endpoint.set_value(USER_CONNECTIONS, "DefaultConnectionSettings", "REG_BINARY", data)
    refused, warned = site.run(
        task("winhttp_import_ie", {"source": "connection"}, ignore_errors=True),
        task("winhttp_import_ie", {"source": "connection", "on_loss": "warn"}),
    ).results()
    assert lost in refused["msg"]
    for words in ("on_loss", "mde.connectivity.winhttp_advproxy", "mde.connectivity.antivirus_proxy"):
        assert words in refused["msg"]
    assert any(lost in warning for warning in warned["warnings"])
    assert site.winhttp()[1] == "ie.test:1"


@pytest.mark.parametrize("source", ["connection", "system"])
def test_trap_12_an_import_follows_a_change_in_between(site: Site, source: str) -> None:
    key = USER_CONNECTIONS if source == "connection" else SYSTEM_CONNECTIONS
    options = {"source": source}
    for proxy in ("first.test:1", "second.test:2"):
        site.endpoint.set_value(key, "DefaultConnectionSettings", "REG_BINARY", wininet(3, proxy, "<local>"))
        first, second = site.run(
            task("winhttp_import_ie", options), task("winhttp_import_ie", options)
        ).results()
        assert (first["changed"], second["changed"]) == (True, False)
        assert [site.winhttp(view)[1:] for view in (64, 32)] == [(proxy, "<local>")] * 2


@pytest.mark.simulated
def test_users_by_account_name_and_all_users(simulated: Simulated) -> None:
    site = simulated()
    reset(site.endpoint)
    imported = site.module("winhttp_import_ie", {"source": "lab"})
    assert imported["changed"]
    assert site.winhttp()[1] == "user-proxy.test:8080"
    result = site.module("wpad", {"state": "enabled", "scope": ["all_users"], "manual_settings": "clear"})
    users = [scope for scope in result["after"]["wininet"] if scope.startswith("S-1-5-21-")]
    assert len(users) == 2
    assert all(result["after"]["wininet"][user]["auto_detect"] for user in users)


def test_an_import_under_settings_per_machine_takes_the_machine_s(site: Site) -> None:
    policies = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\CurrentVersion\Internet Settings"
    site.endpoint.set_value(policies, "ProxySettingsPerUser", "REG_DWORD", bytes(4))
    machine = wininet(3, "machine.test:1", "<local>")
    site.endpoint.set_value(CONNECTIONS, "DefaultConnectionSettings", "REG_BINARY", machine)
    check = site.module("winhttp_import_ie", {"source": "connection"}, arguments=["--check"])
    site.endpoint.delete_value(policies, "ProxySettingsPerUser")
    assert check["after"]["winhttp"]["native"]["proxy"] == "machine.test:1"


@pytest.mark.simulated
def test_an_import_under_settings_per_machine_gives_what_was_predicted(simulated: Simulated) -> None:
    site = simulated()
    policies = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\CurrentVersion\Internet Settings"
    site.endpoint.set_value(policies, "ProxySettingsPerUser", "REG_DWORD", bytes(4))
    machine = wininet(3, "machine.test:1", "<local>")
    site.endpoint.set_value(CONNECTIONS, "DefaultConnectionSettings", "REG_BINARY", machine)
    result = site.module("winhttp_import_ie", {"source": "connection"})
    assert result["changed"], result
    assert site.winhttp()[1] == "machine.test:1"


@pytest.mark.simulated
def test_an_import_of_another_source_is_not_called_reverted(simulated: Simulated) -> None:
    site = simulated()
    for proxy in ("one.test:1", "two.test:1"):
        blob_ = wininet(3, proxy)
        site.endpoint.set_value(USER_CONNECTIONS, "DefaultConnectionSettings", "REG_BINARY", blob_)
    first, second = site.run(
        task("winhttp_proxy", {"proxy": "one.test:1"}), task("winhttp_import_ie", {"source": "connection"})
    ).results()
    assert (first["reverted"], second["reverted"]) == (False, False)


def test_a_manual_proxy_can_be_moved_to_winhttp_in_one_task_and_stays_moved(site: Site) -> None:
    for name in ("DefaultConnectionSettings", "SavedLegacySettings"):
        site.endpoint.set_value(SYSTEM_CONNECTIONS, name, "REG_BINARY", wininet(3, "ie.test:1", "<local>"))
    one = task(
        "endpoint_proxy",
        {
            "method": "winhttp_import",
            "winhttp_import_ie": {"source": "system", "allow_direct": True},
            "wpad": {"state": "enabled", "manual_settings": "clear"},
        },
    )
    first, second = site.run(one, one).results()
    assert (first["changed"], second["changed"]) == (True, False)
    assert any("keeps the one that it has" in warning for warning in second["warnings"])
    assert site.winhttp()[1:] == ("ie.test:1", "<local>")
    found = site.endpoint.value(SYSTEM_CONNECTIONS, "DefaultConnectionSettings")
    assert found == ("REG_BINARY", wininet(9, "ie.test:1", "<local>", counter=11))


ANNA = "S-1-5-21-1004336348-1177238915-682003330-1002"
BERT = "S-1-5-21-1004336348-1177238915-682003330-1004"


@pytest.mark.simulated
def test_no_user_can_put_words_into_another_users_hive(simulated: Simulated) -> None:
    site = simulated()
    profiles = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
    site.endpoint.set_value(rf"{profiles}\{BERT}", "ProfileImagePath", "REG_EXPAND_SZ", sz(r"C:\Users\bert"))
    site.endpoint.set_value(rf"HKU\{BERT}\Software", "x", "REG_SZ", sz("x"))
    forged = (
        rf"x{chr(10) * 2}HKEY_USERS\{BERT}\{SETTINGS}\Connections{chr(10)}"
        rf"    DefaultConnectionSettings    REG_BINARY    {wininet(3, 'evil.test:1').hex()}"
    )
    site.endpoint.set_value(rf"HKU\{ANNA}\{SETTINGS}\Connections", "z", "REG_SZ", sz(forged))
    imported, whole, on = site.run(
        task("winhttp_import_ie", {"source": "bert"}, ignore_errors=True),
        task("endpoint_proxy", {"winhttp_import_ie": {"source": "bert"}}, ignore_errors=True),
        task("wpad", {"state": "enabled", "scope": ["all_users"], "manual_settings": "clear"}),
    ).results()
    assert "no manual proxy" in imported["msg"]
    assert "no manual proxy" in whole["msg"]
    assert on["before"]["wininet"][BERT]["counter"] is None
    assert site.winhttp()[1] == ""


@pytest.mark.simulated
def test_service_accounts_can_be_named_by_their_sids(simulated: Simulated) -> None:
    site = simulated()
    sids = ["S-1-5-18", "S-1-5-19", "S-1-5-20"]
    result, imported = site.run(
        task("wpad", {"state": "disabled", "scope": sids}),
        task("winhttp_import_ie", {"source": "S-1-5-19", "on_loss": "warn"}, ignore_errors=True),
    ).results()
    assert list(result["after"]["wininet"]) == sids
    assert "allow_direct" in imported["msg"]


@pytest.mark.simulated
def test_only_what_wpad_clears_counts_as_moved(simulated: Simulated) -> None:
    site = simulated()
    site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named("keep.test:1"))
    site.endpoint.set_value(USER_CONNECTIONS, "DefaultConnectionSettings", "REG_BINARY", wininet(1))
    options = {
        "winhttp_import_ie": {},
        "wpad": {"state": "enabled", "scope": ["system"], "manual_settings": "clear"},
    }
    message = site.run(task("endpoint_proxy", options)).one()["msg"]
    assert "allow_direct" in message
