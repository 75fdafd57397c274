# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory and the name of a run that audits or verifies, the same in each of its workers."""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from .._run import beginning, run_directory
from .._times import stamp
from ._record import RecordError, path_of
from ._scope import SCOPE, Scope, is_about, load_scope, save_scope


def place_of(directory: str | None, kind: str) -> Path:
    """The directory that a user named, or one in the current directory with the time at which this run began."""
    if directory:
        return Path(directory).expanduser()
    return Path(f"{kind}-{stamp(beginning()).replace('-', '').replace(':', '')}")


class Claim(NamedTuple):
    """The run that a directory is about, and who began it."""

    run: str
    who: str


def claim(directory: Path, kind: str, hosts: Sequence[str]) -> Claim:
    """Say what a directory is about; a further play of the same run adds its hosts.

    Raises RecordError where it is about another run, and NotWritable.
    """
    ours = Claim(run_directory().name, getpass.getuser())
    # Each endpoint of a play comes here, and a scope is as long as the fleet.
    if not is_about(directory, kind, ours.run, hosts):
        _claim(directory, kind, hosts, ours)
    return ours


def _claim(directory: Path, kind: str, hosts: Sequence[str], ours: Claim) -> None:
    known = load_scope(directory)
    if known is None:
        scope = Scope(kind, "", None, tuple(hosts), tuple(hosts), *ours, stamp(beginning()))
    elif (known.kind, known.run) != (kind, ours.run):
        raise RecordError(
            f"{directory / SCOPE} says that the directory holds another {known.kind}, begun at {known.started}: name "
            "another directory in mde_report."
        )
    else:
        every = tuple(dict.fromkeys((*known.hosts, *hosts)))
        scope = replace(known, hosts=every, in_run=every)
    if scope != known:
        save_scope(directory, scope)


def is_of_another_run(directory: Path) -> bool:
    """Whether a directory is about an audit or a verification that is not of this run. Raises RecordError."""
    scope = load_scope(directory)
    return scope is not None and scope.kind in ("audit", "verify") and scope.run != run_directory().name


def unrecorded(directory: Path, hosts: Iterable[str]) -> bool:
    """Whether some of the hosts have no record."""
    return any(not path_of(directory, host).exists() for host in hosts)
