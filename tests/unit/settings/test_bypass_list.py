# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bypass list: what users may write, and which lists mean the same."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._settings._bypass_list import (
    BYPASS_LIST_LIMIT,
    BypassList,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.settings.bad_values import EVERYWHERE, refusal, result

ENTRIES = st.lists(st.sampled_from([
    "<local>", "*.example.com", "host", "10.*", "[::1]", "*", "intranet:8080", "10.0.0.1", "my_host",
    "<-loopback>",
]))

BAD = {
    **EVERYWHERE,
    "unknown-token": "<remote>",
    "open-token": "<local",
    "token-inside": "a<local>",
    "url": "http://host/",
    "network-mask": "10.0.0.0/8",
    "leading-period": ".example.com",
    "empty-label": "a..b",
    "only-port": ":80",
    "bare-ipv6": "fe80::1",
    "open-bracket": "[::1",
    "no-pattern": "a;=b",
    "2065-characters": "a" * 2065,
}


@pytest.mark.parametrize(("value", "entries"), [
    ("", ()),
    ([], ()),
    ([""], ()),
    (" ; , ", ()),
    ("<local>;*.example.com", ("<local>", "*.example.com")),
    ("a, b;c  d;", ("a", "b", "c", "d")),
    (["a;b", " c "], ("a", "b", "c")),
    (("Host", "HOST", "host"), ("Host",)),
    ("<LOCAL>;<-loopback>", ("<LOCAL>", "<-loopback>")),
    ("10.*;192.168.*.*;*;a*.b;[::1];[fe80:*]:80;my_host:8080", (
        "10.*", "192.168.*.*", "*", "a*.b", "[::1]", "[fe80:*]:80", "my_host:8080")),
])
def test_what_a_user_may_write(value: str | Sequence[str], entries: tuple[str, ...]) -> None:
    assert BypassList.from_user(value).entries == entries


@pytest.mark.parametrize("value", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("shape", [str, lambda value: [value], lambda value: ["<local>", value]],
                         ids=["string", "list", "second"])
def test_bad_entry_is_refused_in_one_sentence(value: str, shape: Any) -> None:
    refusal(lambda text: BypassList.from_user(shape(text)), value)


@pytest.mark.parametrize("value", [None, 5, [None], [5], {"a": 1}, b"host", [["host"]]], ids=repr)
def test_other_types_are_refused_in_one_sentence(value: Any) -> None:
    refusal(BypassList.from_user, value)


@pytest.mark.parametrize(("value", "hint"), [
    (".corp", "'*.corp'"), ("10.0.0.0/8", "masks"), ("<x>", "<local>"),
])
def test_refusal_says_what_to_do(value: str, hint: str) -> None:
    assert hint in refusal(BypassList.from_user, value)


def test_longest_list() -> None:
    assert len(str(BypassList.from_user("a" * BYPASS_LIST_LIMIT))) == BYPASS_LIST_LIMIT


@given(ENTRIES, st.randoms(use_true_random=False), st.sampled_from([";", " ", "; ", ";;", "\t"]))
def test_only_the_set_of_entries_counts(entries: list[str], random: Any, separator: str) -> None:
    shuffled = [*entries, *entries]
    random.shuffle(shuffled)
    stored = BypassList.parse(separator.join(shuffled).upper() + separator)
    assert BypassList.from_user(entries) == stored
    assert hash(BypassList.from_user(entries)) == hash(stored)


@given(ENTRIES)
def test_a_missing_or_extra_entry_counts(entries: list[str]) -> None:
    desired = BypassList.from_user(entries)
    assert desired != BypassList((*desired.entries, "extra"))
    if desired.entries:
        assert desired != BypassList(desired.entries[1:])


@given(ENTRIES)
def test_what_is_written_is_read_back(entries: list[str]) -> None:
    desired = BypassList.from_user(entries)
    assert BypassList.parse(str(desired)).entries == desired.entries
    assert BypassList.from_user(str(desired)).entries == desired.entries


@given(st.text())
def test_any_stored_text_can_be_parsed(text: str) -> None:
    parsed = BypassList.parse(text)
    assert BypassList.parse(str(parsed)).entries == parsed.entries


@given(st.text())
def test_any_user_text_is_refused_or_kept(text: str) -> None:
    assert result(BypassList.from_user, text) in (None, BypassList.parse(text.replace(",", ";")))


def test_a_comma_on_the_endpoint_separates_nothing() -> None:
    assert BypassList.parse("a,b") != BypassList.from_user("a,b")


def test_unsupported_entries_are_named() -> None:
    listed = BypassList.from_user("*.ok;*;*ok;aaa.*;<local>;10.*;<-Loopback>;**.x")
    assert listed.unsupported == ("aaa.*", "10.*", "<-Loopback>", "**.x")


def test_equal_to_bypass_lists_only() -> None:
    assert BypassList(("a",)) != ("a",)
