# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the guides name is there: playbooks, variables, plugins and files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._variables import LEFT, RUN

from tests.guides import GUIDES, read, rows

ROOT = Path(__file__).parents[2]
ROLES = ("endpoint_proxy", "endpoint_verify", "service_allowlist")
PAGES = (*GUIDES, ROOT / "docs" / "awx" / "README.md")
LINKING = (*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docs" / "benchmarks.md")
# Into this repository from anywhere, from a page of Markdown beside it, and to a picture.
ABSOLUTE = re.compile(r"https://github\.com/mde-connectivity/mde\.connectivity/blob/main/([^)>#\s]+)")
RELATIVE = re.compile(r"\]\((?!https?:)([^)#]+)\)|^ *\.\. image:: (.*)$", re.MULTILINE)
FOLDERS = ("modules", "callback", "connection", "filter", "lookup")
PLUGINS = {path.stem for folder in FOLDERS for path in (ROOT / "plugins" / folder).glob("*.py")}
PLAYBOOKS = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
# A scheduled task on the endpoint, and a section of ansible.cfg.
OTHER = {"undo"}


def name_of(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


@pytest.fixture(params=PAGES, ids=name_of)
def guide(request: pytest.FixtureRequest) -> str:
    return str(request.param.read_text(encoding="utf-8"))


def playbook_text() -> str:
    folders = (ROOT / "playbooks", ROOT / "docs" / "awx" / "project")
    return "\n".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.glob("*.yml"))


def test_every_name_of_the_collection_is_there(guide: str) -> None:
    named = set(re.findall(r"\bmde\.connectivity\.(?!docsite)(\w+)", guide))
    assert named <= PLUGINS | PLAYBOOKS | OTHER


def test_every_variable_is_read_by_a_playbook(guide: str) -> None:
    named = set(re.findall(r"(?<![\w\[])mde_\w+", guide)) - {"mde_", *LEFT}
    assert named <= set(RUN)
    assert named - {"mde_first_batch_above_one"} <= set(re.findall(r"\bmde_\w+", playbook_text()))


def test_every_variable_of_a_role_is_in_its_specification(guide: str) -> None:
    for role in ROLES:
        specs = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
        known = set(specs["argument_specs"]["main"]["options"]) | {f"{role}_result", f"{role}_contacts"}
        assert set(re.findall(rf"(?<!__)\b{role}_\w+", guide)) - {f"{role}_"} <= known


@pytest.mark.parametrize("path", LINKING, ids=name_of)
def test_every_link_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = [path.parent / "".join(found) for found in RELATIVE.findall(text)]
    targets += [ROOT / found for found in ABSOLUTE.findall(text)]
    assert [target for target in targets if not target.exists()] == []


def test_the_table_has_every_variable_of_the_rollout() -> None:
    guide = read("guide_rollout")
    head = (ROOT / "playbooks" / "rollout.yml").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\bmde_\w+", head)) - {"mde_evidence_directory", "mde_applied", "mde_gate"}
    assert wanted <= set(re.findall(r"\bmde_\w+", guide))


def test_the_defaults_are_those_of_the_playbook() -> None:
    _check, play = yaml.safe_load((ROOT / "playbooks" / "rollout.yml").read_text(encoding="utf-8"))
    given = {row[0].strip("`"): row[1].strip("`") for row in rows(read("guide_rollout")) if len(row) == 3}
    assert f"default({given['mde_batches'].replace(chr(34), chr(39))})" in play["serial"]
    assert f"mde_max_failures | default({given['mde_max_failures']})" in playbook_text()
