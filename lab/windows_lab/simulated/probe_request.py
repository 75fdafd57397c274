# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The request of the reachability probe, read so strictly that a wrong one from the product fails loudly."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from windows_lab.simulated.winhttp import Url

_FIELDS = {"format", "token", "timeout", "deadline", "parallel", "ways", "urls", "direct"}
_WAYS = ("sensor", "default", "direct", "static", "detect", "named")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
# What the probe's own reader, in a language without JSON, can be trusted with.
_ESCAPED = re.compile(r"(?:[A-Za-z0-9 ._:/=+-]|\\u[0-9a-f]{4})*")
_TOKEN = re.compile(r"[0-9a-f]+")
_PROXY = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([1-9][0-9]{0,4})")


class BadRequest(Exception):
    """The probe was handed what its format does not allow."""


@dataclass(frozen=True)
class Way:
    """One way to ask each URL; `proxy` is "host:port" for the way "named", else empty."""

    way: str
    proxy: str


@dataclass(frozen=True)
class Request:
    """What to ask; `timeout` for a step of a request and `deadline` for all of them are milliseconds."""

    token: str
    timeout: int
    deadline: int
    parallel: int
    ways: tuple[Way, ...]
    urls: tuple[Url, ...]
    direct: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Request:
        """Read the JSON text; raises BadRequest."""
        _check_spelling(text)
        try:
            fields = json.loads(text, object_pairs_hook=_object)
        except json.JSONDecodeError as error:
            raise BadRequest(f"the request is not JSON: {error}") from error
        _need(isinstance(fields, dict) and set(fields) == _FIELDS, f"the request must have {sorted(_FIELDS)}")
        _need(_positive(fields["format"]) and fields["format"] == 1, "the format must be 1")
        _need(_matches(_TOKEN, fields["token"]), "the token must be hexadecimal digits in lower case")
        for name in ("timeout", "deadline", "parallel"):
            _need(_positive(fields[name]), f"{name} must be a whole number above 0")
        urls = tuple(_url(item) for item in _list(fields["urls"], "urls"))
        return cls(
            fields["token"],
            fields["timeout"],
            fields["deadline"],
            fields["parallel"],
            tuple(_way(item) for item in _list(fields["ways"], "ways")),
            urls,
            _places(fields["direct"], len(urls)),
        )


def _need(condition: bool, message: str) -> None:
    if not condition:
        raise BadRequest(message)


def _check_spelling(text: str) -> None:
    _need(text.isascii() and text.isprintable(), "the request must be one line of ASCII")
    for match in _STRING.finditer(text):
        _need(
            _matches(_ESCAPED, match[1]),
            f"the string {match[0]} has a character that must be written as \\uXXXX",
        )


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        _need(name not in found, f"{name} is there twice")
        found[name] = value
    return found


def _positive(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _list(value: object, name: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise BadRequest(f"{name} must be a list with something in it")
    return value


def _places(value: object, count: int) -> tuple[int, ...]:
    places = value if isinstance(value, list) else [None]
    # A truth value is a number to Python.
    if not all(isinstance(place, int) and not isinstance(place, bool) and 0 <= place < count for place in places):
        raise BadRequest("direct must be a list of places of urls")
    return tuple(places)


def _way(item: object) -> Way:
    if not isinstance(item, dict) or set(item) != {"way", "proxy"}:
        raise BadRequest("each of the ways must have way and proxy")
    way, proxy = item["way"], item["proxy"]
    _need(way in _WAYS, f"the way must be one of {_WAYS}")
    if way != "named":
        _need(proxy == "", f"the way {way} has no proxy of its own")
        return Way(way, "")
    match = _PROXY.fullmatch(proxy) if isinstance(proxy, str) else None
    _need(match is not None and int(match[1]) < 65536, "a named proxy must be host:port")
    return Way(way, proxy)


def _url(item: object) -> Url:
    if not isinstance(item, str):
        raise BadRequest("each of the urls must be a string")
    try:
        return Url.parse(item)
    except ValueError as error:
        raise BadRequest(str(error)) from error
