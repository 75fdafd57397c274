# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an endpoint is onboarded and where it reports to, out of what the sensor keeps in the registry.

Microsoft's client analyzer decides by the same values: streamlined is a partnerGeoLocation that begins with GW_, and
the geography is that one, or else vortexGeoLocation. Assumptions are that whatever else is onboarded is standard,
that the words of Switzerland, India and the United Arab Emirates are those of their host names, and how the agents
are told apart. Which government cloud it is stands in no value that is known: the analyzer's table has FFL4 for all of
them, and the datacenter UsMod for GCC alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from .._windows._registry import Address, Query, Registry, RegistryValue, Unreadable
from ._windows import ONBOARDING_STATE, SENSE, Windows, start_type

_SENSOR = "HKLM\\SOFTWARE\\Microsoft\\Windows Advanced Threat Protection"
_INFO = Address(_SENSOR, "OnboardedInfo")
_SENSE_ID = Address(_SENSOR, "SenseId")
_MMA = Address("HKLM\\SYSTEM\\CurrentControlSet\\Services\\HealthService", "Start")
ONBOARDING_QUERIES = tuple(Query(each.key, each.name) for each in (_INFO, _SENSE_ID, _MMA))

_STREAMLINED = "GW_"
_REGIONS = {
    "US": "us", "EU": "eu", "UK": "uk", "AU": "au", "CH": "ch", "IN": "in", "INA": "in", "AE": "ae", "UAE": "ae",
}  # fmt: skip
_GOVERNMENT = "FFL"
_CLOUDS = {"usmod": ("gcc",), "usgov": ("gcc_high", "dod")}
_ANY_GOVERNMENT = ("gcc", "gcc_high", "dod")
# What a geography may look like to be named: too short for anything of an organisation's.
_GEOGRAPHY = re.compile(r"(?:GW_)?[A-Z]{2,5}[0-9]?")
_BUILD = re.compile(r"[0-9]{1,6}")
# The last Windows Server that the sensor is no part of.
_SERVER_2016 = 14393


@dataclass(frozen=True)
class Onboarding:
    """How an endpoint is onboarded.

    connectivity is streamlined, standard, not_onboarded or unknown; clouds are those that the state leaves possible;
    region is None where it is not known; agent is built_in, unified, mma, none or unknown; missing says in a sentence
    what the state does not say, and is empty where it says all.
    """

    name: ClassVar[str] = "onboarding"

    connectivity: str
    agent: str
    clouds: tuple[str, ...] = ()
    region: str | None = None
    missing: str = ""

    @classmethod
    def decode(cls, registry: Registry) -> Onboarding:
        try:
            agent = _agent(registry)
            state, info, identifier = map(registry.value, (ONBOARDING_STATE, _INFO, _SENSE_ID))
        except Unreadable:
            return cls("unknown", "unknown", missing="What the sensor keeps in the registry could not be read.")
        if state is not None and state.number == 1:
            return cls._onboarded(agent, info)
        if agent == "mma":
            return cls("unknown", agent, missing="The Microsoft Monitoring Agent keeps nothing that says so.")
        if state is None and identifier is not None:
            return cls("unknown", agent, missing="OnboardingState is missing, and yet there is a SenseId.")
        return cls("not_onboarded", agent, missing="It is not onboarded: OnboardingState is not 1.")

    @classmethod
    def _onboarded(cls, agent: str, info: RegistryValue | None) -> Onboarding:
        if info is None:
            return cls("unknown", agent, missing="It is onboarded, and the sensor keeps no OnboardedInfo.")
        found = _facts(info)
        geography = found.get("partnergeolocation") or found.get("vortexgeolocation")
        if geography is None:
            return cls("unknown", agent, missing="OnboardedInfo can't be read, or names no geography.")
        geography = geography.upper()
        connectivity = "streamlined" if geography.startswith(_STREAMLINED) else "standard"
        place = geography.removeprefix(_STREAMLINED)
        if place in _REGIONS:
            return cls(connectivity, agent, ("commercial",), _REGIONS[place])
        if not place.startswith(_GOVERNMENT):
            shown = f" {geography}" if _GEOGRAPHY.fullmatch(geography) else ""
            return cls(connectivity, agent, missing=f"OnboardedInfo names a geography{shown} that is not known here.")
        datacenter = found.get("datacenter", "").lower()
        clouds = next((clouds for prefix, clouds in _CLOUDS.items() if datacenter.startswith(prefix)), _ANY_GOVERNMENT)
        missing = "" if len(clouds) == 1 else f"Its state fits several government clouds: {', '.join(clouds)}."
        return cls(connectivity, agent, clouds, "us", missing)

    @property
    def cloud(self) -> str | None:
        """The cloud, None where it is not known."""
        return self.clouds[0] if len(self.clouds) == 1 else None

    def report(self, raw: bool) -> dict[str, Any]:
        return {
            "connectivity": self.connectivity,
            "cloud": self.cloud,
            "region": self.region,
            "agent": self.agent,
            "missing": self.missing,
        }


def onboarded_as(report: object) -> str:
    """The report of an Onboarding in a few words, such as "streamlined, commercial, eu, built_in"; "" for none."""
    if not isinstance(report, Mapping) or not report:
        return ""
    places = [str(report.get(name) or f"{name} unknown") for name in ("cloud", "region")]
    known = report.get("connectivity") in ("standard", "streamlined")
    return ", ".join((str(report.get("connectivity")), *(places if known else ()), str(report.get("agent"))))


def build_of(windows: Windows) -> int | None:
    """The number of the build, None where the registry holds none."""
    return int(windows.build) if windows.build and _BUILD.fullmatch(windows.build) else None


def _facts(info: RegistryValue) -> dict[str, str]:
    """The texts of OnboardedInfo by their names in small letters: of what it signs (body), and of what is around."""
    outer = _object(info.text)
    parts = (outer, _object(outer.get("body")))
    return {name: value for part in parts for name, value in part.items() if isinstance(value, str) and value}


def _object(value: Any) -> dict[str, Any]:
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return {}
    return {name.lower(): item for name, item in found.items()} if isinstance(found, dict) else {}


def _agent(registry: Registry) -> str:
    windows = Windows.decode(registry)
    if start_type(registry, SENSE) is None:
        return "none" if start_type(registry, _MMA) is None else "mma"
    build = build_of(windows)
    if build is None:
        return "unknown"
    return "unified" if build <= _SERVER_2016 and "Server" in (windows.product or "") else "built_in"
