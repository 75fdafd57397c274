# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an endpoint needs for streamlined connectivity, read from the registry of a simulated one."""

from __future__ import annotations

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._streamlined._readiness import QUERIES, unmet
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Completed
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry import Reading
from windows_lab.profiles import PROFILES, PolicyValue, Profile, windows
from windows_lab.simulated.endpoint import SimulatedEndpoint

VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
SENSOR = r"HKLM\SOFTWARE\Microsoft\Windows Advanced Threat Protection"
DEFENDER = r"HKLM\SOFTWARE\Microsoft\Windows Defender"
SIGNATURES = rf"{DEFENDER}\Signature Updates"
PRO, SERVER = "Windows 10 Pro", "Windows Server 2016 Standard"
PLATFORM = r"C:\ProgramData\Microsoft\Windows Defender Advanced Threat Protection\Platform"


def missing(*values: PolicyValue) -> list[str]:
    endpoint = SimulatedEndpoint("pc-1", Profile("x", registry=values))
    reading = Reading(QUERIES)
    answers = [endpoint.run(command.text) for command in reading.commands]
    texts = [Completed(answer.rc, (answer.stdout + answer.stderr).decode().replace("\r\n", "\n")) for answer in answers]
    return unmet(reading.parse(texts))


def text(key: str, name: str, value: str) -> PolicyValue:
    return PolicyValue(key, name, "REG_SZ", f"{value}\0".encode("utf-16-le"))


def revision(number: int) -> PolicyValue:
    return PolicyValue(VERSION, "UBR", "REG_DWORD", number.to_bytes(4, "little"))


def test_a_clean_endpoint_lacks_nothing() -> None:
    assert missing() == []
    assert missing(*PROFILES["german"].registry) == []


@pytest.mark.parametrize(
    ("build", "update", "needed"),
    [
        (17763, "KB5011503", 2686),
        (18363, "KB5011485", 2158),
        (19042, "KB5011487", 1586),
        (19043, "KB5011487", 1586),
        (19044, "KB5011487", 1586),
        (19045, "KB5020953", 2194),
        (20348, "KB5011497", 587),
        (22000, "KB5011493", 556),
    ],
)
def test_each_build_needs_its_update_and_no_other(build: int, update: str, needed: int) -> None:
    of = windows(build, PRO)
    assert missing(*of, revision(needed)) == []
    (clause,) = missing(*of, revision(needed - 1))
    assert clause == (
        f"{update} or a later one is missing: the build is {build}.{needed - 1}, and it needs {build}.{needed}"
    )
    (clause,) = missing(*of, PolicyValue(VERSION, "UBR"))
    assert clause == rf"it is unknown whether {update} or a later one is installed ({VERSION}\UBR)"


@pytest.mark.parametrize("build", [22621, 22631, 25398, 26100])
def test_a_newer_build_has_it_from_the_start(build: int) -> None:
    assert missing(*windows(build, PRO), revision(1)) == []


@pytest.mark.parametrize("build", [14393, 15063, 16299, 17134])
def test_windows_10_before_1809_has_to_be_offboarded_first(build: int) -> None:
    (clause,) = missing(*windows(build, PRO))
    assert f"Windows of build {build} can't be onboarded again: offboard it first" in clause


def test_other_builds_are_refused_for_what_they_are() -> None:
    assert missing(*windows(10586, PRO)) == ["Windows of build 10586 can't be onboarded again: it is too old"]
    assert missing(*windows(16299, "Windows Server, version 1709")) == [
        "Windows of build 16299 can't be onboarded again: it is too old"
    ]
    assert missing(*windows(19041, PRO)) == ["Microsoft names no update of build 19041 that brings it"]
    assert missing(text(VERSION, "CurrentBuildNumber", "1" * 9)) == ["the build of Windows is unknown"]


@pytest.mark.parametrize("build", [9600, 14393])
def test_the_unified_agent_needs_a_version_of_the_sensor_that_can_be_read(build: int) -> None:
    of = windows(build, SERVER)
    (clause,) = missing(*of)
    assert clause == rf"the version of the sensor is unknown ({SENSOR}\InstallLocation)"
    assert missing(*of, text(SENSOR, "InstallLocation", rf"{PLATFORM}\10.8560.25364.1036\\")) == []
    assert missing(*of, text(SENSOR, "InstallLocation", rf"{PLATFORM}\10.8040.0.1")) == []
    (clause,) = missing(*of, text(SENSOR, "InstallLocation", rf"{PLATFORM}\10.8039.99.9\\"))
    assert clause == "the sensor is 10.8039.99.9, and it needs 10.8040"


@pytest.mark.parametrize(
    ("key", "name", "old", "clause"),
    [
        (SIGNATURES, "EngineVersion", "1.1.19900.1", "the antivirus engine is 1.1.19900.1, and it needs 1.1.19900.2"),
        (
            SIGNATURES,
            "AVSignatureVersion",
            "1.391.344.9",
            "the security intelligence is 1.391.344.9, and it needs 1.391.345.0",
        ),
        (
            DEFENDER,
            "InstallLocation",
            r"C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.2211.4-0\\",
            "the antivirus platform is 4.18.2211.4, and it needs 4.18.2211.5",
        ),
    ],
)
def test_an_old_or_unknown_part_of_the_antivirus_is_named(key: str, name: str, old: str, clause: str) -> None:
    assert missing(text(key, name, old)) == [clause]
    for odd in (PolicyValue(key, name), text(key, name, "none"), text(key, name, "1" * 500)):
        (said,) = missing(odd)
        assert said.endswith(rf" is unknown ({key}\{name})")


def test_all_that_is_missing_is_said_at_once() -> None:
    found = missing(*windows(19045, PRO), revision(1), PolicyValue(SIGNATURES, "EngineVersion"))
    assert [clause.split(" ")[0] for clause in found] == ["KB5020953", "the"]
