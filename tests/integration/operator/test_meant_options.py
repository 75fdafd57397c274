# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options do what their documentation says: removal value by value, defaults alone, a change with its reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.site import (
    CONNECTIONS,
    DATA_COLLECTION,
    DIRECT,
    SENSOR_POLICY,
    SETTINGS,
    USER_CONNECTIONS,
    Site,
    named,
    sz,
    task,
    wininet,
)

pytestmark = pytest.mark.simulated

ONE = ("REG_DWORD", bytes([1, 0, 0, 0]))


@pytest.fixture
def site(simulated: Callable[..., Site]) -> Site:
    return simulated()


def switches(site: Site) -> tuple[Any, Any, Any]:
    """The static proxy and its two switches, as the registry has them."""
    places = (
        (DATA_COLLECTION, "TelemetryProxyServer"),
        (DATA_COLLECTION, "DisableEnterpriseAuthProxy"),
        (SENSOR_POLICY, "PreferStaticProxyForHttpRequest"),
    )
    server, disable, prefer = (site.endpoint.value(key, name) for key, name in places)
    return server, disable, prefer


def test_a_switch_of_the_static_proxy_is_removed_only_where_that_is_asked_for(site: Site) -> None:
    made = {"server": "p.test:80", "prefer_static_proxy": True}
    assert site.module("datacollection_proxy", made)["changed"]
    assert switches(site) == (("REG_SZ", sz("p.test:80")), ONE, ONE)
    assert site.module("datacollection_proxy", {"state": "absent"})["changed"]
    assert switches(site) == (None, ONE, ONE)
    gone = {"state": "absent", "prefer_static_proxy": "absent", "disable_enterprise_auth_proxy": "absent"}
    first, second = site.run(
        task("endpoint_proxy", {"datacollection_proxy": gone}), task("datacollection_proxy", gone)
    ).results()
    assert (first["changed"], second["changed"]) == (True, False)
    assert switches(site) == (None, None, None)


def test_a_bypass_list_in_module_defaults_does_not_keep_a_proxy_from_being_removed(site: Site) -> None:
    site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named("old.test:1", "<local>"))
    defaults = {"mde.connectivity.winhttp_proxy": {"bypass": ["<local>"]}}
    run = site.run(task("winhttp_proxy", {"state": "absent"}), module_defaults=defaults)
    assert run.rc == 0, run.output
    assert site.endpoint.value(CONNECTIONS, "WinHttpSettings") == ("REG_BINARY", DIRECT)


def test_an_import_without_options_takes_the_settings_of_the_connecting_user(site: Site) -> None:
    user = wininet(3, "user-proxy.test:8080", "<local>")
    for options in ({"winhttp_import_ie": {}}, None):
        site.endpoint.set_value(USER_CONNECTIONS, "DefaultConnectionSettings", "REG_BINARY", user)
        site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", DIRECT)
        one = task("endpoint_proxy", options) if options else task("winhttp_import_ie", {})
        run = site.run(one)
        assert run.rc == 0, run.output
        assert site.winhttp()[1:] == ("user-proxy.test:8080", "<local>")


def test_a_change_of_what_detects_already_says_why(site: Site) -> None:
    system = rf"HKU\S-1-5-18\{SETTINGS}"
    for name in ("DefaultConnectionSettings", "SavedLegacySettings"):
        site.endpoint.set_value(rf"{system}\Connections", name, "REG_BINARY", wininet(9))
    site.endpoint.delete_value(system, "AutoDetect")
    one = task("wpad", {"state": "enabled"})
    first, second = site.run(one, one).results()
    assert (first["changed"], second["changed"]) == (True, False)
    (why,) = first["warnings"]
    assert why.startswith(f"{site.name}: system already has automatic detection in DefaultConnectionSettings")
    assert "AutoDetect beside it does not say so" in why
    assert second["warnings"] == []
    assert site.endpoint.value(system, "AutoDetect") == ONE


def test_what_an_endpoint_does_not_allow_is_said_with_the_path_of_the_option(site: Site) -> None:
    manual = {"wpad": {"state": "enabled", "scope": ["connection"]}}
    site.endpoint.set_value(USER_CONNECTIONS, "DefaultConnectionSettings", "REG_BINARY", wininet(3, "user.test:1"))
    nobody = {"winhttp_import_ie": {"source": "nobody"}}
    run = site.run(task("endpoint_proxy", manual), task("endpoint_proxy", nobody), ignore_errors=True)
    first, second = (outcome.result["msg"] for outcome in run.outcomes)
    assert first.startswith("wpad.manual_settings: connection has a manual proxy")
    assert second.startswith("winhttp_import_ie.source: nobody can't be told")
