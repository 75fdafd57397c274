# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sensor's own state: onboarding and last connection in the registry, and whether its services run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .._resources._windows import SENSOR_QUERIES, Sensor
from .._windows._endpoint import Command, Completed
from .._windows._registry import Address, Query, Registry, RegistryValue

_STATUS = SENSOR_QUERIES[0].key
_ONBOARDING_STATE = Address(_STATUS, "OnboardingState")
_LAST_CONNECTED = Address(_STATUS, "LastConnected")
QUERIES = (*SENSOR_QUERIES, Query(_LAST_CONNECTED.key, _LAST_CONNECTED.name))
SERVICE_COMMANDS = (Command("sc query sense"), Command("sc query diagtrack"))

_NO_SUCH_SERVICE = 1060
_STATES = {
    1: "stopped",
    2: "start_pending",
    3: "stop_pending",
    4: "running",
    5: "continue_pending",
    6: "pause_pending",
    7: "paused",
}
# The labels are translated. The type of the service comes first, in hex digits, and its state second.
_NUMBER_ROW = re.compile(r"^[ \t]+[^\s:][^:\n]*: ([0-9a-f]{1,8})  ", re.MULTILINE)
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class SensorState:
    """The sensor, the states of the services Sense and DiagTrack (None where unknown), and its last connection."""

    sensor: Sensor
    onboarding_state: int | None
    sense: str | None
    diagtrack: str | None
    last_connected: str | None

    @classmethod
    def decode(cls, registry: Registry, sense: Completed, diagtrack: Completed) -> SensorState:
        onboarding = registry.value(_ONBOARDING_STATE)
        return cls(
            Sensor.decode(registry),
            onboarding.number if onboarding else None,
            service_state(sense),
            service_state(diagtrack),
            time_of(registry.value(_LAST_CONNECTED)),
        )

    def report(self) -> dict[str, Any]:
        return {
            "onboarded": self.sensor.onboarded,
            "onboarding_state": self.onboarding_state,
            "service_start": self.sensor.service_start,
            "service_state": self.sense,
            "diagtrack_state": self.diagtrack,
            "last_connected": self.last_connected,
        }


def service_state(completed: Completed) -> str | None:
    """The state of a service out of what sc.exe printed: absent, running, stopped, ..., or None where unknown."""
    if completed.rc == _NO_SUCH_SERVICE:
        return "absent"
    rows = _NUMBER_ROW.findall(completed.stdout)
    if completed.rc or len(rows) < 2:
        return None
    return _STATES.get(int(rows[1], 16))


def time_of(value: RegistryValue | None) -> str | None:
    """A FILETIME (100 nanoseconds since 1601) as ISO 8601 in UTC, None where it is no such time."""
    if value is None:
        return None
    ticks = value.number
    if value.type == "REG_BINARY" and len(value.data) == 8:
        ticks = int.from_bytes(value.data, "little")
    if not ticks:
        return None
    try:
        return f"{_EPOCH + timedelta(microseconds=ticks // 10):%Y-%m-%dT%H:%M:%SZ}"
    except OverflowError:
        return None
