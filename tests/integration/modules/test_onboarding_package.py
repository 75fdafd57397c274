# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One endpoint is moved to streamlined connectivity by its package: proven, refused, or brought back."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._streamlined._delivery import NAME
from windows_lab.lab import Lab
from windows_lab.network.view import Network
from windows_lab.profiles import PROFILES, Tenant
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.simulated.onboarding import package

from tests.integration.hostile.test_programs import plant
from tests.integration.play import Run
from tests.integration.reachability.reach_site import WAKE_UP, place
from tests.integration.rollout.rollout_site import URL, raise_stage
from tests.integration.rollout.streamlined_site import BRIEF, PATIENCE
from tests.integration.site import SENSOR_STATE, Site, task
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated

SECRET = b"nobody-but-the-service-knows-this"
NEW, OLD = Tenant("EU", "WestEurope", "GW_EU"), Tenant("EU", "WestEurope")
ASK = {"service_urls": False, "urls": [URL]}


@pytest.fixture(scope="module")
def network() -> Iterator[Stage]:
    with raise_stage() as raised:
        yield raised


class Move:
    """One endpoint behind the service, and the packages of its organisation."""

    def __init__(self, lab: Lab, network: Stage, work: Path) -> None:
        self.site = Site(lab, work)
        endpoint = self.site.endpoint
        assert isinstance(endpoint, SimulatedEndpoint)
        self.endpoint = endpoint
        endpoint.network = network.network()
        self.work = work
        self.new = self.file("GatewayWindowsDefenderATPOnboardingScript.cmd", NEW)
        self.old = self.file("WindowsDefenderATPOnboardingScript.cmd", OLD)

    def file(self, name: str, tenant: Tenant, *words: str) -> str:
        path = self.work / name
        path.write_bytes(package(tenant, *words, more=SECRET + b"\r\n"))
        return str(path)

    def run(self, *arguments: str, **options: Any) -> Run:
        given = {"package": self.new, "verify": ASK, "report_within": PATIENCE, **options}
        return self.site.run(task("onboarding_package", given), arguments=arguments)

    def partner(self) -> str | None:
        value = self.endpoint.value(SENSOR_STATE, "OnboardedInfo")
        assert value is not None
        body = json.loads(json.loads(value[1].decode("utf-16-le").rstrip("\0"))["body"])
        partner = body.get("partnerGeoLocation")
        return None if partner is None else str(partner)

    def ran(self) -> list[str]:
        return [write for write in self.endpoint.writes if write.startswith("onboarding package")]

    def left(self) -> bool:
        tasks = self.endpoint.run(f"schtasks /query /tn {NAME}").rc == 0
        return tasks or self.endpoint.files.exists(rf"C:\Windows\{NAME}")


@contextlib.contextmanager
def move(network: Stage, work: Path, profile: str) -> Iterator[Move]:
    with Lab(profiles={profile: 1}) as lab:
        yield Move(lab, network, work)


def test_it_runs_as_system_restarts_and_is_proven_by_the_sensor(network: Stage, tmp_path: Path) -> None:
    with move(network, tmp_path, "clean") as one:
        done = one.run("--diff", restart=True)
        result = done.one()
        assert done.rc == 0, done.output
        assert (result["changed"], result["reboot_required"]) == (True, False)
        assert result["package"]["name"] == Path(one.new).name
        assert result["diff"] == {"before": result["before"], "after": result["after"]}
        states = [result[name]["onboarding"]["connectivity"] for name in ("before", "after")]
        assert states == ["standard", "streamlined"]
        assert "OnboardedInfo says streamlined, and event 4 of " in result["proof"]
        assert "edr-westeurope.eu.endpoint.security.microsoft.com" in result["proof"]
        assert (one.partner(), one.ran(), one.left()) == ("GW_EU", ["onboarding package as SYSTEM"], False)
        assert SECRET.decode() not in done.output
        again = one.run("--check", "--diff").one()
        assert (again["changed"], again["commands"]) == (False, [])
        assert one.ran() == ["onboarding package as SYSTEM"]


@pytest.mark.parametrize("connection", ["winrm", "psrp", "ssh_cmd", "ssh_powershell"])
def test_over_every_connection_the_restart_is_survived(network: Stage, tmp_path: Path, connection: str) -> None:
    with move(network, tmp_path, "clean") as one:
        plant(one.endpoint)
        given = {"package": one.new, "verify": ASK, "report_within": PATIENCE, "restart": True}
        done = one.site.run(task("onboarding_package", given), connection=connection)
        assert done.rc == 0, done.output[-3000:]
        assert not [write for write in one.endpoint.writes if write.startswith("planted")]
        assert (one.partner(), one.ran()) == ("GW_EU", ["onboarding package as SYSTEM"])


def test_check_mode_says_what_a_run_does_and_writes_nothing(network: Stage, tmp_path: Path) -> None:
    with move(network, tmp_path, "clean") as one:
        said = one.run("--check", restart=True).one()
        assert (one.ran(), one.endpoint.writes) == ([], [])
        result = one.run(restart=True).one()
        for name in ("changed", "before", "after", "commands", "package", "warnings"):
            assert said[name] == result[name]
        assert "No way back by this tool: previous_package (in playbooks streamlined_" in str(result["warnings"])


def test_without_a_restart_it_is_due_and_nothing_is_proven(network: Stage, tmp_path: Path) -> None:
    with move(network, tmp_path, "clean") as one:
        result = one.run().one()
        assert (result["changed"], result["reboot_required"], result["proof"]) == (True, True, "")
        assert result["after"]["onboarding"]["connectivity"] == "standard"
        one.endpoint.restart()
        later = one.run().one()
        assert (later["changed"], later["before"]["onboarding"]["connectivity"]) == (False, "streamlined")


@pytest.mark.parametrize("profile", ["silent", "stuck"])
def test_a_sensor_that_never_reports_is_a_failure(network: Stage, tmp_path: Path, profile: str) -> None:
    with move(network, tmp_path, profile) as one:
        done = one.run(restart=True, report_within=BRIEF)
        result = done.one()
        assert done.rc == 2
        assert f"The sensor did not report within {BRIEF} seconds: OnboardedInfo says " in result["msg"]
        assert "no event 4 of the sensor shows a contact with the streamlined service since" in result["msg"]
        assert "No way back by this tool: previous_package" in result["msg"]
        assert (result["changed"], result["rolled_back"], result["after"]) == (True, False, None)


def test_a_package_that_ends_with_an_error_is_a_failure_with_its_meaning(network: Stage, tmp_path: Path) -> None:
    with move(network, tmp_path, "clean") as one:
        one.file(Path(one.new).name, NEW, "refused")
        result = one.run(restart=True).one()
        assert "ended with exit code 10 (onboarding data could not be written to the registry)" in result["msg"]
        assert (one.partner(), one.ran(), one.left()) == (None, [], False)
        # Nothing was restarted.
        assert not [line for line in one.site.lab.account(one.site.name).commands if "shutdown" in line]


def test_the_package_for_local_use_gets_its_answer(network: Stage, tmp_path: Path) -> None:
    with move(network, tmp_path, "clean") as one:
        one.file(Path(one.new).name, NEW, "asks")
        assert one.run(restart=True).rc == 0
        assert one.partner() == "GW_EU"


def test_what_the_service_does_not_answer_is_not_touched(network: Stage, tmp_path: Path) -> None:
    with move(network, tmp_path, "clean") as one:
        url = "https://nobody.endpoint.security.microsoft.com/"
        done = one.run(restart=True, verify={**ASK, "urls": [url]})
        assert done.rc == 2
        assert "nobody.endpoint.security.microsoft.com name_not_resolved. Nothing was written." in done.one()["msg"]
        assert (one.ran(), one.left()) == ([], False)


def test_the_urls_of_its_own_region_are_asked_where_nothing_else_is_said(network: Stage, tmp_path: Path) -> None:
    with move(network, tmp_path, "clean") as one:
        before = len(network.squid.log())
        view = Network({WAKE_UP: network.hosts[WAKE_UP]}, network.authority.pem)
        place(one.endpoint, view, winhttp=network.proxy)
        done = one.run(restart=True, verify={"timeout": 60})
        assert done.rc == 0, done.output[-3000:]
        asked = {row.target.partition(":")[0] for row in network.squid.log()[before:]}
        assert "edr-weu3.eu.endpoint.security.microsoft.com" in asked
        assert not [host for host in asked if ".us.endpoint" in host or host.startswith("winatp-gw-")]


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        ("offboarded", "It can't be moved to streamlined connectivity. It is not onboarded: OnboardingState is not 1."),
        ("unsaid", "It can't be moved to streamlined connectivity. It is onboarded, and the sensor keeps no "),
        ("mma", "It can't be moved to streamlined connectivity. The Microsoft Monitoring Agent keeps nothing "),
        ("denied", "The log Microsoft-Windows-SENSE/Operational could not be read"),
    ],
)
def test_who_can_not_be_moved_is_refused_with_the_reason(tmp_path: Path, profile: str, reason: str) -> None:
    with Lab(profiles={PROFILES[profile]: 1}) as lab:
        site = Site(lab, tmp_path)
        file = tmp_path / "x.cmd"
        file.write_bytes(package(NEW))
        done = site.run(task("onboarding_package", {"package": str(file), "verify": ASK}))
        assert done.rc == 2
        assert reason in done.one()["msg"]
        assert site.endpoint.writes == []


def test_the_previous_package_brings_a_silent_endpoint_back(network: Stage, tmp_path: Path) -> None:
    with move(network, tmp_path, "deaf") as one:
        done = one.run(restart=True, previous_package=one.old, report_within=BRIEF)
        result = done.one()
        assert done.rc == 2
        assert "The previous package brought it back: OnboardedInfo says standard, and event 4 of " in result["msg"]
        assert (result["changed"], result["rolled_back"], result["after"]) == (False, True, result["before"])
        assert (one.partner(), len(one.ran()), one.left()) == (None, 2, False)
