# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the endpoints of a rollout or a rollback ended so far, by their records, and whether it may go on."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._evidence._record import Record, RecordError, load, path_of
from .._operator._variables import first_batch
from .._run import kept_for

GOOD = {"rollout": "ok", "rollback": "rolled_back"}
_SHOWN = 20
_MEND = "Put back a copy of the file, or see to this endpoint by hand."


@dataclass(frozen=True, slots=True)
class Ending:
    """How one endpoint ended: good or not, and in words."""

    host: str
    good: bool
    word: str
    reason: str

    def __str__(self) -> str:
        return f"{self.host}: {self.word}: {self.reason}" if self.reason else f"{self.host}: {self.word}"


def shadow(evidence: Path) -> Path:
    """Where check mode keeps what it would say of each endpoint; Ansible removes it at the end of the run."""
    return kept_for("check", evidence)


def batch_of(place: int, hosts: int, sizes: Sequence[Any]) -> int:
    """The number of the batch, from 1, of the host at a place, from 0, where a play is cut into these sizes."""
    repeated = itertools.chain(sizes, itertools.repeat(sizes[-1]))
    ends = itertools.accumulate(first_batch([size], hosts) for size in repeated)
    return next(number for number, end in enumerate(ends, 1) if place < end)


def had_turn(everyone: Sequence[str], active: Collection[str], batch: Sequence[str]) -> list[str]:
    """The hosts of a play whose turn came: up to the last of the batch, and whoever dropped out before."""
    places = {host: place for place, host in enumerate(everyone)}
    last = max((places[host] for host in batch), default=-1)
    there = set(active)
    return [host for place, host in enumerate(everyone) if place <= last or host not in there]


def ending(directories: Sequence[Path], host: str, work: str, digest: str) -> Ending:
    """How a host ended whose turn has come, by the first directory that has a record of it."""
    try:
        record = next((found for directory in directories if (found := load(directory, host))), None)
    except RecordError as error:
        return Ending(host, False, "failed", f"{error} {_MEND}")
    if record is None or (digest and record.plan_digest != digest):
        return Ending(host, False, "failed", "there is no record of it")
    return _of(record, work)


class EndedWell:
    """The records of hosts that ended well which a gate of this run has read, so that the next one need not read them.

    A file that is another one since, or was changed in any way, is read. Where nothing can be kept, all are read.
    digest is that of the plan.
    """

    def __init__(self, evidence: Path, work: str, digest: str) -> None:
        self._evidence, self._work, self._digest = evidence, work, digest
        self._path = kept_for(f"{work}-{digest[:16]}", evidence)
        self._known: set[str] = set()
        with contextlib.suppress(OSError):
            self._known.update(self._path.read_text(encoding="utf-8").splitlines())

    def endings(self, hosts: Sequence[str], last: bool) -> list[Ending]:
        """How hosts ended whose turn has come; what was read before has no reason. The last gate reads all."""
        found, new = [], []
        for host in hosts:
            file = self._file(host)
            if file and file in self._known and not last:
                found.append(Ending(host, True, GOOD[self._work], ""))
                continue
            found.append(read := ending([self._evidence], host, self._work, self._digest))
            if file and read.good and file == self._file(host):
                new.append(f"{file}\n")
        with contextlib.suppress(OSError), self._path.open("a", encoding="utf-8") as known:
            known.writelines(new)
        return found

    def _file(self, host: str) -> str:
        path = path_of(self._evidence, host)
        with contextlib.suppress(OSError):
            found = path.lstat()
            return f"{path.name} {found.st_ino} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_size}"
        return ""


def open_before(directory: Path, host: str, digest: str) -> bool:
    """Whether an earlier run of this rollout left a host other than well, whose turn in this one has not come."""
    try:
        record = load(directory, host)
    except RecordError:
        return True
    return record is not None and record.plan_digest == digest and not _of(record, "rollout").good


def _of(record: Record, work: str) -> Ending:
    word = record.verdict or "unverified"
    reason = record.reason or ("its step did not end" if record.verdict is None else "")
    return Ending(record.host, word == GOOD[work], word, reason)


def counted(endings: Sequence[Ending]) -> str:
    """How many ended how, such as "3 ok, 1 failed"."""
    counts: Mapping[str, int] = Counter(ending.word for ending in sorted(endings, key=lambda ending: not ending.good))
    return ", ".join(f"{count} {word}" for word, count in counts.items())


def listed(endings: Sequence[Ending]) -> list[str]:
    """A line for each of the first endings, and one for the rest."""
    rest = len(endings) - _SHOWN
    return [*map(str, endings[:_SHOWN]), *([f"and {rest} more, which the evidence names"] if rest > 0 else [])]
