# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Windows of an endpoint, and the Defender for Endpoint sensor on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from .._credentials import shown_name, shown_number
from .._windows._registry import Address, Query, Registry

_VERSION = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
_BUILD = Address(_VERSION, "CurrentBuildNumber")
_PRODUCT = Address(_VERSION, "ProductName")
ONBOARDING_STATE = Address(
    "HKLM\\SOFTWARE\\Microsoft\\Windows Advanced Threat Protection\\Status", "OnboardingState"
)
SENSE = Address("HKLM\\SYSTEM\\CurrentControlSet\\Services\\Sense", "Start")
_START_TYPES = {0: "boot", 1: "system", 2: "auto", 3: "demand", 4: "disabled"}

WINDOWS_QUERIES = (Query(_VERSION, _BUILD.name), Query(_VERSION, _PRODUCT.name))
SENSOR_QUERIES = (Query(ONBOARDING_STATE.key, ONBOARDING_STATE.name), Query(SENSE.key, SENSE.name))


@dataclass(frozen=True)
class Windows:
    """Build number and product name as the registry has them; a Windows 11 calls itself Windows 10 there."""

    name: ClassVar[str] = "windows"

    build: str | None
    product: str | None

    @classmethod
    def decode(cls, registry: Registry) -> Windows:
        build, product = registry.value(_BUILD), registry.value(_PRODUCT)
        return cls(build.text if build else None, product.text if product else None)

    def report(self, raw: bool) -> dict[str, Any]:
        return {
            "build": None if self.build is None else shown_name(self.build),
            "product": None if self.product is None else shown_name(self.product),
        }


@dataclass(frozen=True)
class Sensor:
    """Whether the sensor is onboarded (OnboardingState is 1), and how its service Sense starts."""

    name: ClassVar[str] = "sensor"

    onboarded: bool
    service_start: str | None

    @classmethod
    def decode(cls, registry: Registry) -> Sensor:
        state = registry.value(ONBOARDING_STATE)
        return cls(state is not None and state.number == 1, start_type(registry, SENSE))

    def report(self, raw: bool) -> dict[str, Any]:
        return {"onboarded": self.onboarded, "service_start": self.service_start}


def start_type(registry: Registry, address: Address) -> str | None:
    """How a service starts (auto, demand, disabled, ...), or None where there is no such service."""
    value = registry.value(address)
    if value is None or value.number is None:
        return None
    return _START_TYPES.get(value.number, str(shown_number(value.number)))
