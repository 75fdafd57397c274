# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a directory of evidence and an endpoint are: one run's at a time, also when a run was killed."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ansible.constants import ANSIBLE_HOME

from .._evidence._files import NotWritable, make_directory

LOCK = "lock.json"
_PROC = Path("/proc")
_BUSY = "mde.connectivity.busy"
# What tells endpoints at one address apart.
_PLACE = ("ansible_port", "ansible_winrm_path", "ansible_psrp_path")


class Taken(Exception):
    """A directory of evidence is another run's; the message says whose, and what to do."""


class Busy(Exception):
    """Another process is at work on an endpoint."""


@dataclass(frozen=True)
class Owner:
    """A run of ansible-playbook: machine and process tell which; work, who and since tell a person.

    A process number comes again, so born, which is when the process began, is part of what tells it.
    """

    machine: str
    pid: int
    born: str
    work: str
    who: str
    since: str

    def is_run(self, other: Owner) -> bool:
        return (self.machine, self.pid, self.born) == (other.machine, other.pid, other.born)

    def __str__(self) -> str:
        return f"{self.work}, begun by {self.who} at {self.since} as process {self.pid} on {self.machine}"


def this_run(work: str, who: str, since: str, pid: int | None = None) -> Owner:
    """The run that a task belongs to: Ansible gives each task a process, and its parent is the run, unless pid is."""
    pid = pid or os.getppid()
    return Owner(_machine(), pid, _born(pid), work, who, since)


def _machine() -> str:
    """The name of this machine; in a container also which one it is, for it has numbers of its own for processes."""
    name = socket.gethostname()
    with contextlib.suppress(OSError):
        return f"{name} ({os.readlink(_PROC / 'self' / 'ns' / 'pid')})"
    return name


def _born(pid: int) -> str:
    """When a process of this machine began, in a form to be compared only; empty where there is no such process."""
    if not (_PROC / "self" / "stat").exists():
        return subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)], stdout=subprocess.PIPE, text=True, check=False
        ).stdout.strip()
    try:
        # proc(5): after the name, in parentheses, the time is the 20th field, in ticks since the machine was started.
        ticks = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
        return f"{(_PROC / 'sys/kernel/random/boot_id').read_text(encoding='ascii').strip()} {ticks}"
    except OSError:
        return ""


def claim(directory: Path, owner: Owner) -> None:
    """Take a directory for a run, until it is released or the run has ended. Raises Taken and NotWritable."""
    make_directory(directory)
    with _opened(directory / LOCK, fcntl.LOCK_EX) as file:
        _refuse(directory, _holder(file, directory), owner)
        line = json.dumps(asdict(owner)).encode() + b"\n"
        try:
            # One line over another, of which a reader takes the first: none is ever half there.
            os.pwrite(file.fileno(), line, 0)
            os.ftruncate(file.fileno(), len(line))
            os.fsync(file.fileno())
        except OSError as error:
            raise NotWritable(f"{directory / LOCK} cannot be written: {error.strerror}.") from error


def look(directory: Path, owner: Owner) -> None:
    """Raise Taken where claim would; nothing is made or written."""
    if (directory / LOCK).exists():
        with _opened(directory / LOCK, fcntl.LOCK_SH) as file:
            _refuse(directory, _holder(file, directory), owner)


def _refuse(directory: Path, holder: Owner | None, owner: Owner) -> None:
    if holder is None or holder.is_run(owner):
        return
    if holder.machine != owner.machine:
        raise Taken(
            f"{directory} was taken by {holder}, and from {owner.machine} nobody can see whether that run has ended. "
            f"When it has, remove {directory / LOCK} and start again. Nothing was read or changed."
        )
    if _born(holder.pid) == holder.born:
        raise Taken(f"{directory} is in use by {holder}. Wait until that run has ended. Nothing was read or changed.")


@contextlib.contextmanager
def held(directory: Path, owner: Owner) -> Iterator[None]:
    """Inside, the directory is this run's and stays it. Raises Taken where it is not, and NotWritable."""
    with _opened(directory / LOCK, fcntl.LOCK_SH) as file:
        holder = _holder(file, directory)
        if holder is None or not holder.is_run(owner):
            raise Taken(f"{directory} is no longer this run's, but {holder or 'nobody'}'s: nothing more was written.")
        yield


def release(directory: Path, owner: Owner) -> bool:
    """Give a directory back, and return whether it was this run's. Raises NotWritable."""
    with _opened(directory / LOCK, fcntl.LOCK_EX) as file:
        holder = _holder(file, directory)
        if holder is None or not holder.is_run(owner):
            return False
        os.ftruncate(file.fileno(), 0)
        return True


def _holder(file: BinaryIO, directory: Path) -> Owner | None:
    """Who has the directory by its file; None for nobody. Raises Taken where that can't be told."""
    line = file.readline(10_000)
    if not line:
        return None
    try:
        content = json.loads(line)
        return Owner(**{**content, "pid": int(content["pid"])})
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Taken(
            f"{directory / LOCK} does not say which run {directory} belongs to. When no rollout or rollback is going "
            "on there, remove it and start again. Nothing was read or changed."
        ) from None


def address_of(variables: Mapping[str, Any], template: Callable[[Any], Any]) -> str:
    """What tells an endpoint from all others, out of the variables of a task on it."""
    parts = [variables.get("ansible_host", variables["inventory_hostname"]), *map(variables.get, _PLACE)]
    return " ".join(str(template(part)).lower() for part in parts if part is not None)


@contextlib.contextmanager
def busy(address: str) -> Iterator[None]:
    """Inside, an endpoint is this process's alone, of all on this controller by this user. Raises Busy and NotWritable.

    address tells the endpoint. The system gives the lock back when the process ends, however it ends.
    """
    # One byte of one file stands for an endpoint, far behind the end of the file, which stays empty.
    place = int.from_bytes(hashlib.sha256(address.encode()).digest()[:7], "big")
    path = Path(ANSIBLE_HOME) / _BUSY
    make_directory(path.parent)
    with _opened(path) as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except BlockingIOError:
            raise Busy("another rollout or rollback of this controller is at work on this endpoint") from None
        yield


@contextlib.contextmanager
def _opened(path: Path, kind: int | None = None) -> Iterator[BinaryIO]:
    """The file, made where it is missing, and locked as a whole in the way of kind; a link is none of ours."""
    try:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "r+b")
        if kind is not None:
            fcntl.flock(file, kind)
    except OSError as error:
        raise NotWritable(f"{path} cannot be locked: {error.strerror}.") from error
    with file:
        yield file
