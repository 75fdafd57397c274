# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The traps that the settings of the antivirus have of their own; the others are in the other files."""

from __future__ import annotations

import pytest

from tests.integration.site import ANTIVIRUS, ANTIVIRUS_VALUES, Site, sz, task

SECRET = "S3cr3t-Pass"
BAD = f"http://user:{SECRET}@p.test:1"


def test_trap_13_neighbours_of_the_antivirus_survive(site: Site) -> None:
    site.endpoint.set_value(ANTIVIRUS, "PUAProtection", "REG_DWORD", b"\x01\0\0\0")
    site.endpoint.set_value(rf"{ANTIVIRUS}\Spynet", "SSLOptions", "REG_DWORD", bytes(4))
    for options in ({"proxy": "http://p.test:1"}, {"state": "absent"}):
        assert site.module("antivirus_proxy", options)["changed"]
    assert [site.endpoint.value(ANTIVIRUS, name) for name in ANTIVIRUS_VALUES] == [None] * 3
    assert site.endpoint.value(ANTIVIRUS, "PUAProtection") == ("REG_DWORD", b"\x01\0\0\0")
    assert site.endpoint.value(rf"{ANTIVIRUS}\Spynet", "SSLOptions") == ("REG_DWORD", bytes(4))


def test_trap_18_credentials_are_refused_and_those_found_are_not_shown(site: Site) -> None:
    for name in ANTIVIRUS_VALUES:
        site.endpoint.set_value(ANTIVIRUS, name, "REG_SZ", sz(BAD))
    wrong = ({"proxy": BAD}, {"pac_url": f"{BAD}/p.pac"}, {"proxy": "http://p.test:1", "bypass": BAD})
    right = {"proxy": "http://p.test:1", "bypass": ["a.test"]}
    run = site.run(
        *(task("antivirus_proxy", options, ignore_errors=True) for options in wrong),
        task("endpoint_info", {}),
        task("antivirus_proxy", right),
        arguments=["--diff", "-v"],
    )
    assert [outcome.status for outcome in run.outcomes] == ["failed"] * 3 + ["ok"] * 2
    for text in (run.output, str(run.results())):
        assert SECRET not in text
        assert sz(SECRET).hex()[:-4] not in text
    found = run.results()[3]["antivirus"]
    assert found["proxy_server"] == found["proxy_pac_url"] == f"(withheld: {len(BAD)} characters)"
    assert "ProxyPacUrl is set too" in found["effective"]["why"]
    assert site.endpoint.value(ANTIVIRUS, "ProxyServer") == ("REG_SZ", sz("http://p.test:1"))
    assert site.endpoint.value(ANTIVIRUS, "ProxyPacUrl") is None


@pytest.mark.parametrize("type_", ["REG_EXPAND_SZ", "REG_MULTI_SZ"])
def test_a_value_of_the_wrong_type_does_not_count_and_is_a_change(site: Site, type_: str) -> None:
    data = sz("http://p.test:1") + (b"\0\0" if type_ == "REG_MULTI_SZ" else b"")
    site.endpoint.set_value(ANTIVIRUS, "ProxyServer", type_, data)
    info, made = site.run(
        task("endpoint_info", {}), task("antivirus_proxy", {"proxy": "http://p.test:1"})
    ).results()
    assert info["antivirus"]["effective"]["method"] == "inherited"
    assert "ProxyServer can't be used" in info["antivirus"]["effective"]["why"]
    assert made["changed"]
    assert made["after"]["antivirus"]["effective"]["set_by"] == "the policy value ProxyServer"
    assert site.endpoint.value(ANTIVIRUS, "ProxyServer") == ("REG_SZ", sz("http://p.test:1"))
