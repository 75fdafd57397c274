# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy list: what users may write, and which lists mean the same."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._settings._proxy_list import SCHEMES, ProxyList
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.settings.bad_values import EVERYWHERE, SECRET, refusal, result

SERVERS = st.sampled_from(["proxy", "proxy:8080", "10.0.0.1:3128", "[::1]:80", "a.b-c.example:65535"])
SCHEME_MAPS = st.dictionaries(st.sampled_from(SCHEMES), SERVERS, min_size=1)

BAD = {
    **EVERYWHERE,
    "empty": "",
    "separators-only": " ; ;",
    "comma": "proxy:8080,other:8080",
    "blank-before-port": "socks=proxy: 8083",
    "unknown-scheme": "gopher=proxy:70",
    "socks5": "socks5=proxy:1080",
    "same-scheme-twice": "http=a:1;HTTP=b:2",
    "bare-twice": "a:1 b:2",
    "scheme-without-server": "http=;https=b:2",
    "https-url": "https://proxy:8080",
    "socks-url": "socks=socks://proxy:1080",
    "path": "http://proxy:8080/path",
    "two-prefixes": "http://http://proxy:8080",
    "underscore": "my_proxy:8080",
    "wildcard": "*:8080",
    "2049-characters": "proxy" + ";" * 2044,
    "scheme-with-secret": f"user{SECRET}1=proxy:1",
}


@pytest.mark.parametrize(("value", "text"), [
    ("proxy", "proxy"),
    ("Proxy.Example.com:8080", "Proxy.Example.com:8080"),
    ("[2001:db8::1]:8080", "[2001:db8::1]:8080"),
    ("http://proxy:8080", "proxy:8080"),
    ("HTTP://proxy:8080/", "proxy:8080"),
    (" ;proxy:8080; ", "proxy:8080"),
    ("https=b:2;http=a:1", "http=a:1;https=b:2"),
    ("HTTP=a:1  https=b:2", "http=a:1;https=b:2"),
    ("socks=d:4;ftp=c:3 ; https=b:2 http=http://a:1", "http=a:1;https=b:2;ftp=c:3;socks=d:4"),
    ("other:2 http=a:1", "http=a:1;other:2"),
    ({"https": "b:2", "http": "http://a:1", "ftp": None}, "http=a:1;https=b:2"),
    ({"Socks": "d"}, "socks=d"),
])
def test_canonical_text(value: str | Mapping[str, str | None], text: str) -> None:
    proxy_list = ProxyList.from_user(value)
    assert proxy_list.text == str(proxy_list) == text
    assert ProxyList.from_user(text).text == text


@pytest.mark.parametrize("value", BAD.values(), ids=BAD.keys())
def test_bad_list_is_refused_in_one_sentence(value: str) -> None:
    refusal(ProxyList.from_user, value)


@pytest.mark.parametrize("value", EVERYWHERE.values(), ids=EVERYWHERE.keys())
def test_bad_server_in_a_mapping_is_refused_in_one_sentence(value: str) -> None:
    refusal(lambda server: ProxyList.from_user({"http": server}), value)


@pytest.mark.parametrize("value", [
    {}, {"http": None}, {"http": ""}, {"http": "a:1;https=b:2"}, {"http": "a b"}, {"": "a:1"},
    {"gopher": "a:1"}, {"http": "a:1", "HTTP": "b:2"}, {"http": 8080}, 8080, None, ["a:1"],
], ids=repr)
def test_bad_mapping_is_refused_in_one_sentence(value: Any) -> None:
    refusal(ProxyList.from_user, value)


def test_refusal_of_an_empty_list_names_the_way_to_remove() -> None:
    assert "state: absent" in refusal(ProxyList.from_user, "")


@given(SCHEME_MAPS, st.randoms(use_true_random=False), st.sampled_from([";", " ", "; ", ";;", "  "]))
def test_order_case_and_separators_do_not_count(servers: dict[str, str], random: Any, separator: str) -> None:
    items = [f"{scheme}={server}" for scheme, server in servers.items()]
    random.shuffle(items)
    stored = ProxyList(separator.join(items).upper() + separator)
    assert ProxyList.from_user(servers) == stored
    assert hash(ProxyList.from_user(servers)) == hash(stored)
    assert ProxyList.from_user(servers) == ProxyList.from_user(separator.join(items))


@given(SCHEME_MAPS, st.sampled_from(SCHEMES))
def test_a_missing_or_another_item_counts(servers: dict[str, str], scheme: str) -> None:
    full = ProxyList.from_user(servers)
    assert full != ProxyList.from_user({**servers, scheme: "elsewhere:1"})
    assert full != ProxyList(full.text + ";elsewhere:1")


@given(st.text(), st.text())
def test_any_stored_text_can_be_held_and_compared(left: str, right: str) -> None:
    assert ProxyList(left).text == left
    assert ProxyList(left) == ProxyList(left)
    if ProxyList(left) == ProxyList(right):
        assert hash(ProxyList(left)) == hash(ProxyList(right))


@given(st.text())
def test_any_user_text_is_refused_or_means_what_it_says(text: str) -> None:
    assert result(ProxyList.from_user, text) in (None, ProxyList(text))


@pytest.mark.parametrize(("left", "right", "same"), [
    ("http=HTTP://A:1", "http=a:1", True),
    ("a:1;a:1", "a:1", True),
    ("", " ; ", True),
    ("http=a:1;http=b:2", "http=b:2;http=a:1", False),
    ("proxy", "proxy:80", False),
    ("https://proxy:1", "proxy:1", False),
    ("http=a:1", "a:1", False),
    ("http=a:1", "https=a:1", False),
    ("a:1,b:2", "a:1;b:2", False),
])
def test_equality(left: str, right: str, same: bool) -> None:
    assert (ProxyList(left) == ProxyList(right)) is same
    assert (ProxyList(right) == ProxyList(left)) is same


def test_equal_to_proxy_lists_only() -> None:
    assert ProxyList("a:1") != "a:1"
