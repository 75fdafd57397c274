# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job templates of docs/awx under ansible-runner, the engine of AWX; AWX itself is played by this file."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ansible_runner
import pytest
import yaml
from windows_lab import auth
from windows_lab.inventory import document
from windows_lab.lab import Lab
from windows_lab.network.view import Network
from windows_lab.simulated.endpoint import SimulatedEndpoint

from tests.integration.rollout.streamlined_site import migration_on
from tests.integration.site import Site
from tests.network.stage import Stage
from tests.outside import outside

pytestmark = pytest.mark.simulated

AWX = Path(__file__).parents[3] / "docs" / "awx"
ANSWERS = {"mde_change": "CHG0001", "mde_hosts": "windows"}


class Awx:
    """What AWX does around a job: a private directory per job, survey answers, and artifacts handed on."""

    def __init__(self, lab: Lab, proxy: str, work: Path) -> None:
        self.lab = lab
        self.work = work
        self.share = work / "share"
        self.change = self.share / ANSWERS["mde_change"]
        self.artifacts: dict[str, Any] = {}
        content = json.loads((AWX / "workflow.json").read_text(encoding="utf-8"))
        self.templates = {each["name"]: each for each in content["job_templates"]}
        self.settings = {
            "endpoint_proxy_winhttp_proxy": {"proxy": proxy},
            "endpoint_verify_regions": ["eu"],
            "endpoint_verify_generation": "streamlined",
        }

    def slice(self, number: int, count: int) -> dict[str, Any]:
        """The inventory of one slice: every count-th host, by name."""
        inventory = document(self.lab, "winrs", "basic")
        hosts = inventory["windows"]["hosts"]
        inventory["windows"]["hosts"] = {name: hosts[name] for name in sorted(hosts)[number::count]}
        inventory["windows"]["vars"].update(self.settings)
        return inventory

    def run(self, template: str, number: int = 0, count: int = 1, **answers: str) -> ansible_runner.Runner:
        """Run a job template on one slice of the inventory, with other answers where they are given."""
        asset = self.templates[template]
        private = self.work / f"{template} {number}"
        shutil.rmtree(private, ignore_errors=True)
        shutil.copytree(AWX / "project", private / "project")
        extra = yaml.safe_load(asset["extra_vars"].replace("/srv/mde", str(self.share)))
        files = {
            "inventory/hosts.json": self.slice(number, count),
            "env/extravars": {**extra, **self.artifacts, **ANSWERS, **answers, "awx_user_name": "alice"},
            "env/envvars": {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        }
        for name, content in files.items():
            (private / name).parent.mkdir(parents=True, exist_ok=True)
            (private / name).write_text(json.dumps(content), encoding="utf-8")
        job = ansible_runner.run(private_data_dir=str(private), playbook=asset["playbook"], forks=5, quiet=True)
        self.artifacts.update(handed_on(job))
        return job

    def rollout(self, slices: int) -> list[ansible_runner.Runner]:
        """Run the slices of the rollout at the same time."""
        with ThreadPoolExecutor(slices) as pool:
            return list(pool.map(lambda number: self.run("MDE rollout", number, slices), range(slices)))

    def held(self) -> dict[str, Any]:
        """What the endpoints hold, read behind the back of everything."""
        site = Site(self.lab, self.work)
        found = {}
        for name, site.endpoint in self.lab.endpoints.items():
            found[name] = site.managed()
        return found

    def reaches_nothing(self, name: str) -> None:
        endpoint = self.lab.endpoints[name]
        assert isinstance(endpoint, SimulatedEndpoint)
        endpoint.network = Network()

    def summary(self, directory: str) -> dict[str, Any]:
        text = (self.change / "evidence" / directory / "summary.json").read_text(encoding="utf-8")
        return dict(json.loads(text))


@pytest.fixture
def awx(tmp_path: Path) -> Iterator[Awx]:
    with Lab(profiles={"clean": 5, "german": 1}) as lab, outside(lab) as proxy:
        yield Awx(lab, proxy.server, tmp_path)


def handed_on(job: ansible_runner.Runner) -> Mapping[str, Any]:
    """What a job leaves with set_stats; AWX gives it to the jobs after it."""
    stats = next((event for event in job.events if event["event"] == "playbook_on_stats"), None)
    assert stats, said(job)
    return dict(stats["event_data"].get("artifact_data") or {})


def results(job: ansible_runner.Runner, action: str) -> dict[str, dict[str, Any]]:
    """Results of an action by host."""
    data = [event["event_data"] for event in job.events if event["event"].startswith("runner_on_")]
    return {each["host"]: each["res"] for each in data if each.get("resolved_action") == action and "res" in each}


def texts(folder: Path) -> str:
    return "\n".join(
        path.read_text(encoding="utf-8", errors="replace") for path in folder.rglob("*") if path.is_file()
    )


def said(job: ansible_runner.Runner) -> str:
    with job.stdout as stream:
        return str(stream.read())


def test_the_workflow_plans_rolls_out_what_was_planned_and_leaves_no_password(awx: Awx) -> None:
    before = awx.held()
    planned = awx.run("MDE plan")
    assert planned.status == "successful", said(planned)
    plan = json.loads((awx.change / "plan.json").read_text(encoding="utf-8"))
    assert awx.artifacts == {"mde_plan": str(awx.change / "plan.json"), "mde_plan_digest": plan["digest"]}
    assert awx.held() == before
    done = awx.run("MDE rollout")
    assert done.status == "successful", said(done)
    applied = results(done, "mde.connectivity.rollout_apply")
    assert {host: each["verdict"] for host, each in applied.items()} == dict.fromkeys(awx.lab.endpoints, "ok")
    assert "mde.connectivity.evidence: batch 3 of 3" in said(done)
    summary = awx.summary("clean-1")
    assert (summary["incomplete"], summary["hosts"], summary["who"]) == (False, 6, "alice")
    assert summary["plan_digest"] == plan["digest"]
    assert all(awx.held()[name] != before[name] for name in before)
    kept = texts(awx.share) + "".join(texts(Path(job.config.artifact_dir)) + said(job) for job in (planned, done))
    assert "german-1" in kept
    assert auth.PASSWORD not in kept
    assert not any(path.stat().st_mode & 0o077 for path in awx.change.rglob("*"))


def test_a_plan_made_after_the_approval_is_refused(awx: Awx) -> None:
    awx.run("MDE plan")
    approved = dict(awx.artifacts)
    awx.settings["endpoint_proxy_winhttp_proxy"] = {"proxy": "other.example.com:8080"}
    awx.run("MDE plan")
    before = awx.held()
    awx.artifacts = approved
    refused = awx.run("MDE rollout")
    assert refused.status == "failed"
    assert "is not the one that was approved" in said(refused)
    assert awx.held() == before
    assert not list(awx.change.glob("evidence/*/hosts/*"))


def test_slices_have_evidence_of_their_own_which_merges(awx: Awx) -> None:
    before = awx.held()
    awx.run("MDE plan")
    assert [job.status for job in awx.rollout(2)] == ["successful"] * 2
    # Hosts by name: clean-1, clean-3, clean-5 and clean-2, clean-4, german-1.
    assert sorted(path.name for path in (awx.change / "evidence").iterdir()) == ["clean-1", "clean-2"]
    for name in ("clean-1", "clean-2"):
        assert awx.summary(name)["hosts"] == 3
        assert awx.summary(name)["batches"][0]["hosts"] == 1
    joined = awx.run("MDE evidence")
    assert joined.status == "successful", said(joined)
    page = (awx.change / "index.html").read_text(encoding="utf-8")
    assert all(name in page for name in awx.lab.endpoints)
    assert len((awx.change / "summary.csv").read_text(encoding="utf-8").splitlines()) == 1 + 6
    assert "'ok': 6" in said(joined)
    assert "incomplete: False" in said(joined)
    undone = [awx.run("MDE rollback", number, 2) for number in range(2)]
    assert [job.status for job in undone] == ["successful"] * 2, said(undone[0])
    assert awx.held() == before


def test_the_gate_of_a_slice_stops_that_slice_alone(awx: Awx) -> None:
    awx.run("MDE plan")
    before = awx.held()
    awx.reaches_nothing("clean-2")
    assert [job.status for job in awx.rollout(2)] == ["successful", "failed"]
    changed = {name for name, held in awx.held().items() if held != before[name]}
    assert changed == {"clean-1", "clean-3", "clean-5"}
    assert awx.summary("clean-2")["verdicts"]["rolled_back"] == 1
    joined = awx.run("MDE evidence")
    assert "'ok': 3, 'rolled_back': 1" in said(joined)
    assert "2 not started" in said(joined)


# A survey lets any text of 1 to 64 characters through.
@pytest.mark.parametrize(
    ("template", "change"),
    [("MDE plan", "../CHG0001"), ("MDE streamlined plan", "CHG 0001"), ("MDE evidence", ".hidden")],
)
def test_the_first_task_refuses_what_no_survey_can(awx: Awx, template: str, change: str) -> None:
    refused = awx.run(template, mde_change=change)
    assert refused.status == "failed"
    (failed,) = [event["event_data"] for event in refused.events if event["event"] == "runner_on_failed"]
    assert failed["task"].startswith("Refuse wrong variables")
    assert "mde_change" in failed["res"]["msg"]
    assert sum(awx.lab.account(name).requests for name in awx.lab.endpoints) == 0
    assert not awx.share.exists()


def test_the_other_workflow_moves_a_fleet_and_brings_it_back(network: Stage, tmp_path: Path) -> None:
    with migration_on(network, tmp_path, {"clean": 2}) as fleet:
        awx = Awx(fleet.lab, network.proxy, tmp_path)
        kept = ("streamlined_", "endpoint_verify_")
        awx.settings = {name: value for name, value in fleet.variables.items() if name.startswith(kept)}
        awx.settings["streamlined_previous_package"] = str(fleet.old)
        planned = awx.run("MDE streamlined plan")
        assert planned.status == "successful", said(planned)
        assert fleet.moved() == []
        moved = awx.run("MDE streamlined move")
        assert moved.status == "successful", said(moved)
        assert fleet.moved() == ["clean-1", "clean-2"]
        joined = awx.run("MDE evidence")
        assert "'ok': 2" in said(joined)
        back = awx.run("MDE rollback")
        assert back.status == "successful", said(back)
        assert fleet.moved() == []
