# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The question that the module sensor_contacts asks: one batch for the sensor's state and for its log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._inquiry import Inquiry
from .._resources._resource import InvalidOption
from .._windows._endpoint import Endpoint
from .._windows._registry import Reading
from ._contacts import CONTACT_IDS, contacts
from ._events import newest, parse, require_parser
from ._hints import hints
from ._notices import QUERIED, newest_of_each, report
from ._state import QUERIES, SERVICE_COMMANDS, SensorState

_MOST = 1000
# As many as cover weeks of a log in which contacts are by far the most frequent.
_NOTICES = 100


class SensorContacts(Inquiry):
    """What the sensor wrote about its contacts, and its state."""

    name = "sensor_contacts"

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self._count = int(options["count"])
        if not 1 <= self._count <= _MOST:
            raise InvalidOption("count", f"must be a number from 1 to {_MOST}, not {self._count}.")
        require_parser()

    def ask(self, endpoint: Endpoint) -> dict[str, Any]:
        reading = Reading(QUERIES)
        log = (newest(CONTACT_IDS, self._count), *(newest(ids, _NOTICES) for ids in QUERIED))
        completed = endpoint.run([*reading.commands, *SERVICE_COMMANDS, *log])
        *answers, sense, diagtrack, contact_log, first, second = completed
        state = SensorState.decode(reading.parse(answers), sense, diagtrack)
        events = parse(contact_log)
        found, not_understood = contacts(events)
        other = sorted((*parse(first), *parse(second)), key=lambda event: event.record, reverse=True)
        notices = newest_of_each(other)
        return {
            "contacts": [contact.report() for contact in found],
            "sensor": state.report(),
            "notices": [report(event) for event in notices],
            "events": {
                "considered": len(events),
                "not_understood": not_understood,
                "oldest": events[-1].time if events else None,
                "newest": events[0].time if events else None,
            },
            "hints": hints(state, found, notices, not_understood),
        }
