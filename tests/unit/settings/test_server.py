# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host:port of TelemetryProxyServer."""
from __future__ import annotations

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._settings._errors import shown
from ansible_collections.mde.connectivity.plugins.plugin_utils._settings._server import (
    parse_server,
    read_server,
    same_server,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.settings.bad_values import EVERYWHERE, refusal, result

LABELS = st.from_regex(r"[A-Za-z]([A-Za-z0-9-]{0,8}[A-Za-z0-9])?", fullmatch=True)
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
HOSTS = st.one_of(NAMES, st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(lambda ip: f"[{ip}]"))
PORTS = st.integers(1, 65535)

BAD = {
    **EVERYWHERE,
    "empty": "",
    "blank": " ",
    "blank-before-port": "proxy: 8080",
    "leading-blank": " proxy:8080",
    "two": "a:1;b:2",
    "no-port": "proxy",
    "no-port-ipv6": "[::1]",
    "no-host": ":8080",
    "scheme": "http://proxy:8080",
    "scheme-item": "http=proxy:8080",
    "path": "proxy:8080/",
    "underscore": "my_proxy:8080",
    "wildcard": "*.example.com:8080",
    "trailing-period": "proxy.example.com.:8080",
    "empty-label": "proxy..com:8080",
    "hyphen-first": "-proxy:8080",
    "hyphen-last": "proxy-.com:8080",
    "label-of-64": "a" * 64 + ":8080",
    "name-of-254": ".".join(["a" * 49] * 5) + ".abcd:80",
    "ipv4-octet": "10.0.0.256:8080",
    "ipv4-short": "10.1:8080",
    "ipv4-leading-zero": "010.0.0.1:8080",
    "hex-number": "0x7f000001:8080",
    "number": "2130706433:8080",
    "ipv6-bare": "::1:8080",
    "ipv6-zone": "[fe80::1%25eth0]:8080",
    "ipv6-open": "[::1:8080",
    "ipv6-wrong": "[::g]:8080",
    "ipv6-trailing": "[::1]x:8080",
    "ipv6-of-name": "[proxy]:8080",
    "ipv6-empty": "[]:8080",
}


@pytest.mark.parametrize("text", [
    "proxy:1", "Proxy.Example.COM:65535", "10.0.0.6:8080", "[2001:db8::1]:100", "[::ffff:10.0.0.1]:80",
    "xn--bcher-kva.example:8080", "3com.example:80", "a" * 63 + ":8080",
])
def test_server_is_kept_as_it_is_spelled(text: str) -> None:
    assert parse_server(text) == text


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_bad_server_is_refused_in_one_sentence(text: str) -> None:
    refusal(parse_server, text)


@pytest.mark.parametrize(("text", "hint"), [
    ("pröxy:1", "xn--"), ("proxy", "needs a port, as in proxy:8080"), ("[10.0.0.1:8080]", "so write '10.0.0.1:8080'"),
    ("http://pac.test/s3cret.pac", "has 'http://pac.test/...'"), ("http://proxy:1", "so write proxy:1 alone"),
    ("proxy:70000", "not '70000'"), ("::1:1", "brackets"), ("10.0.0.256:1", "'10.0.0.256'"),
    ("a:1&b", "& at position 4"),
])
def test_refusal_says_what_to_do(text: str, hint: str) -> None:
    assert hint in refusal(parse_server, text)


@given(HOSTS, PORTS)
def test_any_host_and_port(host: str, port: int) -> None:
    text = f"{host}:{port}"
    assert parse_server(text) == text
    assert same_server(text, text.upper())
    assert hash(read_server(text, "server")) == hash(read_server(text.swapcase(), "server"))
    assert read_server(host, "server").port is None


@given(st.text())
def test_any_text_is_refused_or_kept(text: str) -> None:
    assert result(parse_server, text) in (None, text)


@pytest.mark.parametrize(("left", "right", "same"), [
    ("Proxy:8080", "proxy:8080", True),
    ("[2001:DB8:0::1]:80", "[2001:db8::1]:80", True),
    ("proxy:8080", "proxy:8081", False),
    ("proxy:8080", "proxy", False),
    ("proxy:8080", " proxy:8080", False),
    ("proxy:8080", "http://proxy:8080", False),
    ("proxy:8080", "", False),
    ("http://proxy", "http://PROXY", True),
])
def test_same_server(left: str, right: str, same: bool) -> None:
    for one, other in ((left, right), (right, left)):
        assert same_server(one, other) is same


def test_server_is_equal_to_servers_only() -> None:
    assert read_server("proxy:80", "server") != "proxy:80"


def test_shown_is_short_printable_and_without_credentials() -> None:
    assert shown("a\nb\u00fc") == "'a?b?'"
    assert shown("x" * 500) == "'" + "x" * 80 + "...'"
    assert shown("user:pw@host") == "(not shown)"
