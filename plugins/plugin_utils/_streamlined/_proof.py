# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of a move: what the sensor keeps of its onboarding, and that it contacted the new service since."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from ansible.errors import AnsibleError

from .._resources._onboarding import Onboarding
from .._sensor._contacts import SUCCEEDED, contacts
from .._sensor._events import Event, newest, parse
from .._windows._endpoint import Endpoint, EndpointError
from .._windows._registry import Reading
from ._readiness import STATE_QUERIES

STANDARD, STREAMLINED = "standard", "streamlined"
STARTED = 1
_SEEN = 20
_HOST = re.compile(r"(?:[a-z]+://)?([^/:]+)", re.IGNORECASE)
_DOMAINS = (".endpoint.security.microsoft.com", ".endpoint.security.microsoft.us")
# Seconds between two looks: the first, and the longest.
_PAUSE, _LONGEST_PAUSE = 1.0, 15.0


@dataclass(frozen=True)
class Look:
    """What an endpoint shows after a write.

    contact is the sensor's event of a contact with the service that is wanted, uri what it contacted, started whether
    the sensor was started: all since the write.
    """

    onboarding: Onboarding
    wanted: str
    contact: Event | None
    uri: str
    started: bool

    @property
    def proven(self) -> bool:
        return self.onboarding.connectivity == self.wanted and self.contact is not None

    def __str__(self) -> str:
        kept = f"OnboardedInfo says {self.onboarding.connectivity}"
        if self.contact is None:
            return f"{kept}, and no event 4 of the sensor shows a contact with the {self.wanted} service since"
        return f"{kept}, and event 4 of {self.contact.time} shows a contact with {self.uri}"


def look(endpoint: Endpoint, since: int, wanted: str) -> Look:
    """Look once; since is the number of the last event before the write. Raises what Endpoint.run and parse raise."""
    reading = Reading(STATE_QUERIES)
    log = (newest((SUCCEEDED,), _SEEN), newest((STARTED,), 1))
    *answers, contacted, starts = endpoint.run([*reading.commands, *log])
    onboarding = Onboarding.decode(reading.parse(answers))
    found, _unknown = contacts([event for event in parse(contacted) if event.record > since])
    reports = [
        (each.last_success.event, each.shown)
        for each in found
        if each.last_success and is_streamlined(each.uri) == (wanted == STREAMLINED)
    ]
    contact, uri = max(reports, key=lambda entry: entry[0].record, default=(None, ""))
    return Look(onboarding, wanted, contact, uri, any(event.record > since for event in parse(starts)))


def await_proof(
    look_once: Callable[[], Look], renew: Callable[[], None], seconds: int, check: Callable[[], None]
) -> Look:
    """Look until there is a proof or the seconds are over, and return the last look.

    An endpoint that restarts does not answer for a while: renew begins a new connection. check raises where nothing
    may be asked any more. Raises what the last look raised.
    """
    until, pause = time.monotonic() + seconds, _PAUSE
    while True:
        check()
        lost: Exception | None = None
        seen: Look | None = None
        try:
            seen = look_once()
        except (AnsibleError, EndpointError) as error:
            check()
            lost = error
            renew()
        left = until - time.monotonic()
        if seen and (seen.proven or left <= 0):
            return seen
        if lost and left <= 0:
            raise lost
        time.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE)


def is_streamlined(uri: str) -> bool:
    """Whether a URI is one of the service for streamlined connectivity."""
    found = _HOST.match(uri)
    return found is not None and found[1].lower().endswith(_DOMAINS)
