# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left to do and to say when ansible-playbook ends before its rollout does, as after Ctrl-C."""

from __future__ import annotations

import atexit
import functools
import multiprocessing
import os
from pathlib import Path

from ansible.utils.display import Display

from .._evidence._files import NotWritable
from .._evidence._publish import publish
from .._evidence._record import RecordError
from .._evidence._summary import PAGE, records
from ._lock import LOCK, Taken, release, this_run


def go_on(work: str, evidence: Path) -> str:
    """How to go on with a rollout or a rollback that has ended, and how to take a rollout back."""
    if work == "rollback":
        return "To go on, run the same command again: what is restored is not written again."
    one = next(records([evidence], []), None)
    package = " -e streamlined_previous_package=FILE" if one and "package" in one.planned else ""
    return (
        "To go on, run the same command again: what ended ok is looked at, and the rest gets another turn. "
        f"To take all of it back: ansible-playbook mde.connectivity.rollback -e mde_evidence={evidence}{package}"
    )


@functools.cache
def tell_if_cut(directory: Path, work: str) -> None:
    """At the end of ansible-playbook, where its directory of evidence is still taken, complete it and say how to go on.

    work is rollout or rollback. Only the process of ansible-playbook itself does this, none of those that it forks.
    """
    if multiprocessing.parent_process() is None:
        atexit.register(_tell, directory.absolute(), work, os.getpid())


def _tell(directory: Path, work: str, pid: int) -> None:
    if os.getpid() != pid or not (directory / LOCK).exists():
        return
    try:
        if not release(directory, this_run("", "", "", pid)):
            return
        sentence = publish(directory).summary["sentence"]
    except (NotWritable, RecordError, Taken) as error:
        sentence = f"The evidence could not be completed: {error}"
    for line in (
        f"The {work} did not come to its end.",
        sentence,
        f"The whole of it: {directory / PAGE}",
        go_on(work, directory),
    ):
        Display().display(line)
