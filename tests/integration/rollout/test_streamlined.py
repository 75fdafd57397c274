# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet moves to streamlined connectivity: planned, approved, canary and batches, proven, and brought back."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from windows_lab.profiles import PolicyValue, Profile, windows

from tests.integration.rollout.rollout_site import blamed
from tests.integration.rollout.streamlined_site import BRIEF, forms, migration_on
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated

UPDATED = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
STALE = Profile(
    "stale", registry=(*windows(19045, "Windows 10 Pro"), PolicyValue(UPDATED, "UBR", "REG_DWORD", bytes(4)))
)


def test_a_fleet_moves_in_batches_is_proven_and_brought_back(network: Stage, tmp_path: Path) -> None:
    with migration_on(network, tmp_path, {"clean": 3, "german": 1, "streamlined": 1}) as fleet:
        planned = fleet.play("streamlined_plan", streamlined_previous_package=str(fleet.old))
        assert planned.rc == 0, planned.output[-3000:]
        assert "4 of 5 endpoints would be changed." in str(planned.outcomes[-1].result) + planned.output
        digest = hashlib.sha256(fleet.new.read_bytes()).hexdigest()
        assert digest in fleet.plan_file.read_text()
        assert fleet.moved() == []
        done = fleet.play("streamlined", streamlined_previous_package=str(fleet.old))
        assert done.rc == 0, done.output[-3000:]
        row = next(line for line in done.output.splitlines() if line.startswith("clean-1 ")).split()
        assert row[:4] == ["clean-1", "ok", "standard", "streamlined"]
        assert set(fleet.verdicts().values()) == {"ok"}
        assert fleet.moved() == ["clean-1", "clean-2", "clean-3", "german-1"]
        record = fleet.record("clean-2")
        assert record["batch"] == 2
        assert record["before"]["onboarding"]["connectivity"] == "standard"
        assert record["observed"]["onboarding"]["connectivity"] == "streamlined"
        assert record["planned"]["package"]["sha256"] == digest
        (proof,) = [entry["text"] for entry in record["history"] if entry["event"] == "sensor"]
        assert "event 4 of" in proof
        assert "https://edr-westeurope.eu.endpoint.security.microsoft.com/edr/" in proof
        assert record["reachability"]["summary"]["reachable"]
        assert record["restart"] == ""
        assert fleet.record("streamlined-1")["commands"] == []
        assert [fleet.ran(name) for name in fleet.lab.endpoints] == [1, 1, 1, 1, 0]
        # Once more: everything is looked at, and nothing is run.
        assert fleet.play("streamlined", streamlined_previous_package=str(fleet.old)).rc == 0
        assert [fleet.ran(name) for name in fleet.lab.endpoints] == [1, 1, 1, 1, 0]
        back = fleet.play("rollback", streamlined_previous_package=str(fleet.old))
        assert back.rc == 0, back.output[-3000:]
        assert fleet.moved() == []
        assert [fleet.ran(name) for name in fleet.lab.endpoints] == [2, 2, 2, 2, 0]
        assert fleet.record("clean-1")["observed"]["onboarding"]["connectivity"] == "standard"
        assert [fleet.left(name) for name in fleet.lab.endpoints] == [False] * 5


def test_there_are_two_tasks_for_each_endpoint_and_none_is_skipped(network: Stage, tmp_path: Path) -> None:
    with migration_on(network, tmp_path, {"clean": 2}) as fleet:
        done = fleet.move()
        assert done.rc == 0
        of = [outcome.task for outcome in done.outcomes if outcome.host == "clean-2"]
        assert of == [
            "Run the package where all that it needs is there, and prove by the sensor that the endpoint has moved",
            "Let the next batch begin only when this one ended well",
        ]
        assert {outcome.status for outcome in done.outcomes} == {"ok"}


def test_who_can_not_be_moved_is_left_out_of_the_plan_with_the_reason(network: Stage, tmp_path: Path) -> None:
    profiles: dict[str | Profile, int] = {"clean": 1, STALE: 2, "offboarded": 1, "unsaid": 1, "mma": 1, "denied": 1}
    with migration_on(network, tmp_path, profiles) as fleet:
        planned = fleet.play("streamlined_plan")
        assert planned.rc == 0, planned.output[-3000:]
        said = "\n".join(next(o.result for o in planned.outcomes if o.task == "Write the plan and the page")["lines"])
        assert "1 of 1 endpoints would be changed." in said
        assert "Can't be moved, and left out: 2 (stale-1, stale-2): It is not ready for streamlined con" in said
        assert "KB5020953 or a later one is missing: the build is 19045.0, and it needs 19045.2194" in said
        assert "1 (offboarded-1): It can't be moved to streamlined connectivity. It is not onboarded" in said
        assert "1 (denied-1): Nothing could prove the move to streamlined connectivity." in said
        assert [fleet.endpoint(name).writes for name in fleet.lab.endpoints] == [[]] * 7
        page = fleet.plan_file.with_suffix(".html").read_text()
        assert "6 can't be moved or could not be read, and are left out" in page
        assert "No way back by this tool: previous_package (in playbooks streamlined_previous_package)" in page
        done = fleet.play("streamlined")
        assert (done.rc, fleet.moved()) == (0, ["clean-1"])


def test_where_nobody_can_be_moved_there_is_no_plan(network: Stage, tmp_path: Path) -> None:
    with migration_on(network, tmp_path, {STALE: 1}) as fleet:
        planned = fleet.play("streamlined_plan")
        assert planned.rc == 2
        assert "since no endpoint can be moved: 1 (stale-1): It is not ready" in str(planned.outcomes)
        assert not fleet.plan_file.exists()


def test_who_got_worse_since_the_plan_is_refused_and_stops_the_rest(network: Stage, tmp_path: Path) -> None:
    with migration_on(network, tmp_path, {"clean": 3}) as fleet:
        assert fleet.play("streamlined_plan").rc == 0
        fleet.endpoint("clean-1").set_value(
            r"HKLM\SOFTWARE\Microsoft\Windows Defender\Signature Updates",
            "EngineVersion",
            "REG_SZ",
            "1.1.1.0\0".encode("utf-16-le"),
        )
        done = fleet.play("streamlined")
        assert done.rc == 2
        assert "the antivirus engine is 1.1.1.0, and it needs 1.1.19900.2" in blamed(done)["clean-1"]
        assert fleet.verdicts() == {"clean-1": "failed"}
        assert fleet.moved() == []


def test_a_service_that_is_not_reached_is_a_refusal_before_anything_is_written(network: Stage, tmp_path: Path) -> None:
    with migration_on(network, tmp_path, {"clean": 2}) as fleet:
        assert fleet.play("streamlined_plan").rc == 0
        fleet.distrust("clean-1")
        done = fleet.play("streamlined")
        assert done.rc == 2
        record = fleet.record("clean-1")
        assert (record["verdict"], record["changed"], record["commands"]) == ("failed", False, [])
        assert record["reason"].startswith("the service is not reached: edr-weu3.eu.endpoint.security.microsoft.com")
        assert record["reason"].endswith("; nothing was written")
        assert [row["verdict"] for row in record["reachability"]["rows"]] == ["failed"]
        assert (fleet.endpoint("clean-1").writes, fleet.verdicts()) == ([], {"clean-1": "failed"})
        # When it is reached, the same command goes on.
        fleet.connect("clean-1")
        assert fleet.play("streamlined").rc == 0
        assert fleet.moved() == ["clean-1", "clean-2"]


def test_another_file_than_the_approved_one_is_refused(network: Stage, tmp_path: Path) -> None:
    with migration_on(network, tmp_path, {"clean": 1}) as fleet:
        assert fleet.play("streamlined_plan").rc == 0
        fleet.new.write_bytes(fleet.new.read_bytes() + b"rem\r\n")
        done = fleet.play("streamlined")
        assert done.rc == 2
        assert "The settings of clean-1 are no longer those of the plan: package.sha256 was " in str(done.outcomes)
        assert fleet.endpoint("clean-1").writes == []


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("streamlined_package", None, "Set streamlined_package to the file of the onboarding package"),
        ("streamlined_package", "", "Set streamlined_package to the file of the onboarding package"),
        ("streamlined_package", "none.cmd", "streamlined_package: the file none.cmd can't be read"),
        ("streamlined_report_within", 0, "streamlined_report_within: it is a number of seconds from 1 to 3600."),
        ("streamlined_restrat", True, "streamlined_restrat is no variable of mde.connectivity."),
        ("streamlined_restart", "perhaps", "streamlined_restart"),
        ("mde_change", "a/b", "mde_change is 'a/b', and has to be "),
    ],
)
def test_a_mistake_is_said_before_any_endpoint_is_asked(
    network: Stage, tmp_path: Path, variable: str, value: object, said: str
) -> None:
    with migration_on(network, tmp_path, {"clean": 1}) as fleet:
        done = fleet.play("streamlined_plan", **{variable: value})
        assert done.rc == 2
        assert said in str([outcome.result for outcome in done.outcomes])
        assert fleet.untouched("clean-1")


def test_no_byte_of_a_package_is_in_anything_that_is_written(network: Stage, tmp_path: Path) -> None:
    with migration_on(network, tmp_path, {"clean": 1, "silent": 1, "deaf": 1}) as fleet:
        extra = {
            "streamlined_previous_package": str(fleet.old),
            "streamlined_report_within": BRIEF,
            "mde_max_failures": 3,
        }
        runs = [
            fleet.play("streamlined_plan", "-vvvv", "--diff", **extra),
            fleet.play("streamlined", "-vvvv", "--diff", "--check", **extra),
            fleet.play("streamlined", "-vvvv", "--diff", **extra),
            fleet.play("rollback", "-vvvv", "--diff", **extra),
        ]
        found = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "packages"]
        assert len(found) > 5
        for form in forms():
            assert [path for path in found if form in path.read_bytes()] == []
            assert [number for number, run in enumerate(runs) if form in run.output.encode()] == []
        assert all(form in fleet.new.read_bytes() for form in forms()[:2])
        assert [fleet.left(name) for name in fleet.lab.endpoints] == [False] * 3
        # What did run may be told: the package was really there, on each of them.
        assert all(fleet.ran(name) for name in fleet.lab.endpoints)
        assert json.loads((fleet.evidence / "summary.json").read_text())["verdicts"]


def test_the_package_of_another_organisation_in_an_archive_is_named_by_its_hash(network: Stage, tmp_path: Path) -> None:
    with migration_on(network, tmp_path, {"clean": 1}) as fleet:
        file = fleet.work / "packages" / "Package.zip"
        with zipfile.ZipFile(file, "w") as made:
            made.write(fleet.new, "x/WindowsDefenderATPOnboardingScript.cmd")
        done = fleet.move(streamlined_package=str(file))
        assert "Nothing says of Package.zip from outside" in fleet.plan_file.with_suffix(".html").read_text()
        assert done.rc == 0, done.output[-3000:]
        assert fleet.moved() == ["clean-1"]
        record = fleet.record("clean-1")
        assert record["planned"]["package"] == {
            "name": "Package.zip",
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        }
        assert "Nothing says of Package.zip from outside whether it is the package" in record["warnings"][0]
