# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is managed, and which proxy wins; read only."""

from __future__ import annotations

from typing import Any

from .._windows._registry import Query, Registry
from ._antivirus_proxy import ANTIVIRUS_QUERIES, Antivirus
from ._datacollection_values import DATACOLLECTION_QUERIES, DataCollection
from ._effective import VERDICT_SCOPES, conflicts, effective
from ._onboarding import ONBOARDING_QUERIES, Onboarding
from ._resource import Change, Resource
from ._state import State
from ._windows import SENSOR_QUERIES, WINDOWS_QUERIES, Sensor, Windows
from ._winhttp_views import WINHTTP_QUERIES, WinHttp
from ._wininet import EVERY_USER, HIVES, NAMED_SCOPES, Connections, Place, loaded_users, queries
from ._wpad_switches import WPAD_QUERIES, WpadSwitches


class MachineInfo(Resource):
    """What is needed to tell which proxy wins: all parts of the state, but no person's settings."""

    name = "machine_info"

    def queries(self) -> tuple[Query, ...]:
        return (
            *WINDOWS_QUERIES,
            *WINHTTP_QUERIES,
            *WPAD_QUERIES,
            *DATACOLLECTION_QUERIES,
            *SENSOR_QUERIES,
            *(Query(Place(scope).default.key) for scope in VERDICT_SCOPES),
        )

    def decode(self, registry: Registry, state: State) -> State:
        return state.with_wininet(
            {scope: Connections.default_of(registry, scope) for scope in VERDICT_SCOPES}
        ).with_parts(
            Windows.decode(registry),
            WinHttp.decode(registry),
            WpadSwitches.decode(registry),
            DataCollection.decode(registry),
            Sensor.decode(registry),
        )

    def plan(self, state: State) -> Change:
        return Change(state)


class OnboardedMachine(MachineInfo):
    """The same, and how it is onboarded, which is some thousand characters more."""

    def queries(self) -> tuple[Query, ...]:
        return (*super().queries(), *ONBOARDING_QUERIES)

    def decode(self, registry: Registry, state: State) -> State:
        return super().decode(registry, state).with_parts(Onboarding.decode(registry))


class EndpointInfo(OnboardedMachine):
    """All parts of the state, those who are signed in included; there is nothing to desire."""

    name = "endpoint_info"
    read_only = True

    def queries(self) -> tuple[Query, ...]:
        return (*super().queries(), *ANTIVIRUS_QUERIES, *queries(NAMED_SCOPES), HIVES, *EVERY_USER)

    def decode(self, registry: Registry, state: State) -> State:
        scopes = (*NAMED_SCOPES, *loaded_users(registry))
        settings = {scope: Connections.decode(registry, scope) for scope in scopes}
        return super().decode(registry, state).with_parts(Antivirus.decode(registry)).with_wininet(settings)

    def report(self, state: State) -> dict[str, Any]:
        return {**state.report(raw=True), **verdict(state)}


def verdict(state: State) -> dict[str, Any]:
    """The effective proxy and the conflicts of a state of which all parts were read."""
    return {"effective": effective(state).report(), "conflicts": conflicts(state)}
