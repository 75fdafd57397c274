# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook site configures and verifies in one task: tags, and a connection that is lost in between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from windows_lab.lab import Lab
from windows_lab.profiles import Profile

from tests.integration.play import run_tasks
from tests.integration.reachability.verifying import ASKS, BOTH, TENANT, asked, configured, of, run
from tests.integration.site import CONNECTIONS
from tests.outside import outside

pytestmark = pytest.mark.simulated


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as raised:
        yield raised


@pytest.mark.parametrize(("drop", "after"), [(7, False), (8, True), (10, True)])
def test_a_connection_that_is_lost_after_the_write_takes_nothing_back_of_what_was_written(
    tmp_path: Path, drop: int, after: bool
) -> None:
    lost = Profile("lost", drop_request=drop, drop_after=after)
    with Lab(profiles={lost: 1, "clean": 1}) as lab, outside(lab) as proxy:
        done = run(lab, tmp_path, "site", {**TENANT, **configured(proxy.server)})
        value = lab.endpoints["lost-1"].value(CONNECTIONS, "WinHttpSettings")
    (outcome,) = of(done, BOTH, "lost-1")
    assert (done.rc, outcome.status) == (4, "unreachable")
    assert value is not None
    assert proxy.server.encode() in value[1]
    assert outcome.result["changed"]
    assert outcome.result["after"]["winhttp"]["native"]["proxy"] == proxy.server
    assert outcome.result["msg"].startswith(
        "The settings were written and read back. The verification then: The connection to the endpoint failed: "
    )
    assert "CurrentVersion" not in outcome.result["msg"], "what the endpoint had answered until then"
    wins = f"WinHTTP {proxy.server}"
    (row,) = (re.split(r" {2,}", line) for line in done.output.splitlines() if re.match("lost-1 +WPAD", line))
    assert row == ["lost-1", "WPAD", wins, wins, "not asked", "unreachable", "the connection was lost"]
    assert "1 of 2 ended well, 1 changed, 1 unreachable." in done.output


def test_what_could_not_be_sent_to_verify_leaves_what_was_written_in_the_table(tmp_path: Path) -> None:
    with Lab(profiles={Profile("lost", drop_request=9): 1}) as lab, outside(lab) as proxy:
        done = run(lab, tmp_path, "site", {**TENANT, **configured(proxy.server)})
    (outcome,) = of(done, BOTH, "lost-1")
    assert (done.rc, outcome.status, outcome.result["changed"]) == (2, "failed", True)
    assert outcome.result["msg"] == (
        "The settings were written and read back. The verification came to no answer: The endpoint could not be sent "
        "all that a command reads, and what it did until then is not known."
    )
    assert re.search(rf"^lost-1 +WPAD +WinHTTP {proxy.server} .* not asked +failed ", done.output, re.MULTILINE)


def test_a_report_that_cannot_be_kept_is_said_beside_what_was_found(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("no directory")
    report = {"endpoint_verify_report_directory": str(tmp_path / "reports")}
    with outside(lab) as proxy:
        done = run(lab, tmp_path, "site", {**TENANT, **configured(proxy.server), **report})
    (outcome,) = of(done, BOTH)
    assert (done.rc, outcome.status) == (2, "failed")
    assert outcome.result["msg"].startswith("The settings were written and read back, and the URLs asked. ")
    assert outcome.result["verification"]["summary"]["ok"] == 25


def test_until_is_refused_beside_the_verification(lab: Lab, tmp_path: Path) -> None:
    task = {
        "mde.connectivity.endpoint_proxy": {"winhttp_proxy": {"proxy": "a.test:80"}, "verify_role": True},
        "until": "ended is success", "retries": 1, "delay": 0, "register": "ended",
    }
    done = run_tasks([task], lab.inventory(tmp_path / "inventory.yml"), tmp_path)
    assert done.outcomes[-1].result["msg"].startswith("verify_role: with until, the last attempt would hide ")
    assert lab.account("clean-1").requests == 0


def test_with_a_tag_for_both_it_verifies_once(lab: Lab, tmp_path: Path) -> None:
    with outside(lab) as proxy:
        done = run(lab, tmp_path, "site", {**TENANT, **configured(proxy.server)}, "--tags", "all,verify")
        assert len(proxy.log) == 25
    assert done.rc == 0, done.output
    assert "1 of 1 ended well, 1 changed." in done.output
    assert re.search(r"^clean-1 .* 25 of 26 +changed", done.output, re.MULTILINE)


@pytest.mark.parametrize("tags", [("--skip-tags", "verify"), ("--skip-tags", "tagged"), ("--tags", "untagged")])
def test_tags_leave_the_verification_out(lab: Lab, tmp_path: Path, tags: tuple[str, str]) -> None:
    done = run(lab, tmp_path, "site", configured("proxy.lab.test:8080"), *tags)
    assert done.rc == 0, done.output
    (outcome,) = of(done, BOTH)
    assert outcome.result["changed"]
    assert "verification" not in outcome.result
    assert not of(done, ASKS)


def test_the_tag_alone_verifies_and_writes_nothing(lab: Lab, tmp_path: Path) -> None:
    with outside(lab, resolves=True) as proxy:
        done = run(lab, tmp_path, "site", {**TENANT, **configured(proxy.server)}, "--tags", "verify")
    assert asked(done)["summary"]["rows"] == 26
    assert not of(done, BOTH)
    assert re.search(r"^clean-1 .* 26 of 26 +reached", done.output, re.MULTILINE)
    assert "1 of 1 ended well, 1 reached." in done.output
    unasserted = {**TENANT, **configured(proxy.server), "endpoint_verify_assert": False}
    with outside(lab):
        done = run(lab, tmp_path, "site", unasserted, "--tags", "verify")
    assert done.rc == 0, done.output
    assert "0 of 1 ended well, 1 not reached." in done.output
    assert lab.endpoints["clean-1"].writes == []


def test_site_is_one_task_for_each_endpoint(tmp_path: Path) -> None:
    with Lab(endpoints=2) as lab, outside(lab) as proxy:
        done = run(lab, tmp_path, "site", {**TENANT, **configured(proxy.server)})
    assert done.rc == 0, done.output
    tasks = [outcome.task.rpartition(" : ")[2] for outcome in done.outcomes]
    assert len(tasks) == 5, "two checks of the variables, one task for each of two endpoints, and the table"
    assert [name for name in tasks if name == BOTH] == [BOTH, BOTH]
