# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the guides of the rollout name is there: playbooks, variables, plugins and files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._variables import RUN

ROOT = Path(__file__).parents[2]
GUIDES = (ROOT / "docs" / "rollout.md", ROOT / "docs" / "awx" / "README.md", ROOT / "docs" / "evidence.md")
PAGES = (*GUIDES, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docs" / "benchmarks.md")
FOLDERS = ("modules", "callback", "connection", "filter", "lookup")
PLUGINS = {path.stem for folder in FOLDERS for path in (ROOT / "plugins" / folder).glob("*.py")}
PLAYBOOKS = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
# A scheduled task on the endpoint, and a section of ansible.cfg.
OTHER = {"undo"}


@pytest.fixture(params=GUIDES, ids=lambda path: path.parent.name + "-" + path.stem)
def guide(request: pytest.FixtureRequest) -> str:
    return str(request.param.read_text(encoding="utf-8"))


def playbook_text() -> str:
    folders = (ROOT / "playbooks", ROOT / "docs" / "awx" / "project")
    return "\n".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.glob("*.yml"))


def test_every_name_of_the_collection_is_there(guide: str) -> None:
    named = set(re.findall(r"\bmde\.connectivity\.(\w+)", guide))
    assert named
    assert named <= PLUGINS | PLAYBOOKS | OTHER


def test_every_variable_is_read_by_a_playbook(guide: str) -> None:
    named = set(re.findall(r"(?<![\w\[])mde_\w+", guide)) - {"mde_"}
    assert named
    assert named <= set(RUN)
    assert named - {"mde_first_batch_above_one"} <= set(re.findall(r"\bmde_\w+", playbook_text()))


def test_every_variable_of_a_role_is_in_its_specification(guide: str) -> None:
    for role in ("endpoint_proxy", "endpoint_verify"):
        specs = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
        known = set(specs["argument_specs"]["main"]["options"])
        assert set(re.findall(rf"\b{role}_\w+", guide)) - {f"{role}_"} <= known


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.parent.name + "-" + path.stem)
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_the_table_has_every_variable_of_the_rollout() -> None:
    guide = GUIDES[0].read_text(encoding="utf-8")
    head = (ROOT / "playbooks" / "rollout.yml").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\bmde_\w+", head)) - {"mde_evidence_directory", "mde_applied", "mde_gate"}
    assert wanted <= set(re.findall(r"\bmde_\w+", guide))


def test_the_defaults_are_those_of_the_playbook() -> None:
    _check, play = yaml.safe_load((ROOT / "playbooks" / "rollout.yml").read_text(encoding="utf-8"))
    guide = GUIDES[0].read_text(encoding="utf-8")
    (batches,) = re.findall(r"\| `mde_batches` \| `(.*?)` \|", guide)
    assert f"default({batches.replace(chr(34), chr(39))})" in play["serial"]
    (failures,) = re.findall(r"\| `mde_max_failures` \| (\d+) \|", guide)
    assert f"mde_max_failures | default({failures})" in playbook_text()
