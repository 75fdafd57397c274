# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's onboarding package, the sensor that takes it, and the restart in between."""

from __future__ import annotations

import hashlib
import json

import pytest
from windows_lab.backend import Away
from windows_lab.profiles import PROFILES, Profile, Tenant
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.simulated.onboarding import package

SENSOR = r"HKLM\SOFTWARE\Microsoft\Windows Advanced Threat Protection"
NEW = Tenant("EU", "WestEurope", "GW_EU")
FILE = r"C:\Tools\package.cmd"


def endpoint(profile: Profile, *words: str) -> SimulatedEndpoint:
    made = SimulatedEndpoint("pc-1", profile)
    made.files.write(FILE, package(NEW, *words, more=b"secret\r\n"))
    return made


def partner(found: SimulatedEndpoint) -> str | None:
    value = found.value(SENSOR, "OnboardedInfo")
    assert value is not None
    body = json.loads(json.loads(value[1].decode("utf-16-le").rstrip("\0"))["body"])
    return body.get("partnerGeoLocation")


def restart(found: SimulatedEndpoint) -> None:
    assert found.run("shutdown /r /t 5").rc == 0
    with pytest.raises(Away):
        found.run("ver")
    assert found.run("ver").rc == 0


def uris(found: SimulatedEndpoint) -> list[str]:
    assert found.events is not None
    return [dict(event.data)["Message1"] for event in found.events if event.id == 4]


@pytest.mark.parametrize(
    ("kind", "before", "after", "contacts"),
    [
        ("at_restart", None, "GW_EU", 1),
        ("at_once", "GW_EU", "GW_EU", 1),
        ("silent", None, "GW_EU", 0),
        ("stuck", None, None, 0),
    ],
)
def test_a_sensor_takes_the_package_when_its_profile_says_so(
    kind: str, before: str | None, after: str | None, contacts: int
) -> None:
    made = endpoint(Profile("x", sensor=kind))  # type: ignore[arg-type]
    old = uris(made)
    done = made.run(f"cmd /d /c {FILE}")
    assert (done.rc, b"secret" in done.stdout) == (0, True)
    assert partner(made) == before
    restart(made)
    assert partner(made) == after
    assert uris(made)[len(old) :] == ["https://edr-westeurope.eu.endpoint.security.microsoft.com/edr/"] * contacts


def test_a_package_that_is_refused_or_not_confirmed_changes_nothing() -> None:
    for words, line, code in (
        (("refused",), FILE, 10),
        (("asks",), f"{FILE} <nul", 1),
    ):
        made = endpoint(PROFILES["clean"], *words)
        assert made.run(line).rc == code
        restart(made)
        assert partner(made) is None
    assert endpoint(PROFILES["clean"], "asks").run(f"(echo Y)|{FILE}").rc == 0
    assert endpoint(PROFILES["denied"]).run(FILE).rc == 10


def test_a_restart_needs_an_administrator_and_is_asked_for_once() -> None:
    assert SimulatedEndpoint("pc-1", PROFILES["denied"]).run("shutdown /r /t 0").rc == 5
    made = endpoint(PROFILES["clean"])
    assert made.run("shutdown /r /t 0 & shutdown /r /t 0").rc == 1190


def test_base64_becomes_a_file_again_whose_hash_is_shown() -> None:
    made = endpoint(PROFILES["clean"])
    data = package(NEW, more=b"secret\r\n")
    assert made.run(rf"certutil -encode {FILE} C:\Tools\text").rc == 0
    assert made.run(r"certutil -decode C:\Tools\text C:\Tools\again").rc == 0
    assert made.files.read(r"C:\Tools\again") == data
    assert hashlib.sha256(data).hexdigest().encode() in made.run(r"certutil -hashfile C:\Tools\again SHA256").stdout
    assert made.run(r"certutil -hashfile C:\Tools\none SHA256").rc == 0x80070002
    made.files.write(r"C:\Tools\odd", b"no base64!")
    assert made.run(r"certutil -decode C:\Tools\odd C:\Tools\other").rc == 0x8007000D
