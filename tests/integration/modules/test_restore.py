# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task returned in snapshot brings back the bytes from before it, on both back ends."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.site import ANTIVIRUS, CONNECTIONS, DATA_COLLECTION, Site, named, sz, task

WHOLE = {
    "winhttp_proxy": {"proxy": "proxy.corp.test:8080", "bypass": ["<local>", "*.corp.test"]},
    "wpad": {"state": "enabled", "scope": ["system", "connection"], "manual_settings": "clear"},
    "datacollection_proxy": {"server": "proxy.corp.test:8080", "prefer_static_proxy": True},
    "antivirus_proxy": {"proxy": "http://proxy.corp.test:8080", "bypass": ["*.corp.test"]},
}
# What no tool of Windows writes: a tail behind the two strings.
ODD = named("old.corp.test:3128", "<local>") + b"\x00\x01\x02\x03"


def changed(site: Site) -> list[dict[str, Any]]:
    """Change everything there is to change, and return the snapshot."""
    result = site.module("endpoint_proxy", WHOLE)
    assert result["changed"], result
    return list(result["snapshot"])


def test_restore_brings_the_exact_bytes_back_once(site: Site) -> None:
    site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", ODD, 32)
    site.endpoint.set_value(DATA_COLLECTION, "TelemetryProxyServer", "REG_EXPAND_SZ", sz("old.corp.test:80"))
    site.endpoint.set_value(ANTIVIRUS, "ProxyPacUrl", "REG_EXPAND_SZ", sz("http://old.corp.test/p.pac"))
    site.endpoint.set_value(ANTIVIRUS, "ProxyServer", "REG_SZ", sz("http://old.corp.test:80"))
    before = site.managed()
    snapshot = changed(site)
    after = site.managed()
    touched = {place for place in before if before[place] != after[place]}
    assert len(touched) >= 8
    assert any(before[place] is None for place in touched)
    restore = {"restore": snapshot}
    predicted = site.module("endpoint_proxy", restore, arguments=["--check"])
    assert predicted["changed"]
    assert site.managed() == after
    restored = site.module("endpoint_proxy", restore)
    assert site.managed() == before
    assert {key: restored[key] for key in ("changed", "before", "after", "commands")} == {
        key: predicted[key] for key in ("changed", "before", "after", "commands")
    }
    again = site.module("endpoint_proxy", restore)
    assert (again["changed"], again["commands"]) == (False, [])
    assert site.managed() == before


@pytest.mark.simulated
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"restore": [{"key": "HKLM\\SYSTEM", "name": "x", "view": 64, "absent": True}]}, "is no value that this"),
        ({"restore": [{"key": DATA_COLLECTION}]}, "restore: an entry is none of a snapshot"),
        ({"restore": [], "wpad": {"state": "enabled"}}, "restore: it can't be combined with wpad"),
    ],
)
def test_what_can_not_be_restored_is_refused(simulated: Any, options: dict[str, Any], sentence: str) -> None:
    site = simulated()
    before = site.managed()
    (outcome,) = site.run(task("endpoint_proxy", options)).outcomes
    assert outcome.status == "failed"
    assert sentence in outcome.result["msg"]
    assert site.managed() == before
    assert site.lab.account(site.name).requests == 0
