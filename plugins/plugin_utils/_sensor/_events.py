# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sensor's log: a query for wevtutil.exe out, events in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .._credentials import shown_words
from .._resources._resource import Refused
from .._windows._endpoint import Command, Completed, EndpointError, quoted
from .._windows._text import safe

try:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring
except ImportError:
    MISSING = (
        "Reading the sensor's log needs the Python package defusedxml on the controller: install it with pip."
    )
else:
    MISSING = ""

CHANNEL = "Microsoft-Windows-SENSE/Operational"
# 1,000 events are about 1.5 million characters; what is far above that is no answer of wevtutil.
_LARGEST = 8_000_000
_SECONDS = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?Z")
# XML 1.0 has no such characters, neither as they are nor by number, but the log may hold and wevtutil print them.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#(?:[0-9]+|x[0-9A-Fa-f]+);")

_CHANNEL_MISSING = 15007
# wevtutil ends with the error number of Windows: access is denied; the event log service does not answer.
_REASONS = {
    5: "the connecting user may not read it: connect as an administrator or a member of Event Log Readers",
    1717: "the service EventLog does not answer: start it",
    1722: "the service EventLog does not answer: start it",
    1753: "the service EventLog does not answer: start it",
}


class LogUnreadable(EndpointError):
    """wevtutil.exe did not bring the events, or they can't be understood."""


@dataclass(frozen=True)
class Event:
    """One event: its id, its number in the log, its time (ISO 8601, UTC), and its data as (name, text) in order."""

    id: int
    record: int
    time: str
    data: tuple[tuple[str, str], ...] = ()


def require_parser() -> None:
    """Raise Refused where the controller lacks what parse needs."""
    if MISSING:
        raise Refused(MISSING)


def newest(ids: Iterable[int], count: int) -> Command:
    """Ask for the newest events with these ids, newest first.

    Windows takes up to 20 expressions in such a query (its documentation, Consuming Events).
    """
    wanted = " or ".join(f"EventID={number}" for number in ids)
    return Command(f"wevtutil qe {CHANNEL} /q:{quoted(f'*[System[({wanted})]]')} /c:{count} /rd:true /f:xml")


def parse(completed: Completed) -> list[Event]:
    """The events in the order of the log's answer; raises LogUnreadable."""
    if completed.rc:
        raise LogUnreadable(_failure(completed))
    if len(completed.stdout) > _LARGEST:
        raise LogUnreadable(
            f"The answer of wevtutil about {CHANNEL} is over {_LARGEST} characters: ask for fewer events (count)."
        )
    try:
        root = fromstring(f"<Events>{_NO_XML.sub(_harmless, completed.stdout)}</Events>")
        return [_event(element) for element in root if element.tag.rpartition("}")[2] == "Event"]
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise LogUnreadable(
            f"The answer of wevtutil about {CHANNEL} is not XML as expected: {error}."
        ) from None


def _failure(completed: Completed) -> str:
    if completed.rc == _CHANNEL_MISSING:
        return (
            f"The log {CHANNEL} does not exist on this endpoint: its Windows has no Defender for Endpoint sensor "
            "that writes one."
        )
    if completed.rc in _REASONS:
        return f"The log {CHANNEL} could not be read, since {_REASONS[completed.rc]}."
    said = shown_words(" ".join(completed.stdout.split()))[:200].rstrip(".")
    return f"The log {CHANNEL} could not be read: wevtutil ended with {completed.rc} and said: {said or 'nothing'}."


def _harmless(found: re.Match[str]) -> str:
    """What stands for a character: itself where it is one of XML, else nothing."""
    text = found.group()
    if len(text) == 1:
        return ""
    digits = text[2:-1]
    number = int(digits[1:], 16) if digits[0] == "x" else int(digits[:20])
    return text if 0x1F < number < 0xD800 or number in (9, 10, 13) else ""


def _event(element: Any) -> Event:
    """One event; raises ValueError for what has no id, number or time."""
    number = element.findtext("{*}System/{*}EventID") or ""
    record = element.findtext("{*}System/{*}EventRecordID") or ""
    created = element.find("{*}System/{*}TimeCreated")
    time = _SECONDS.fullmatch(created.get("SystemTime") or "") if created is not None else None
    if time is None or not (number.isdecimal() and record.isdecimal()):
        raise ValueError("an event has no id, no number or no time")
    data = tuple(
        (safe(entry.get("Name") or ""), " ".join(safe(entry.text or "").split()))
        for entry in element.iterfind("{*}EventData/{*}Data")
    )
    return Event(int(number), int(record), f"{time[1]}Z", data)
