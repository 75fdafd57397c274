# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is safe to show: nothing acts on a terminal, nothing is invisible, and letters of all languages stay."""

from __future__ import annotations

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._text import printable, safe
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "bad",
    [
        "\x1b", "\x9b", "\x9d", "\x07", "\x08", "\r", "\0", "\x7f", "\x85", "\x0b", "\x1c",
        "\u202e", "\u2066", "\u200e", "\u061c", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u3164",
        "\ufe0f", "\u2028", "\u2029", "\U000e0041", "\ue000", "\ufffe",
    ],
)  # fmt: skip
def test_what_acts_or_hides_is_replaced(bad: str) -> None:
    assert safe(f"a{bad}b") == "a\ufffdb"
    assert printable(f"a{bad}b", 10) == "a\ufffdb"


@pytest.mark.parametrize(
    "good", ["Zugriff verweigert: Schlüssel", "直接アクセス\u3000プロキシ。", "accès refusé\u00a0!", "נדחה", "a\tb\nc"]
)
def test_words_of_any_language_stay(good: str) -> None:
    assert safe(good) == good


def test_a_cut_is_seen() -> None:
    assert printable(" one \n  two\tthree ", 7) == "one two..."
    assert printable("one two", 7) == "one two"


@given(st.text())
def test_nothing_that_comes_out_is_odd(text: str) -> None:
    done = safe(text)
    assert len(done) == len(text)
    assert all(one.isprintable() or one in "\t\n" or one.isspace() for one in done)
    assert safe(done) == done
