# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong in a move to streamlined connectivity, and what is said of it: never ok, where nothing is proven."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.rollout.rollout_site import blamed
from tests.integration.rollout.streamlined_site import BRIEF, NEW, migration_on
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated

# More requests than the task sends to one endpoint, over Basic; those beyond find nothing to lose.
REQUESTS = 48


@pytest.mark.parametrize("after", [False, True], ids=["unanswered", "carried out"])
def test_a_connection_lost_at_any_request_is_never_taken_for_a_move(
    network: Stage, tmp_path: Path, after: bool
) -> None:
    with migration_on(network, tmp_path, {"clean": REQUESTS}) as fleet:
        assert fleet.play("streamlined_plan").rc == 0
        fleet.lab.reset_accounts()
        for number in range(1, REQUESTS + 1):
            fleet.lab.drop_connection(f"clean-{number}", number, after=after)
        everybody = {"mde_max_failures": REQUESTS, "mde_batches": ["100%"], "mde_first_batch_above_one": True}
        fleet.play("streamlined", "--forks", "12", **everybody)
        sent = [fleet.lab.account(name).requests for name in fleet.lab.endpoints]
        assert max(sent) < REQUESTS, "every request of the task was lost once"
        verdicts = fleet.verdicts()
        assert set(verdicts) == set(fleet.lab.endpoints)
        assert set(verdicts.values()) == {"ok", "failed", "unverified"}
        for name, verdict in verdicts.items():
            if verdict == "ok":
                assert (fleet.partner(name), fleet.ran(name)) == ("GW_EU", 1), fleet.record(name)
            if verdict == "failed":
                assert (fleet.partner(name), fleet.ran(name), fleet.record(name)["changed"]) == (None, 0, False)
        for name in fleet.lab.endpoints:
            fleet.lab.drop_connection(name, None)
        again = fleet.play("streamlined", "--forks", "12", **everybody)
        assert again.rc == 0, again.output[-3000:]
        assert set(fleet.verdicts().values()) == {"ok"}
        assert fleet.moved() == list(fleet.lab.endpoints)
        assert {fleet.ran(name) for name in fleet.lab.endpoints} <= {1, 2}
        assert not any(fleet.left(name) for name in fleet.lab.endpoints)


def test_a_package_that_is_refused_stops_at_the_canary(network: Stage, tmp_path: Path) -> None:
    with migration_on(network, tmp_path, {"clean": 3}) as fleet:
        fleet.file(fleet.new.name, NEW, "refused")
        done = fleet.move()
        assert done.rc == 2
        said = blamed(done)["clean-1"]
        assert "ended with exit code 10 (onboarding data could not be written to the registry)" in said
        assert "what it has changed is not known" in said
        assert fleet.verdicts() == {"clean-1": "failed"}
        assert [fleet.ran(name) for name in fleet.lab.endpoints] == [0, 0, 0]
        assert [fleet.commands(name, "shutdown") for name in fleet.lab.endpoints] == [0, 0, 0]
        assert fleet.untouched("clean-2", "clean-3")
        assert "Stopped in batch 1 of " in done.output
        assert not fleet.left("clean-1")


@pytest.mark.parametrize("profile", ["silent", "stuck", "deaf"])
def test_a_sensor_that_never_reports_fails_and_stops_the_rest(network: Stage, tmp_path: Path, profile: str) -> None:
    with migration_on(network, tmp_path, {profile: 1, "streamlined": 1}) as fleet:
        done = fleet.move("--limit", f"{profile}-1", streamlined_report_within=BRIEF)
        assert done.rc == 2
        record = fleet.record(f"{profile}-1")
        assert (record["verdict"], record["changed"]) == ("failed", True)
        assert f"the sensor did not report within {BRIEF} seconds: OnboardedInfo says " in record["reason"]
        assert "no event 4 of the sensor shows a contact with the streamlined service since" in record["reason"]
        assert "No way back by this tool: previous_package (in playbooks streamlined_" in record["reason"]


def test_with_the_previous_package_an_endpoint_that_never_reports_is_brought_back(
    network: Stage, tmp_path: Path
) -> None:
    with migration_on(network, tmp_path, {"deaf": 1, "clean": 1}) as fleet:
        done = fleet.move(streamlined_report_within=BRIEF, streamlined_previous_package=str(fleet.old))
        assert done.rc == 2
        record = next(fleet.record(name) for name in fleet.verdicts() if name == "deaf-1")
        assert (record["verdict"], record["changed"]) == ("rolled_back", False)
        assert record["reason"].endswith("; the previous package has brought it back")
        assert (fleet.partner("deaf-1"), fleet.ran("deaf-1"), fleet.left("deaf-1")) == (None, 2, False)


def test_a_way_back_that_is_not_proven_is_no_way_back(network: Stage, tmp_path: Path) -> None:
    with migration_on(network, tmp_path, {"stuck": 1}) as fleet:
        fleet.move(streamlined_report_within=BRIEF, streamlined_previous_package=str(fleet.old))
        record = fleet.record("stuck-1")
        assert (record["verdict"], record["changed"]) == ("failed", True)
        assert "; the way back failed: OnboardedInfo says standard, and no event 4 of the sensor" in record["reason"]


def test_where_no_restart_is_asked_for_it_is_due_and_the_same_command_goes_on_after_it(
    network: Stage, tmp_path: Path
) -> None:
    with migration_on(network, tmp_path, {"clean": 3}) as fleet:
        fleet.variables["streamlined_restart"] = False
        done = fleet.move(mde_batches=[1])
        assert done.rc == 2
        record = fleet.record("clean-1")
        assert (record["verdict"], record["changed"]) == ("unverified", True)
        assert record["reason"] == (
            "the package has run, and nothing is proven yet: Windows has to be restarted before the sensor takes the "
            "onboarding package. Restart it, and run the same command again"
        )
        assert record["restart"] == "Windows has to be restarted before the sensor takes the onboarding package."
        assert "restart due" in (fleet.evidence / "index.html").read_text()
        assert fleet.commands("clean-1", "shutdown") == 0
        assert fleet.untouched("clean-2", "clean-3")
        # Run again too early, it says the same, and runs nothing a second time.
        assert fleet.play("streamlined", mde_batches=[1]).rc == 2
        assert (fleet.record("clean-1")["verdict"], fleet.ran("clean-1")) == ("unverified", 1)
        for name in ("clean-1", "clean-2", "clean-3"):
            fleet.endpoint(name).restart()
            fleet.play("streamlined", mde_batches=[1])
            assert fleet.record(name)["verdict"] == "ok"
            assert fleet.record(name)["restart"] == ""
            assert fleet.ran(name) == 1
            following = f"clean-{int(name[-1]) + 1}"
            assert following == "clean-4" or fleet.record(following)["verdict"] == "unverified"


def test_an_endpoint_that_does_not_come_back_from_its_restart_is_unverified_until_it_does(
    network: Stage, tmp_path: Path
) -> None:
    with migration_on(network, tmp_path, {"clean": 2}) as fleet:
        assert fleet.play("streamlined_plan").rc == 0
        fleet.lab.reset_accounts()
        # What a whole step sends up to its restart.
        assert fleet.play("streamlined", "--limit", "clean-1").rc == 0
        lines = fleet.lab.account("clean-1").commands
        restart = next(number for number, line in enumerate(lines) if "shutdown" in line)
        assert restart == len(lines) - 3, "the restart, the look that it takes with it, and the one that proves"
        before_the_proof = fleet.lab.account("clean-1").requests - 3
        fleet.lab.reset_accounts()
        fleet.lab.drop_connection("clean-2", before_the_proof, dead=True)
        done = fleet.play("streamlined", streamlined_report_within=BRIEF)
        assert done.rc == 2
        assert fleet.record("clean-2")["verdict"] == "unverified"
        assert fleet.record("clean-2")["observed"] == {}
        fleet.lab.drop_connection("clean-2", None)
        assert fleet.play("streamlined").rc == 0
        assert (fleet.verdicts()["clean-2"], fleet.ran("clean-2")) == ("ok", 1)


def test_a_rollback_needs_the_package_and_proves_that_the_endpoint_is_back(network: Stage, tmp_path: Path) -> None:
    with migration_on(network, tmp_path, {"clean": 1}) as fleet:
        assert fleet.move().rc == 0
        fleet.lab.reset_accounts()
        refused = fleet.play("rollback")
        assert refused.rc == 2
        assert "There is no way back by this tool without the package for standard connectivity" in refused.output
        assert (fleet.verdicts(), fleet.untouched("clean-1")) == ({"clean-1": "ok"}, True)
        old = {"streamlined_previous_package": str(fleet.old)}
        said = fleet.play("rollback", "--check", **old)
        assert "would run WindowsDefenderATPOnboardingScript.cmd as SYSTEM and restart Windows" in said.output
        assert fleet.ran("clean-1") == 1
        # Without a restart nothing is proven yet; after it the same command only looks.
        due = fleet.play("rollback", streamlined_restart=False, **old)
        assert due.rc == 2
        assert "perhaps not restored: Windows has to be restarted" in fleet.record("clean-1")["reason"]
        fleet.endpoint("clean-1").restart()
        assert fleet.play("rollback", streamlined_restart=False, **old).rc == 0
        assert fleet.verdicts() == {"clean-1": "rolled_back"}
        assert (fleet.partner("clean-1"), fleet.ran("clean-1")) == (None, 2)
        # And once more it does nothing.
        assert fleet.play("rollback", **old).rc == 0
        assert fleet.ran("clean-1") == 2


def test_check_mode_says_who_would_move_and_runs_nothing(network: Stage, tmp_path: Path) -> None:
    with migration_on(network, tmp_path, {"clean": 1, "streamlined": 1}) as fleet:
        said = fleet.move("--check", "--diff")
        assert said.rc == 0, said.output[-2000:]
        assert "would be changed as planned" in said.output
        assert (fleet.moved(), fleet.ran("clean-1"), fleet.evidence.exists()) == ([], 0, False)
