# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pattern is matched as Ansible matches it, and nothing of that stays in ansible-playbook."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator

import pytest
from ansible.inventory.host import Host
from ansible.parsing.dataloader import DataLoader
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator import _hosts
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._hosts import (
    NoHosts,
    hosts_of,
    left_out,
)

NAMES = [f"pc-{number}" for number in range(50)]
GROUPS = {"all": NAMES, "windows": NAMES[:40], "ungrouped": NAMES[40:]}


@pytest.fixture
def _uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def hosts_in_memory() -> int:
    return sum(isinstance(each, Host) for each in gc.get_objects())


@pytest.mark.usefixtures("_uncollected")
def test_the_hosts_that_a_pattern_was_matched_with_are_freed_at_once() -> None:
    before = hosts_in_memory()
    assert hosts_of("windows[0:9]", GROUPS, DataLoader(), "!pc-3") == [name for name in NAMES[:10] if name != "pc-3"]
    assert left_out("all", NAMES[:45], GROUPS, DataLoader()) == 5
    assert hosts_in_memory() == before


@pytest.mark.parametrize(
    "pattern", ["windows", "all", "windows[0:9]", "windows[5:5]", "windows[38:60]", "all[0:0]", "ungrouped[3:9]"]
)
def test_a_group_and_a_part_of_one_are_what_ansible_takes_them_for(
    monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    asked = hosts_of(pattern, GROUPS, DataLoader(), "all")
    monkeypatch.setattr(_hosts, "InventoryManager", None)
    assert hosts_of(pattern, GROUPS, DataLoader(), None) == asked
    assert left_out(pattern, asked[1:], GROUPS, DataLoader()) == 1


def test_of_a_name_that_a_host_and_a_group_have_ansible_takes_the_host() -> None:
    groups = {**GROUPS, "pc_1": NAMES[2:4], "all": ["pc_1", *NAMES]}
    assert hosts_of("pc_1", groups, DataLoader(), None) == hosts_of("pc_1", groups, DataLoader(), "all") == ["pc_1"]
    assert left_out("pc_1", [], groups, DataLoader()) == 1


@pytest.mark.parametrize("pattern", ["windows[50:60]", "windows[9:3]", "linux"])
def test_a_part_in_which_there_is_nothing_is_refused_by_name(pattern: str) -> None:
    with pytest.raises(NoHosts, match=re.escape(pattern)):
        hosts_of(pattern, GROUPS, DataLoader(), None)
