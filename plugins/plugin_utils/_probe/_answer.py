# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe's answer, checked before anything is made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._credentials import shown_words
from .._services._names import is_whole
from .._windows._text import printable, safe
from ._request import FORMAT, Request

OUTCOMES = ("answered", "failed", "timeout", "not_tried", "no_proxy", "not_supported")
_SAID_LIMIT = 300
_TEXTS = ("outcome", "proxy")
_NUMBERS = ("url", "way", "status", "error", "milliseconds")


class NoAnswer(Exception):
    """The probe did not run, or what came back is not its answer to this request."""


@dataclass(frozen=True)
class Row:
    """What came of one address on one way: indices into the request, and what WinHTTP said.

    status is 0 and headers are empty without a response; error is an unsigned HRESULT, 0 for none.
    """

    url: int
    way: int
    outcome: str
    proxy: str
    status: int
    error: int
    unknown_authority: bool
    milliseconds: int
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """The rows in the order of the request, and the static proxy as the probe read it."""

    engine: str
    static: str
    rows: tuple[Row, ...]


def read_answer(text: str, request: Request) -> Answer:
    """Read what the probe printed; raises NoAnswer where it is not the whole answer to this request."""
    lines = [line for line in text.split("\n") if line.startswith("{")]
    try:
        content = json.loads(lines[-1]) if lines else None
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise NoAnswer(printable(shown_words(text), _SAID_LIMIT) or "nothing")
    if content.get("error"):
        raise NoAnswer(printable(shown_words(safe(str(content["error"]))), _SAID_LIMIT))
    if content.get("format") != FORMAT or content.get("token") != request.token:
        raise NoAnswer("an answer to another request, so another run may be at work on this endpoint")
    rows = content.get("rows")
    wanted = [(url, way) for url in range(len(request.urls)) for way in range(len(request.ways))]
    if not isinstance(rows, list) or len(rows) != len(wanted):
        raise NoAnswer("an answer with rows missing")
    if not isinstance(content.get("static"), str) or content.get("engine") not in ("powershell", "wsh"):
        raise NoAnswer("an answer of an unknown shape")
    read = tuple(_row(row) for row in rows)
    if [(row.url, row.way) for row in read] != wanted:
        raise NoAnswer("an answer with its rows out of order")
    return Answer(content["engine"], content["static"], read)


def _row(row: Any) -> Row:
    well_formed = (
        isinstance(row, dict)
        and all(isinstance(row.get(name), str) for name in _TEXTS)
        and all(is_whole(row.get(name)) for name in _NUMBERS)
        and isinstance(row.get("unknown_authority"), bool)
        and isinstance(row.get("headers"), dict)
        and all(isinstance(value, str) for value in row["headers"].values())
        and row["outcome"] in OUTCOMES
    )
    if not well_formed:
        raise NoAnswer("an answer with a row of an unknown shape")
    return Row(**{name: row[name] for name in Row.__dataclass_fields__})
