# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an endpoint needs for streamlined connectivity, and which of it is missing.

The versions are those of Microsoft's page configure-device-connectivity, and that Windows 10 before 1809 can't be
onboarded again is on migrate-devices-streamlined, both as of 2026-11. Assumptions are where the registry says the
versions, and that an update of Windows brings the sensor's version with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .._resources._onboarding import ONBOARDING_QUERIES, Onboarding, build_of
from .._resources._windows import SENSOR_QUERIES, WINDOWS_QUERIES, Windows
from .._windows._registry import Address, Query, Registry, Unreadable

_UBR = Address(WINDOWS_QUERIES[0].key, "UBR")
_SENSOR = Address(ONBOARDING_QUERIES[0].key, "InstallLocation")
_DEFENDER = "HKLM\\SOFTWARE\\Microsoft\\Windows Defender"
_PLATFORM = Address(_DEFENDER, "InstallLocation")
_ENGINE = Address(f"{_DEFENDER}\\Signature Updates", "EngineVersion")
_SIGNATURES = Address(f"{_DEFENDER}\\Signature Updates", "AVSignatureVersion")
STATE_QUERIES = (*WINDOWS_QUERIES, *SENSOR_QUERIES, *ONBOARDING_QUERIES)
QUERIES = (
    *STATE_QUERIES,
    *(Query(each.key, each.name) for each in (_UBR, _SENSOR, _PLATFORM, _ENGINE, _SIGNATURES)),
)

_SENSOR_NEEDS = "10.8040"
_ANTIVIRUS = (
    ("antivirus platform", _PLATFORM, "4.18.2211.5"),
    ("antivirus engine", _ENGINE, "1.1.19900.2"),
    ("security intelligence", _SIGNATURES, "1.391.345.0"),
)
# By the build of Windows: the update that is needed, and the revision that it brings (a hypothesis but for 17763).
_UPDATES = {
    17763: ("KB5011503", 2686),
    18363: ("KB5011485", 2158),
    19042: ("KB5011487", 1586),
    19043: ("KB5011487", 1586),
    19044: ("KB5011487", 1586),
    19045: ("KB5020953", 2194),
    20348: ("KB5011497", 587),
    22000: ("KB5011493", 556),
}
# From 1607 to 1803 a client is onboarded for streamlined connectivity, and not again.
_CAN_BE_ONBOARDED_ONCE, _FIRST_BUILD, _SINCE_WITHOUT_UPDATE = 14393, 17763, 22621
_VERSION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){1,4}")
_FOLDER = re.compile(rf"\\Platform\\({_VERSION.pattern})(?:-[0-9]{{1,4}})?\\*", re.IGNORECASE)


def unmet(registry: Registry) -> list[str]:
    """What is missing on an endpoint, or not known of it, a clause each; empty where nothing is."""
    onboarding = Onboarding.decode(registry)
    if onboarding.agent == "unified":
        windows = [_older("sensor", _version(registry, _SENSOR), _SENSOR_NEEDS, _SENSOR)]
    else:
        windows = list(_of_windows(registry))
    antivirus = [_older(name, _version(registry, place), needed, place) for name, place, needed in _ANTIVIRUS]
    return [clause for clause in (*windows, *antivirus) if clause]


def _of_windows(registry: Registry) -> Iterator[str]:
    windows = Windows.decode(registry)
    build = build_of(windows)
    if build is None:
        yield "the build of Windows is unknown"
    elif build < _FIRST_BUILD:
        client = build >= _CAN_BE_ONBOARDED_ONCE and "Server" not in (windows.product or "")
        way = "offboard it first, then onboard it with the package" if client else "it is too old"
        yield f"Windows of build {build} can't be onboarded again: {way}"
    elif build < _SINCE_WITHOUT_UPDATE:
        yield from _of_update(build, registry)


def _of_update(build: int, registry: Registry) -> Iterator[str]:
    if build not in _UPDATES:
        yield f"Microsoft names no update of build {build} that brings it"
        return
    update, needed = _UPDATES[build]
    try:
        value = registry.value(_UBR)
    except Unreadable:
        value = None
    revision = None if value is None else value.number
    if revision is None:
        yield f"it is unknown whether {update} or a later one is installed ({_UBR})"
    elif revision < needed:
        yield f"{update} or a later one is missing: the build is {build}.{revision}, and it needs {build}.{needed}"


def _version(registry: Registry, place: Address) -> str | None:
    """A version as a value says it, or as the folder does that it names."""
    try:
        value = registry.value(place)
    except Unreadable:
        return None
    if value is None:
        return None
    if _VERSION.fullmatch(value.text):
        return value.text
    found = _FOLDER.search(value.text)
    return found and found[1]


def _older(name: str, version: str | None, needed: str, place: Address) -> str:
    if version is None:
        return f"the version of the {name} is unknown ({place})"
    if _numbers(version) < _numbers(needed):
        return f"the {name} is {version}, and it needs {needed}"
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
