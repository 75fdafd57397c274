# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that are stored in a proxy or a URL are found and hidden, and nothing else is."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._credentials import in_bytes, masked
from hypothesis import given
from hypothesis import strategies as st

PLAIN = ["proxy.test:8080", "http=a.test:1;https=b.test:2", "http://wpad.test/x.pac", "", "<local>;*.a.test"]
SECRET = [
    ("user:pw@p.test:1", "***@p.test:1"),
    ("http=user:p/w=;x", "http=user:p/w=;x"),
    ("http=user:p/w=x@p.test:1;https=q.test:2", "***@p.test:1;https=q.test:2"),
    ("http://user:p@ss@p.test:1", "***@p.test:1"),
    ("https=http://u@p.test:1 other:2", "***@p.test:1 other:2"),
    ("user:pä ss;w@p.test:1", "***@p.test:1"),
]


@pytest.mark.parametrize("text", PLAIN)
def test_what_holds_none_is_left_as_it_is(text: str) -> None:
    assert masked(text) == text
    assert not in_bytes(text.encode())
    assert not in_bytes(text.encode("utf-16-le"))


@pytest.mark.parametrize(("text", "shown"), SECRET)
def test_what_holds_some_is_masked(text: str, shown: str) -> None:
    assert masked(text) == shown
    for encoding in ("utf-8", "utf-16-le"):
        assert in_bytes(text.encode(encoding)) == ("***" in shown)


@given(st.text("abcXYZ0189:/=._-%$", min_size=1).filter(lambda word: len(word) > 3))
def test_no_password_is_left(password: str) -> None:
    assert masked(f"http=user:{password}@p.test:1") == "***@p.test:1"
    assert in_bytes(f"http=user:{password}@p.test:1".encode())


@pytest.mark.parametrize("length", [64, 0x4040])
def test_a_length_or_a_counter_of_64_is_no_at_sign(length: int) -> None:
    text = b"p" * length
    assert not in_bytes(struct.pack("<IIII", 0x18, 0, 3, length) + text + struct.pack("<I", 64) + text[:64])
    assert not in_bytes(struct.pack("<III", 0x46, 64, 9) + bytes(44))
