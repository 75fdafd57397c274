# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The request as it travels, and the answer as it is read: one schema for both."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils import _probe
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._answer import NoAnswer, read_answer
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._request import Request, ways_of
from hypothesis import given
from hypothesis import strategies as st

SCHEMA = json.loads((Path(_probe.__file__).parent / "schema.json").read_text(encoding="utf-8"))
PATHS = ["effective", "winhttp", "static", "wpad", "direct", "proxy.example.com:8080"]
URLS = ("https://a.example/", "http://b.example/")
REQUEST = Request("0123456789abcdef", 10000, 60000, 32, ways_of(PATHS), URLS, (1,))
# What a line of the request may hold: nothing that cmd.exe, either engine or find gives a meaning to.
TRAVELS = re.compile(r'[A-Za-z0-9 ._:/=+\\{}\[\],"-]*')


def answer(**changes: Any) -> dict[str, Any]:
    row = {"outcome": "answered", "proxy": "", "status": 200, "error": 0, "unknown_authority": False}
    row |= {"milliseconds": 5, "headers": {"server": "x"}}
    indices = [(url, way) for url in range(2) for way in range(len(PATHS))]
    rows = [{"url": url, "way": way, **row} for url, way in indices]
    return {"format": 1, "token": REQUEST.token, "engine": "wsh", "error": "", "static": "", "rows": rows, **changes}


def test_the_request_is_as_the_schema_says() -> None:
    jsonschema.validate(json.loads(REQUEST.text()), SCHEMA)
    assert [way["way"] for way in json.loads(REQUEST.text())["ways"]] == [
        "sensor",
        "default",
        "static",
        "detect",
        "direct",
        "named",
    ]


NASTY = ["'", '"', "$(calc)", "`n", "</script>", "*/", "//@cc_on", "%TEMP%", "^&|<>", "\u201c"]


@given(st.text(), st.sampled_from(NASTY))
def test_whatever_a_url_holds_it_travels_as_data(text: str, nasty: str) -> None:
    url = f"https://a.example/{text}{nasty}"
    line = dataclasses.replace(REQUEST, urls=(url,)).text()
    assert TRAVELS.fullmatch(line)
    assert json.loads(line)["urls"] == [url]


def test_the_answer_is_read() -> None:
    content = answer()
    jsonschema.validate(content, SCHEMA)
    read = read_answer(f"noise of a profile\n{json.dumps(content)}\n", REQUEST)
    assert [dataclasses.asdict(row) for row in read.rows] == content["rows"]
    assert (read.engine, read.static) == ("wsh", "")


def first_row(**changes: Any) -> dict[str, Any]:
    rows = answer()["rows"]
    return answer(rows=[{**rows[0], **changes}, *rows[1:]])


@pytest.mark.parametrize(
    "content",
    [
        answer(token="fedcba9876543210"),
        answer(format=2),
        answer(rows=answer()["rows"][:-1]),
        answer(rows=answer()["rows"][::-1]),
        answer(rows=None),
        answer(static=None),
        answer(engine="bash"),
        answer(error="constrained language"),
        first_row(outcome="fine"),
        first_row(status="200"),
        first_row(status=True),
        first_row(headers=[]),
        first_row(headers={"server": 1}),
        first_row(unknown_authority=0),
        {},
        [],
    ],
)
def test_what_is_not_the_whole_answer_is_none(content: Any) -> None:
    with pytest.raises(NoAnswer):
        read_answer(json.dumps(content), REQUEST)


@given(st.text())
def test_any_other_output_is_no_answer(text: str) -> None:
    with pytest.raises(NoAnswer):
        read_answer(text, REQUEST)
