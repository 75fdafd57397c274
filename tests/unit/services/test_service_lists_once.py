# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is the same for all hosts is read when Ansible loads an action, before it forks a worker for each host."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.twice import ROOT

# The strategies load the class of a task's action in the process that forks.
_PROGRAM = """
import json, sys
from ansible.plugins.loader import action_loader, init_plugin_loader
init_plugin_loader([sys.argv[1]])
from ansible_collections.mde.connectivity.plugins.plugin_utils._action import argument_spec
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._carrier import program
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import built_in
found = {}
for name in sys.argv[2:]:
    argument_spec.cache_clear(), built_in.cache_clear(), program.cache_clear()
    action_loader.get(f"mde.connectivity.{name}", class_only=True)
    found[name] = [cache.cache_info().currsize for cache in (built_in, program, argument_spec)]
print(json.dumps(found))
"""
# How many argument specs of modules each of them needs beside the lists.
ASKING = {
    "connectivity_tool": 1,
    "endpoint_proxy": 4,
    "endpoint_verify": 3,
    "onboarding_package": 2,
    "reachability": 1,
    "rollout_apply": 4,
    "rollout_predict": 4,
    "rollout_undo": 3,
    "validate_variables": 5,
}
OTHERS = {"audit": 2, "endpoint_info": 1, "winhttp_proxy": 1}


@pytest.fixture(scope="module")
def loaded() -> dict[str, list[int]]:
    command = [sys.executable, "-c", _PROGRAM, str(ROOT / ".venv" / "collections"), *ASKING, *OTHERS]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, list[int]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", ASKING)
def test_lists_program_and_options_are_there_before_a_worker(loaded: dict[str, list[int]], name: str) -> None:
    assert loaded[name] == [1, 1, ASKING[name]]


@pytest.mark.parametrize("name", OTHERS)
def test_who_asks_no_service_reads_no_list(loaded: dict[str, list[int]], name: str) -> None:
    assert loaded[name] == [0, 0, OTHERS[name]]
