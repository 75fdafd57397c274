# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The molecule scenario that is copied, and the jobs that the lab's README shows; tests/checks/outside.py runs them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from windows_lab.__main__ import main
from windows_lab.profiles import PROFILES

README = Path(__file__).parents[3] / "lab" / "README.md"


def test_a_role_gets_a_scenario_with_a_playbook_per_stage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["molecule-init", str(tmp_path / "my_role")]) == 0
    scenario = tmp_path / "my_role" / "molecule" / "default"
    stages = set(yaml.safe_load((scenario / "molecule.yml").read_text())["scenario"]["test_sequence"])
    assert {f"{stage}.yml" for stage in stages - {"syntax", "idempotence"}} | {"molecule.yml", "tests"} == {
        path.name for path in scenario.iterdir()
    }
    (create,) = yaml.safe_load((scenario / "create.yml").read_text())
    assert set(create["vars"]["profiles"]) <= set(PROFILES)
    assert str(scenario) in capsys.readouterr().out


def test_a_scenario_that_is_there_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = tmp_path / "molecule" / "default"
    there.mkdir(parents=True)
    assert main(["molecule-init", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"{there}: File exists\n"
    assert not list(there.iterdir())


def test_the_jobs_of_the_page_end_with_molecule() -> None:
    github, gitlab = (yaml.safe_load(text) for text in re.findall("```yaml\n(.*?)```", README.read_text(), re.DOTALL))
    steps = [step["run"] for step in github["jobs"]["molecule"]["steps"] if "run" in step]
    assert steps == gitlab["molecule"]["script"]
    assert steps[-1] == "molecule test"
