# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to hold before a rollout begins: the approved plan, for these hosts, in a directory of its own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from .._evidence._record import HOSTS
from .._evidence._scope import SCOPE, Scope, load_scope, save_scope
from .._operator._meant import few

_WHAT = {"kind": "is of the kind", "change": "belongs to the change", "plan_digest": "belongs to the plan"}


class NotItsOwn(Exception):
    """A directory of evidence is about something else; the message says what."""


def settled(directory: Path, scope: Scope) -> Scope:
    """The scope that a directory has with this rollout. Raises NotItsOwn and RecordError; nothing is written."""
    known = load_scope(directory)
    if known is None:
        if any((directory / HOSTS).glob("*.json")):
            raise NotItsOwn(
                f"{directory} has records of something else, for there is no {SCOPE} in it that says what they are "
                "about: name another directory in mde_evidence."
            )
        return scope
    for name, what in _WHAT.items():
        there, here = getattr(known, name), getattr(scope, name)
        if there != here:
            raise NotItsOwn(
                f"{directory} {what} {there}, and this is {here}: one directory is for one plan and one change. Name "
                "another directory in mde_evidence."
            )
    # Slices of a job may be cut anew.
    return replace(known, hosts=tuple(sorted({*known.hosts, *scope.hosts})), in_run=scope.in_run, stopped="")


def keep(directory: Path, scope: Scope) -> None:
    """Write the scope, where it is not there yet. Raises NotItsOwn, RecordError and NotWritable."""
    wanted = settled(directory, scope)
    if load_scope(directory) != wanted:
        save_scope(directory, wanted)


def missing(hosts: Collection[str], inventory: Collection[str]) -> str:
    """Which hosts of a plan are not in the inventory, as a sentence; nothing where all are."""
    lost = sorted(set(hosts) - set(inventory))
    if not lost:
        return ""
    return (
        f"{len(lost)} of {len(hosts)} hosts of the plan are not in the inventory: {few(lost)}. Put them back or make a "
        "new plan. Or say that only some are meant, with --limit, or with -e mde_slice=true where the inventory holds "
        "a slice of the plan's hosts. Nothing was read or changed."
    )
