# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is registered is held for each endpoint to the end of a run, so a playbook for thousands registers nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FLEETS = ("audit", "verify", "plan", "rollout", "streamlined_plan", "streamlined")


def tasks(path: Path) -> Iterator[dict[str, Any]]:
    """The tasks of a file with those of its blocks and of the roles that it imports."""
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    waiting = [task for entry in entries for task in entry.get("tasks", [entry])]
    while waiting:
        task = waiting.pop()
        waiting += [inner for part in ("block", "rescue", "always") for inner in task.get(part, [])]
        if role := task.get("ansible.builtin.import_role"):
            name = role["name"].removeprefix("mde.connectivity.")
            yield from tasks(ROOT / "roles" / name / "tasks" / f"{role['tasks_from']}.yml")
        yield task


@pytest.mark.parametrize("name", FLEETS)
def test_a_playbook_for_a_fleet_registers_nothing_for_each_endpoint(name: str) -> None:
    found = list(tasks(ROOT / "playbooks" / f"{name}.yml"))
    endpoint = [task for task in found if not task.get("run_once")]
    assert any(task.get("run_once") for task in found)
    assert any(key.startswith("mde.connectivity.") for task in endpoint for key in task)
    assert [task["name"] for task in endpoint if "register" in task] == []
