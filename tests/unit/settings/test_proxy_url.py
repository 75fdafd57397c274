# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""http://host:port of the antivirus' proxy, and the URL of a setup script."""

from __future__ import annotations

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._settings._errors import InvalidSetting
from ansible_collections.mde.connectivity.plugins.plugin_utils._settings._proxy_url import (
    parse_pac_url,
    parse_proxy_url,
    same_proxy_url,
)

from tests.unit.settings.bad_values import EVERYWHERE

SECRET = "hunter2"
PROXIES = {
    "http://p.test:80": "http://p.test:80",
    "HTTPS://P.test:443/": "HTTPS://P.test:443",
    "http://[2001:db8::1]:8080": "http://[2001:db8::1]:8080",
    "http://10.0.0.6:8080": "http://10.0.0.6:8080",
}
BAD_PROXIES = ["", "p.test:80", "socks://p.test:1", "http://p.test", "http://:80", "http://p.test:80/x"]
BAD_SCRIPTS = ["", "p.test/x", "ftp://p.test/x", "file:///x", f"http://p.test/x?{SECRET}", "http://p.test/ x"]


@pytest.mark.parametrize("text", PROXIES)
def test_a_proxy_is_taken_as_it_is_written(text: str) -> None:
    assert parse_proxy_url(text) == PROXIES[text]
    assert same_proxy_url(PROXIES[text], text.lower())


@pytest.mark.parametrize("text", [*EVERYWHERE.values(), *BAD_PROXIES])
def test_what_is_no_proxy_is_refused(text: str) -> None:
    with pytest.raises(InvalidSetting):
        parse_proxy_url(text)


@pytest.mark.parametrize("text", ["http://p.test", "https://p.test:8443/a/b-c_d.pac", "http://[::1]/~x.pac"])
def test_a_script_is_taken_as_it_is_written(text: str) -> None:
    assert parse_pac_url(text) == text


@pytest.mark.parametrize("text", [*EVERYWHERE.values(), *BAD_SCRIPTS])
def test_what_is_no_script_is_refused_and_not_echoed(text: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        parse_pac_url(text)
    assert SECRET not in str(caught.value)


def test_another_protocol_port_or_host_is_another_proxy() -> None:
    for other in ("https://p.test:80", "http://p.test:81", "http://q.test:80", "p.test:80", ""):
        assert not same_proxy_url("http://p.test:80", other)
