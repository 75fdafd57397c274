# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each URI's events come to: its last success, its last failure, and whether the sensor reaches it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from .._credentials import shown_proxies, shown_url
from .._windows._winhttp_errors import name_of, number_of
from ._events import Event

SUCCEEDED, FAILED, MIXED, NO_COMMAND_CHANNEL = 4, 5, 67, 15
# The numbers that an event carries, in order.
_NUMBERS = {
    SUCCEEDED: ("attempts",),
    FAILED: ("attempts", "code"),
    MIXED: ("attempts", "failed", "succeeded", "code"),
    NO_COMMAND_CHANNEL: (),
}
CONTACT_IDS = tuple(_NUMBERS)
# How the builds call them that name their data.
_NAMES = {"UInt1": "attempts", "UInt2": "failed", "UInt3": "succeeded", "Int1": "code"}
_URI_NAME = "Message1"
# No scheme has more characters, and each place of a text is looked at for as many.
_URI = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,31}://[^\s\"'<>]+")
_NUMBER = re.compile(r"-?[0-9]{1,20}|0x[0-9A-Fa-f]{1,16}")


@dataclass(frozen=True)
class Report:
    """What one event says of one URI; numbers are None where it does not tell.

    worked and broke say whether any contact succeeded and whether any failed: both can be so, and neither is known
    of an event that counts nothing.
    """

    uri: str
    event: Event
    worked: bool
    broke: bool
    attempts: int | None = None
    failed: int | None = None
    error: int | None = None


@dataclass(frozen=True)
class Contact:
    """A URI and its reports, newest first; doubtful where a newer event of the log is not understood."""

    uri: str
    reports: tuple[Report, ...]
    doubtful: bool = False

    @property
    def last_success(self) -> Report | None:
        return next((report for report in self.reports if report.worked), None)

    @property
    def last_failure(self) -> Report | None:
        return next((report for report in self.reports if report.broke), None)

    @property
    def state(self) -> str:
        last = self.reports[0]
        if self.doubtful:
            return "unknown"
        if last.broke:
            return "failing"
        return "ok" if last.worked else "unknown"

    @property
    def shown(self) -> str:
        """The URI as a result or a sentence may show it."""
        return _shown(self.uri)

    def report(self) -> dict[str, Any]:
        last, success, failure = self.reports[0], self.last_success, self.last_failure
        error = failure.error if failure else None
        return {
            "uri": self.shown,
            "state": self.state,
            "last_success": success.event.time if success else None,
            "last_failure": failure.event.time if failure else None,
            "attempts": last.attempts,
            "failed": last.failed,
            "error": error,
            "error_name": error_name(error),
        }


def contacts(events: Sequence[Event]) -> tuple[list[Contact], int]:
    """The contacts by URI, out of events newest first, and how many events are not understood."""
    found: dict[str, list[Report]] = {}
    clear: set[str] = set()
    not_understood = 0
    for event in events:
        report = _understood(event)
        if report is None:
            not_understood += 1
            continue
        if not not_understood:
            clear.add(report.uri)
        found.setdefault(report.uri, []).append(report)
    made = [Contact(uri, tuple(found[uri]), doubtful=uri not in clear) for uri in sorted(found)]
    return made, not_understood


def error_name(error: int | None) -> str | None:
    """The name of WinHTTP's error or of the HTTP status, None for any other number."""
    if error is None:
        return None
    if error in HTTPStatus.__members__.values():
        return f"HTTP {error} {HTTPStatus(error).phrase}"
    return name_of(error)


def _understood(event: Event) -> Report | None:
    """What an event says, or None where it names no URI or is of no known kind."""
    uri = _uri(event)
    if not uri or event.id not in _NUMBERS:
        return None
    numbers = _numbers(event)
    attempts, failed = numbers.get("attempts"), numbers.get("failed")
    if event.id == SUCCEEDED:
        return Report(uri, event, worked=attempts != 0, broke=False, attempts=attempts, failed=0)
    code = numbers.get("code")
    error = number_of(code) if code else None
    if event.id == MIXED:
        worked = numbers.get("succeeded", 0) > 0
        return Report(uri, event, worked, failed is None or failed > 0, attempts, failed, error)
    return Report(uri, event, worked=False, broke=True, attempts=attempts, failed=attempts, error=error)


def _uri(event: Event) -> str:
    """The URI without a query where it is understood; else all of it, which is not shown."""
    for name, text in event.data:
        if name == _URI_NAME and text and " " not in text:
            return _without_query(text)
    for text in (text for _name, text in event.data):
        if found := _URI.search(text):
            return _without_query(found.group().rstrip(".,;"))
    return ""


def _without_query(uri: str) -> str:
    address = re.split(r"[?#]", uri, maxsplit=1)[0]
    return address if "@" not in uri and _shown(address) == address else uri


def _shown(uri: str) -> str:
    return shown_url(uri) if "://" in uri else shown_proxies(uri)


def _numbers(event: Event) -> Mapping[str, int]:
    """The numbers of an event by what they count: by the names of the data, else by their order."""
    found = [(name, _integer(text)) for name, text in event.data if _NUMBER.fullmatch(text)]
    named = {_NAMES[name]: number for name, number in found if name in _NAMES}
    if named:
        return named
    meanings = _NUMBERS[event.id]
    if len(found) != len(meanings):
        return {}
    return dict(zip(meanings, (number for _name, number in found), strict=True))


def _integer(text: str) -> int:
    return int(text, 16 if text.startswith("0x") else 10)
