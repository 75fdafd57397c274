# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What else the sensor's log says of its connectivity: the events that name no contact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ._events import Event

CONFIGURATION_APPLIED = 50
# The ids of Microsoft's page of events, of 2026-07-02.
NOTICES = {
    1: "The sensor started.",
    3: "The sensor failed to start.",
    6: "The sensor is not onboarded.",
    7: "The sensor could not read its onboarding parameters.",
    11: "Onboarding completed.",
    12: "The sensor could not apply its default or its cloud configuration.",
    28: "Registration with Connected User Experiences and Telemetry (DiagTrack) failed.",
    34: "The sensor could not be made dependent on Connected User Experiences and Telemetry (DiagTrack).",
    35: "The quotas of what may lie on the disk and be sent in a day were updated.",
    36: "Registration with Connected User Experiences and Telemetry (DiagTrack) succeeded.",
    38: "The connection counts as a slow or metered one, so the sensor contacts its service less often.",
    39: "The connection counts as a normal one.",
    44: "Offboarding completed.",
    49: "The cloud configuration failed.",
    CONFIGURATION_APPLIED: "A new cloud configuration was applied.",
    92: "The quota of data to send is used up.",
    93: "The quota of data to send is available again.",
    99: "The sensor could not communicate.",
    405: "A request to the authentication service failed.",
    406: "The authentication service rejected a request.",
    411: "Cyber data is no longer sent, since the token is invalid or has expired.",
    412: "Cyber data is sent again, with a new token.",
}
# Windows takes up to 20 ids in one query.
QUERIED = (tuple(NOTICES)[:20], tuple(NOTICES)[20:])


def newest_of_each(events: Iterable[Event]) -> list[Event]:
    """The newest event of each id, out of events newest first."""
    found: dict[int, Event] = {}
    for event in events:
        if event.id in NOTICES:
            found.setdefault(event.id, event)
    return list(found.values())


def report(event: Event) -> dict[str, Any]:
    return {"id": event.id, "time": event.time, "meaning": NOTICES[event.id]}
