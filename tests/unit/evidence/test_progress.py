# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of progress: how many batches there are, what a line says, and that there are not too many."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.executor.playbook_executor import PlaybookExecutor
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._progress import Progress, batches
from hypothesis import given
from hypothesis import strategies as st

SIZES = st.one_of(st.integers(1, 30), st.integers(1, 120).map(lambda share: f"{share}%"))


@given(st.integers(1, 300), st.lists(SIZES, max_size=4))
def test_batches_are_counted_as_ansible_cuts_them(hosts: int, serial: list[int | str]) -> None:
    inventory = SimpleNamespace(get_hosts=lambda pattern, order: list(range(hosts)))
    play = SimpleNamespace(hosts="all", order=None, serial=serial)
    cut = PlaybookExecutor._get_serialized_batches(SimpleNamespace(_inventory=inventory), play)
    assert batches(hosts, serial) == len(cut)


@pytest.mark.parametrize(("hosts", "serial"), [(0, []), (0, [1]), (5, ["many"]), (5, [0])])
def test_there_is_always_one(hosts: int, serial: list[int | str]) -> None:
    assert batches(hosts, serial) == 1


def lines(progress: Progress, hosts: int, seconds: float, task: str = "endpoint_proxy") -> list[str]:
    told = [progress.report(task, f"host{n}", n * seconds / hosts) for n in range(hosts)]
    return [line for line in told if line]


def test_the_last_host_is_always_told() -> None:
    assert lines(Progress(1, 3, 1), 1, 1) == [
        "batch 1 of 3, endpoint_proxy: 1 of 1 hosts done, 0 failed, 0 remaining"
    ]
    assert lines(Progress(2, 3, 100), 100, 0.5)[-1].endswith("100 of 100 hosts done, 0 failed, 0 remaining")


def test_a_fast_batch_says_little_and_a_slow_one_enough() -> None:
    assert len(lines(Progress(1, 1, 1000), 1000, 8)) == 1
    slow = lines(Progress(1, 1, 1000), 1000, 3600)
    assert 20 <= len(slow) <= 61
    assert slow[0].endswith("per minute")
    assert "17 per minute" in slow[-1]


def test_failed_and_lost_hosts_are_counted() -> None:
    progress = Progress(1, 1, 4)
    progress.failed("host3", dropped=True)
    progress.failed("host0", dropped=False)
    told = [progress.report("reachability", f"host{n}", 0) for n in range(3)]
    assert told[-1] == "batch 1 of 1, reachability: 3 of 4 hosts done, 2 failed, 0 remaining"
