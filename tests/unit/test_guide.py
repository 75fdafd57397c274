# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the guides name is there: playbooks, variables, plugins and files."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._variables import (
    LEFT,
    PLAYBOOKS,
    RUN,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._maps import MORE_REASONS
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._verdict import REASONS

from tests.guides import GUIDES, blocks, read, rows, tables

ROOT = Path(__file__).parents[2]
ROLES = ("endpoint_proxy", "endpoint_verify", "service_allowlist")
PAGES = (*GUIDES, ROOT / "docs" / "awx" / "README.md")
LINKING = (*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docs" / "benchmarks.md")
# Into this repository from anywhere, from a page of Markdown beside it, and to a picture.
ABSOLUTE = re.compile(r"https://github\.com/mde-connectivity/mde\.connectivity/(?:blob|raw)/main/([^)>#\s]+)")
RELATIVE = re.compile(r"\]\((?!https?:)([^)#]+)\)|^ *\.\. image:: (.*)$", re.MULTILINE)
FOLDERS = ("modules", "callback", "connection", "filter", "lookup")
PLUGINS = {path.stem for folder in FOLDERS for path in (ROOT / "plugins" / folder).glob("*.py")}
NAMED = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
# A scheduled task on the endpoint, and a word that stands for a name.
OTHER = {"NAME", "undo"}


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
    assert named <= PLUGINS | NAMED | OTHER


def test_every_variable_is_read_by_a_playbook(guide: str) -> None:
    named = set(re.findall(r"(?<![\w\[])mde_\w+", guide)) - {"mde_", *LEFT}
    assert named <= set(RUN)
    assert named - {"mde_first_batch_above_one"} <= set(re.findall(r"\bmde_\w+", playbook_text()))


@functools.cache
def specified(role: str) -> frozenset[str]:
    specs = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return frozenset(specs["argument_specs"]["main"]["options"])


def test_every_variable_of_a_role_is_in_its_specification(guide: str) -> None:
    for role in ROLES:
        known = specified(role) | {f"{role}_result", f"{role}_contacts"}
        assert set(re.findall(rf"(?<!__)\b{role}_\w+", guide)) - {f"{role}_"} <= known


@pytest.mark.parametrize("path", LINKING, ids=name_of)
def test_every_link_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = [path.parent / "".join(found) for found in RELATIVE.findall(text)]
    targets += [ROOT / found for found in ABSOLUTE.findall(text)]
    assert [target for target in targets if not target.exists()] == []


def test_every_block_of_yaml_and_every_command_can_be_read(guide: str) -> None:
    for text in blocks(guide, "yaml"):
        yaml.safe_load(text)
    for text in blocks(guide, "sh"):
        subprocess.run(["sh", "-n"], input=text, text=True, check=True)


def table(guide: str, head: str) -> dict[str, tuple[str, ...]]:
    """The rows of the table that begins with this head, by their first cell."""
    (found,) = (each[1:] for each in tables(read(guide)) if each[0][0] == head)
    return {row[0].strip("`"): row[1:] for row in found}


def names(cell: str) -> set[str]:
    return set(re.findall("``(.*?)``", cell))


def variables_of(playbook: str) -> set[str]:
    plays = yaml.safe_load((ROOT / "playbooks" / f"{playbook}.yml").read_text(encoding="utf-8"))
    templates = " ".join(re.findall(r"\{\{.*?\}\}", str(plays), re.DOTALL))
    found = set(re.findall(r"\bmde_\w+", templates)) - set(LEFT)
    imported = {play["ansible.builtin.import_playbook"].removesuffix(".yml") for play in plays if "hosts" not in play}
    return found.union(*map(variables_of, imported))


def test_the_table_of_playbooks_has_each_of_them_and_what_it_can_not_do_without() -> None:
    shown = table("guide_playbooks", "playbook")
    assert set(shown) == NAMED
    for name, playbook in PLAYBOOKS.items():
        assert {need for need in playbook.needs if need not in names(shown[name][2])} == set()


def test_the_table_of_variables_has_each_of_them_with_the_playbooks_that_read_it() -> None:
    shown = {name: names(row[0]) for name, row in table("guide_playbooks", "variable").items()}
    found = {each: variables_of(each) for each in NAMED}
    read_by = {name: {each for each in NAMED if name in found[each]} for name in RUN}
    # The check of the variables alone asks for it.
    read_by["mde_first_batch_above_one"] = {"rollout", "streamlined"}
    assert shown == read_by


def test_the_table_of_modules_has_each_of_them() -> None:
    known = {f":ansplugin:`mde.connectivity.{path.stem}#module`" for path in (ROOT / "plugins/modules").glob("*.py")}
    (shown,) = (each[1:] for each in tables(read("guide_modules")) if each[0][0] == "module")
    assert {row[0] for row in shown} == known
    assert len(shown) == len(known)


def test_the_table_of_reasons_has_each_of_them_with_its_verdict() -> None:
    shown = {reason: row[0].strip("`") for reason, row in table("guide_verify", "reason").items()}
    assert shown == {**{reason: verdict for reason, (verdict, _advice) in REASONS.items()}, **MORE_REASONS}


def test_the_defaults_are_those_of_the_playbook() -> None:
    _check, play = yaml.safe_load((ROOT / "playbooks" / "rollout.yml").read_text(encoding="utf-8"))
    given = {name: row[1].strip("`") for name, row in table("guide_playbooks", "variable").items()}
    assert f"default({given['mde_batches'].replace(chr(34), chr(39))})" in play["serial"]
    assert f"mde_max_failures | default({given['mde_max_failures']})" in playbook_text()


def said() -> set[str]:
    """The constant parts of all texts in the code."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "plugins").rglob("*.py")]
    constants = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return {text for text in constants if isinstance(text, str)}


def test_every_message_that_is_explained_is_one_of_the_code() -> None:
    known = said()
    messages = [message for row in rows(read("guide_troubleshooting")) for message in names(row[0])]
    assert len(messages) == len(set(messages))
    assert messages
    assert [message for message in messages if not any(message in text for text in known)] == []
