# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about what the sensor says, a sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ._contacts import FAILED, MIXED, Contact
from ._events import CHANNEL, Event
from ._notices import CONFIGURATION_APPLIED
from ._state import SensorState

_BAD_REQUEST, _PROXY_AUTHENTICATION, _TLS_FAILED = 400, 407, 12175
_ADVICE = {
    _BAD_REQUEST: "The service refused the sensor (HTTP 400), as it does when the organization id (OrgId) of the "
    "onboarding has expired or does not match: onboard the endpoint again with a current package.",
    _PROXY_AUTHENTICATION: "The proxy asks the sensor to sign in (HTTP 407), and the sensor is anonymous: let the "
    "service URLs through without authentication.",
    _TLS_FAILED: "No trusted TLS connection came about (12175): see that the endpoint trusts the root certificates "
    "of Microsoft and gets updates of its root list, and that no proxy inspects this traffic.",
}


def hints(
    sensor: SensorState, contacts: Sequence[Contact], notices: Sequence[Event], not_understood: int
) -> list[str]:
    """The sentences, the state of the sensor first."""
    return [
        *_about_sensor(sensor),
        *_about_log(contacts, not_understood),
        *_about_errors(contacts, notices),
    ]


def _about_sensor(sensor: SensorState) -> Iterator[str]:
    if not sensor.sensor.onboarded:
        yield "OnboardingState is not 1, so the endpoint is not onboarded: onboard it."
    if sensor.sense is None:
        yield "The state of the service Sense could not be read."
    elif sensor.sense != "running":
        yield f"The service Sense is {sensor.sense}, and a sensor that does not run contacts nothing."


def _about_log(contacts: Sequence[Contact], not_understood: int) -> Iterator[str]:
    if not contacts:
        yield f"The log {CHANNEL} holds no contact, so nothing is known of what the sensor reaches."
    if not_understood:
        yield (
            f"Events about contacts that are not understood: {not_understood}; what is older is unknown."
        )


def _about_errors(contacts: Sequence[Contact], notices: Sequence[Event]) -> Iterator[str]:
    """One sentence per code, with the URIs that have it now; the rules for 400 and 12175 are the analyzer's."""
    applied = max((event.record for event in notices if event.id == CONFIGURATION_APPLIED), default=0)
    uris: dict[int, list[str]] = {}
    for contact in contacts:
        failure = contact.last_failure
        if failure is None or contact.state == "ok" or failure.event.id not in (FAILED, MIXED):
            continue
        # A configuration that came from the cloud since then shows that the service knows the endpoint.
        if failure.error == _BAD_REQUEST and applied > failure.event.record:
            continue
        if failure.error in _ADVICE:
            uris.setdefault(failure.error, []).append(contact.shown)
    for error in sorted(uris):
        yield f"{_ADVICE[error]} URIs: {', '.join(uris[error])}."
