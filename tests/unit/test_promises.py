# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each sentence that promises a message, a file or an exit code has a row in tests/promises.md with its test."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.guides import GUIDES, prose
from tests.unit.test_tables import TESTS, defined

ROOT = TESTS.parent
PAGES = ("README.md", "docs/awx/README.md", *(str(guide.relative_to(ROOT)) for guide in GUIDES))
# What a sentence has that promises something. Tables are not searched: most of their cells are no sentences.
PROMISE = re.compile(
    r"exit code|refuse[sd]?\b|\b(says?|said|writes|prints|warns|stops|fails|is named|is left|are left|leaves|leave)\b"
    r"|\bends? (with|well|as)\b|\b(it|also|result) names\b|\bnames only\b|\ban error\b|\.(json|csv|html)`"
)
ROW = re.compile(r"^\| `([\w/.]+\.(?:md|rst))` \| (.+) \| (.+) \|$", re.MULTILINE)


def flat(text: str) -> str:
    return " ".join(text.split())


def markdown(text: str) -> str:
    """A page without code, headings, tables and pictures."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^(#|\||!\[|    ).*$", "", text, flags=re.MULTILINE)


def paragraphs(text: str) -> Iterator[str]:
    """Each paragraph of a prose, and each point of a list for itself."""
    points = re.sub(r"^ *(- |\d+\. )", "\n\n", text, flags=re.MULTILINE)
    yield from filter(None, map(flat, re.split(r"\n\s*\n", points)))


def sentences(text: str) -> list[str]:
    return [part for paragraph in paragraphs(text) for part in re.split(r"(?<=[.!?]) (?=[^a-z])", paragraph)]


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows() -> list[tuple[str, str, str]]:
    """File, sentence and tests of each row."""
    return ROW.findall((TESTS / "promises.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", PAGES)
def test_every_sentence_that_looks_like_a_promise_is_in_the_table(name: str) -> None:
    known = [flat(sentence) for file, sentence, _tests in rows() if file == name]
    plain = prose(page(name)) if name.endswith(".rst") else markdown(page(name))
    found = [sentence for sentence in sentences(plain) if PROMISE.search(sentence)]
    assert sentences(plain)
    assert [sentence for sentence in found if not any(sentence in row for row in known)] == []


def test_every_row_quotes_its_page_to_the_letter_and_once() -> None:
    assert [row for row in rows() if flat(row[1]) not in flat(page(row[0]))] == []
    quoted = [row[:2] for row in rows()]
    assert len(quoted) == len(set(quoted))


def test_every_row_names_tests_that_exist_or_says_why_it_promises_nothing() -> None:
    known = defined()
    for _file, sentence, tests in rows():
        names = set(re.findall(r"`(test_\w+)`", tests))
        assert names <= known, sentence
        assert names or tests.startswith("No promise: "), sentence


def test_a_sentence_is_told_from_code_tables_and_headings() -> None:
    text = "# It says so\n\nIt is. It prints\n`a.json`.\n\n- It fails.\n\n```sh\nit stops\n```\n\n| it says |\n"
    told = ["It is.", "It prints `a.json`.", "It fails."]
    assert sentences(markdown(text)) == told
    assert [bool(PROMISE.search(each)) for each in told] == [False, True, True]
    guide = ".. _label:\n\nIt says so\n==========\n\nIt is. It prints\n`a.json`.\n\n- It fails.\n\n"
    code = ".. code-block:: sh\n\n    it stops\n\n    it says\n\n.. list-table::\n\n   * - it says\n     - a\n"
    assert sentences(prose(guide + code)) == told
    assert sentences(prose(code + "\n" + guide)) == told
