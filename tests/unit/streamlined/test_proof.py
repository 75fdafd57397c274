# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What proves that a sensor has moved, and how long it is waited for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._onboarding import Onboarding
from ansible_collections.mde.connectivity.plugins.plugin_utils._sensor._events import Event
from ansible_collections.mde.connectivity.plugins.plugin_utils._streamlined import _proof
from ansible_collections.mde.connectivity.plugins.plugin_utils._streamlined._proof import (
    STANDARD,
    STREAMLINED,
    Look,
    await_proof,
    is_streamlined,
    look,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Command, Completed
from windows_lab.profiles import PROFILES, Profile, Tenant
from windows_lab.simulated import events
from windows_lab.simulated.endpoint import SimulatedEndpoint

NEW, OLD = "https://edr-weu.eu.endpoint.security.microsoft.com/edr/", "https://winatp-gw-weu.microsoft.com/commands"
MOVED = Profile("moved", tenant=Tenant("EU", "x", "GW_EU"))


class Direct:
    """An endpoint that is asked without a connection."""

    def __init__(self, profile: Profile, *log: events.Event) -> None:
        self.backend = SimulatedEndpoint("pc-1", profile)
        self.backend.events = list(log)

    def run(self, commands: Sequence[Command]) -> list[Completed]:
        answers = [self.backend.run(command.text) for command in commands]
        return [
            Completed(answer.rc, (answer.stdout + answer.stderr).decode().replace("\r\n", "\n")) for answer in answers
        ]


def seen(profile: Profile, since: int, wanted: str, *log: events.Event) -> Look:
    return look(Direct(profile, *log), since, wanted)  # type: ignore[arg-type]


def test_both_the_state_and_a_newer_contact_with_the_new_service_are_a_proof() -> None:
    log = (events.succeeded(OLD), events.Event(1), events.succeeded(NEW), events.succeeded(OLD))
    found = seen(MOVED, 1, STREAMLINED, *log)
    assert (found.proven, found.started, found.uri) == (True, True, NEW)
    assert str(found).startswith("OnboardedInfo says streamlined, and event 4 of ")


@pytest.mark.parametrize(
    ("profile", "since", "log"),
    [
        # Older than the write, another service, a failure, a contact that did not take place.
        (MOVED, 3, (events.succeeded(OLD), events.Event(1), events.succeeded(NEW))),
        (MOVED, 1, (events.succeeded(NEW), events.succeeded(OLD))),
        (MOVED, 0, (events.failed(NEW, 12007),)),
        (MOVED, 0, (events.succeeded(NEW, 0),)),
        (MOVED, 0, ()),
        # A standard endpoint may contact hosts of the new service as well.
        (PROFILES["clean"], 0, (events.succeeded(NEW),)),
        (PROFILES["offboarded"], 0, (events.succeeded(NEW),)),
        (PROFILES["unsaid"], 0, (events.succeeded(NEW),)),
    ],
)
def test_anything_less_is_none(profile: Profile, since: int, log: tuple[events.Event, ...]) -> None:
    assert not seen(profile, since, STREAMLINED, *log).proven


def test_the_way_back_is_proven_by_the_standard_service() -> None:
    assert seen(PROFILES["clean"], 1, STANDARD, events.succeeded(NEW), events.succeeded(OLD)).proven
    assert not seen(PROFILES["clean"], 1, STANDARD, events.succeeded(OLD), events.succeeded(NEW)).proven
    assert not seen(MOVED, 0, STANDARD, events.succeeded(OLD)).proven


@pytest.mark.parametrize(
    ("uri", "new"),
    [
        (NEW, True),
        ("edr-weu.eu.endpoint.security.microsoft.com", True),
        ("https://EDR.usg.Endpoint.Security.Microsoft.us:443/x", True),
        (OLD, False),
        ("https://evil.test/.endpoint.security.microsoft.com", False),
        ("https://endpoint.security.microsoft.com.evil.test/", False),
        ("", False),
    ],
)
def test_a_host_is_told_from_a_path(uri: str, new: bool) -> None:
    assert is_streamlined(uri) == new


class Clock:
    """Time that passes by sleeping only."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, 0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(_proof, "time", made)
    return made


def looks(*outcomes: Any) -> Any:
    queue: Iterator[Any] = iter(outcomes)

    def once() -> Look:
        found = next(queue)
        if isinstance(found, Exception):
            raise found
        return found  # type: ignore[no-any-return]

    return once


def a_look(proven: bool) -> Look:
    return Look(Onboarding(STREAMLINED, "built_in"), STREAMLINED, Event(4, 1, "t") if proven else None, NEW, True)


def test_a_restart_is_waited_for_with_a_new_connection_each_time(clock: Clock) -> None:
    renewed: list[float] = []
    lost = AnsibleConnectionFailure("gone")
    found = await_proof(
        looks(lost, lost, a_look(False), a_look(True)), lambda: renewed.append(clock.now), 900, lambda: None
    )
    assert found.proven
    assert renewed == [0, 1]
    assert clock.slept == 3


def test_when_the_time_is_over_the_last_look_is_the_answer(clock: Clock) -> None:
    found = await_proof(looks(*[a_look(False)] * 100), lambda: None, 60, lambda: None)
    assert (found.proven, clock.now) == (False, 60)


def test_an_endpoint_that_does_not_come_back_is_lost(clock: Clock) -> None:
    lost = AnsibleConnectionFailure("gone")
    with pytest.raises(AnsibleConnectionFailure, match="gone"):
        await_proof(looks(a_look(False), *[lost] * 100), lambda: None, 60, lambda: None)
    assert clock.now == 60


def test_what_may_not_go_on_ends_at_once(clock: Clock) -> None:
    def over() -> None:
        raise AnsibleConnectionFailure("the time of the step is over")

    with pytest.raises(AnsibleConnectionFailure, match="the time of the step is over"):
        await_proof(looks(), lambda: None, 60, over)
