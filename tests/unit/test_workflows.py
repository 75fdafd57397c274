# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs of the public repository: each check runs once, and what runs on a Windows of our own is for nobody else."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.checks.catalogue import CHECKS

ROOT = Path(__file__).resolve().parents[2]


def workflow(name: str) -> dict[Any, Any]:
    return yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8"))


def test_every_check_is_in_one_job() -> None:
    parts = workflow("ci")["jobs"]["checks"]["strategy"]["matrix"]["include"]
    assert Counter(name for part in parts for name in part["checks"].split()) == Counter(c.name for c in CHECKS)


def test_no_pull_request_and_no_fork_reaches_a_machine_of_our_own() -> None:
    windows = workflow("windows")
    # YAML 1.1 reads `on` as true.
    assert set(windows[True]) == {"schedule", "workflow_dispatch"}
    (own,) = (job for job in windows["jobs"].values() if "self-hosted" in job["runs-on"])
    repository = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["repository"]
    for needed in ("inputs.own", "'workflow_dispatch'", f"'{repository.removeprefix('https://github.com/')}'"):
        assert needed in own["if"].split(" && ") or f"== {needed}" in own["if"]
    assert own["environment"] == "windows"


def test_both_jobs_on_windows_keep_the_recording() -> None:
    for job in workflow("windows")["jobs"].values():
        (run,) = (step["run"] for step in job["steps"] if ".ci/windows" in step.get("run", ""))
        kept = job["steps"][-1]
        assert kept["uses"].startswith("actions/upload-artifact@")
        assert kept["if"] == "always()"
        assert run.endswith(f".ci/windows {kept['with']['path']}")


PRETENDED = {
    "apt-get": "",
    "ip": "echo 'default via 127.0.0.7 dev eth0'",
    "make": 'echo "make $* for $MDE_WINDOWS_HOST in $PWD" >> "$SAID"',
    "molecule": 'echo "molecule $*" >> "$SAID"',
}


def test_the_script_runs_the_scenario_and_make_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, line in PRETENDED.items():
        (programs / name).write_text(f"#!/bin/sh\n{line}\n", encoding="ascii")
        (programs / name).chmod(0o755)
    said = tmp_path / "said"
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("SAID", str(said))
    subprocess.run([ROOT / ".ci" / "windows", tmp_path / "recording"], cwd=ROOT, check=True)
    made, scenario, everything = said.read_text(encoding="utf-8").splitlines()
    assert made.startswith("make venv for 127.0.0.7 in ")
    assert scenario == "molecule test --scenario-name windows"
    assert everything.startswith(f"make windows INTO={tmp_path}/recording for 127.0.0.7 in ")
    # It ran in a copy that is gone.
    assert not Path(everything.rpartition(" in ")[2]).exists()
