# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory is one run's at a time: a dead run's goes to the next, a living one's and a stranger's to nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout import _lock
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._lock import (
    LOCK,
    Owner,
    Taken,
    claim,
    held,
    look,
    release,
    this_run,
)


def run_of(pid: int) -> Owner:
    """The run that a process would be."""
    return replace(this_run("a rollout of CHG0001", "alice", "2026-01-31T12:00:00Z"), pid=pid, born=_lock._born(pid))


def test_a_living_run_keeps_its_directory_and_is_named(tmp_path: Path) -> None:
    mine, theirs = run_of(os.getpid()), run_of(os.getppid())
    claim(tmp_path, mine)
    claim(tmp_path, mine)
    with held(tmp_path, mine):
        pass
    for refused in (look, claim):
        with pytest.raises(Taken, match=f"in use by a rollout of CHG0001, begun by alice .* process {os.getpid()} on"):
            refused(tmp_path, theirs)
    with pytest.raises(Taken, match="no longer this run's"), held(tmp_path, theirs):
        pass
    release(tmp_path, theirs)
    with pytest.raises(Taken):
        look(tmp_path, theirs)
    release(tmp_path, mine)
    claim(tmp_path, theirs)
    with pytest.raises(Taken), held(tmp_path, mine):
        pass


def test_the_directory_of_a_dead_run_goes_to_the_next(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    dead = run_of(process.pid)
    assert dead.born
    claim(tmp_path, dead)
    with pytest.raises(Taken):
        claim(tmp_path, run_of(os.getpid()))
    process.communicate(b"\n")
    claim(tmp_path, run_of(os.getpid()))
    # Another process that has got the number since is not that run.
    claim_of_reused = replace(run_of(os.getpid()), born="earlier")
    release(tmp_path, run_of(os.getpid()))
    claim(tmp_path, claim_of_reused)
    claim(tmp_path, run_of(os.getppid()))


def test_what_another_machine_took_can_not_be_judged(tmp_path: Path) -> None:
    claim(tmp_path, replace(run_of(os.getpid()), machine="elsewhere"))
    with pytest.raises(Taken, match=f"on elsewhere, and from .* When it has, remove {tmp_path / LOCK} and start again"):
        claim(tmp_path, run_of(os.getpid()))


@pytest.mark.parametrize("content", [b"{", b"[]\n", b"\xff\n", b"{}\n", b'{"pid": "x"}\n', b"[" * 20_000])
def test_a_lock_that_does_not_say_whose_it_is_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / LOCK).write_bytes(content)
    with pytest.raises(Taken, match="does not say which run"):
        claim(tmp_path, run_of(os.getpid()))
    assert (tmp_path / LOCK).read_bytes() == content


def test_a_link_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / LOCK).symlink_to(tmp_path / "other")
    with pytest.raises(NotWritable):
        claim(tmp_path, run_of(os.getpid()))
    assert not (tmp_path / "other").exists()
