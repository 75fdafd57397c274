# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sensor's log on a simulated endpoint: events as a test sets them, and as wevtutil.exe prints them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

from windows_lab.profiles import Profile

CHANNEL = "Microsoft-Windows-SENSE/Operational"
_PROVIDER = "Microsoft-Windows-SENSE"
_GUID = "{fae96d09-ade1-5223-0098-af7b67348531}"
START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
_ERRORS = (3, 5, 6, 7, 15)
_WARNINGS = (67,)


@dataclass(frozen=True)
class Event:
    """An event of the sensor; `data` is name and text of each entry, and an empty name is none."""

    id: int
    data: tuple[tuple[str, str], ...] = ()
    time: datetime = START

    @property
    def level(self) -> int:
        """2 is an error, 3 a warning, 4 information."""
        return 2 if self.id in _ERRORS else 3 if self.id in _WARNINGS else 4


def succeeded(uri: str, attempts: int = 1, time: datetime = START) -> Event:
    """All contacts of a URI went well."""
    return Event(4, (("UInt1", str(attempts)), ("Message1", uri)), time)


def failed(uri: str, code: int, attempts: int = 1, time: datetime = START) -> Event:
    """All contacts of a URI failed."""
    return Event(5, (("UInt1", str(attempts)), ("Message1", uri), ("Int1", str(code))), time)


def mixed(uri: str, broken: int, worked: int, code: int, time: datetime = START) -> Event:
    """Some contacts of a URI failed."""
    counts = (("UInt1", str(broken + worked)), ("UInt2", str(broken)), ("UInt3", str(worked)))
    return Event(67, (*counts, ("Message1", uri), ("Int1", str(code))), time)


def xml(event: Event, record: int, computer: str) -> str:
    """The event on one line, in single quotes as wevtutil writes it; `record` is its number in the log."""
    created = f"{event.time:%Y-%m-%dT%H:%M:%S}.1234567Z"
    data = "".join(
        f"<Data{f' Name={_attribute(name)}' if name else ''}>{escape(text)}</Data>"
        for name, text in event.data
    )
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        f"<Provider Name='{_PROVIDER}' Guid='{_GUID}'/><EventID>{event.id}</EventID><Version>0</Version>"
        f"<Level>{event.level}</Level><Task>0</Task><Opcode>0</Opcode><Keywords>0x8000000000000000</Keywords>"
        f"<TimeCreated SystemTime='{created}'/><EventRecordID>{record}</EventRecordID><Correlation/>"
        f"<Execution ProcessID='3388' ThreadID='4012'/><Channel>{CHANNEL}</Channel>"
        f"<Computer>{escape(computer)}</Computer><Security UserID='S-1-5-18'/></System>"
        f"<EventData>{data}</EventData></Event>"
    )


def _attribute(text: str) -> str:
    return quoteattr(text).replace('"', "'")


@functools.cache
def _onboarded() -> tuple[Event, ...]:
    command, cyber = (
        "https://winatp-gw-weu.microsoft.com/commands",
        "https://eu-v20.events.data.microsoft.com",
    )
    hours = [START + timedelta(hours=number) for number in range(1, 7)]
    return (
        Event(1),
        Event(11),
        Event(50),
        Event(39, (("UInt1", "5"), ("Bool1", "false"), ("Bool2", "true"), ("Bool3", "true"))),
        failed(command, 12007, time=hours[0]),
        *(succeeded(uri, 12, time) for time in hours for uri in (command, cyber)),
    )


def seeded(profile: Profile) -> list[Event]:
    """The log of a fresh endpoint, oldest event first."""
    return list(_onboarded()) if profile.onboarded else [Event(6)]
