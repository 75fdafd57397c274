# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan: what is to become of each endpoint, as a file that an approval can refer to."""

from __future__ import annotations

import contextlib
import datetime
import functools
import hashlib
import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from .._evidence._files import write
from .._times import parse, stamp

FORMAT = 1
_SHOWN = 3
_DERIVED = ("effective", "conflicts")
_NEXT = ",\n"
_INDEX = '"index":{\n'
_INDEX_END = "\n},\n"
# With what the name of a host begins in JSON.
_BEGIN = '"'
_HOSTS = '"hosts":{\n'
_END = "}}\n"


class PlanError(Exception):
    """A plan can't be used; the message says which file and why."""


@dataclass(frozen=True)
class HostPlan:
    """What was planned for one endpoint.

    settings are the options of endpoint_proxy, before and after its reports, commands what would run.
    """

    settings: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    commands: tuple[str, ...]
    warnings: tuple[str, ...]
    changed: bool
    reboot_reason: str


@dataclass(frozen=True)
class Terms:
    """When and by which version of this collection a plan may be carried out. Times are in UTC."""

    created: datetime.datetime
    valid_until: datetime.datetime
    collection: str

    def check(self, now: datetime.datetime, collection: str) -> None:
        """Raise PlanError where the plan may not be carried out now and by this version of the collection."""
        if now > self.valid_until:
            raise PlanError(
                f"The plan is too old: it was made at {stamp(self.created)} and is valid until "
                f"{stamp(self.valid_until)}. Make a new one and have it approved."
            )
        if now < self.created - datetime.timedelta(minutes=5):
            raise PlanError("The plan is from the future: the clocks of the controllers differ.")
        if collection != self.collection:
            raise PlanError(
                f"The plan was made by version {self.collection} of the collection, and this is {collection}."
            )


@dataclass(frozen=True)
class Share(Terms):
    """What one host needs of a plan."""

    digest: str
    planned: HostPlan


@dataclass(frozen=True)
class Outline(Terms):
    """What a rollout needs of a plan before it begins; hosts are sorted."""

    digest: str
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Plan(Terms):
    """A plan for hosts; left_out says of others why there is none. A host is looked up whenever it is written."""

    hosts: Mapping[str, HostPlan]
    left_out: Mapping[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 over all of the plan, as 64 hex digits: over what is sealed, which has that of each host's entry."""
        return _sha256(self._sealed)

    @functools.cached_property
    def _sealed(self) -> str:
        head = {
            "format": FORMAT,
            "created": stamp(self.created),
            "valid_until": stamp(self.valid_until),
            "collection": self.collection,
            "left_out": self.left_out,
        }
        place, index = 0, []
        for host in sorted(self.hosts):
            name, entry = _name(host), _entry(self.hosts[host])
            index.append(f'{name}[{place + len(name)},{len(entry)},"{_sha256(entry)}"]')
            place += len(name) + len(entry) + len(_NEXT)
        return f"{_canonical(head)[1:-1]}{_NEXT}{_INDEX}{_NEXT.join(index)}{_INDEX_END}"

    def pieces(self) -> Iterator[str]:
        """The plan as its file, which is JSON: the digest, what it is over, and the hosts.

        Each host has a line in the index, with where its entry begins after the line "hosts", its length and its
        SHA-256, and a line of its own with that entry, so that one of them is read without the others.
        """
        yield f"{_opening(self.digest)}{self._sealed}{_HOSTS}"
        for number, host in enumerate(sorted(self.hosts)):
            yield f"{_NEXT if number else ''}{_name(host)}{_entry(self.hosts[host])}"
        yield f"\n{_END}"

    def save(self, path: Path) -> None:
        """Write the plan; raises NotWritable."""
        write(path, self.pieces())


def _canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _opening(digest: str) -> str:
    return f'{{"digest":"{digest}"{_NEXT}'


def _name(host: str) -> str:
    return f"{_canonical(host)}:"


def _entry(plan: HostPlan) -> str:
    return _canonical(vars(plan))


def load(path: Path) -> Outline:
    """Read a whole plan; raises PlanError where it is none, or where any byte of it was changed since it was made.

    Of the entries one at a time is held.
    """
    with _opened(path) as file:
        digest, content, index = _read_sealed(file, path)
        place, hosts = 0, []
        for number, row in enumerate(index, 1):
            ((host, at),) = _fields(row).items()
            line, name = file.readline(), _name(host)
            entry = line.decode()[len(name) :].rstrip(_NEXT)
            ending = _NEXT if number < len(index) else "\n"
            same = at == [place + len(name), len(entry), _sha256(entry)] and line == f"{name}{entry}{ending}".encode()
            if not same:
                raise _edited(path)
            host_plan(json.loads(entry))
            hosts.append(host)
            place += len(line)
        if file.read() != _END.encode():
            raise _edited(path)
        return Outline(*_terms(content), digest=digest, hosts=tuple(hosts))


def load_share(path: Path, host: str) -> Share:
    """Read one host's part of a plan, without the entries of the others. Raises PlanError."""
    with _opened(path) as file:
        digest, content, index = _read_sealed(file, path, host)
        left_out = content["left_out"]
        if host in left_out:
            raise PlanError(f"There is no plan for {host}: {left_out[host]}")
        if not index:
            raise PlanError(f"{host} is not in the plan: it was made for other hosts.")
        place, length, sha256 = _fields(index[0])[host]
        file.seek(place, os.SEEK_CUR)
        entry = file.read(length).decode()
        if _sha256(entry) != sha256:
            raise _edited(path)
        return Share(*_terms(content), digest=digest, planned=host_plan(json.loads(entry)))


def _read_sealed(file: BinaryIO, path: Path, host: str | None = None) -> tuple[str, dict[str, Any], list[bytes]]:
    """The digest of a plan, its head, and the lines of its index for one host or for all; read up to the entries.

    Each host does this, so what is said of all others is hashed, and neither held nor taken apart.
    """
    first, head, begin = (file.readline() for _line in range(3))
    sealed = hashlib.sha256(head + begin)
    name = (_BEGIN if host is None else _name(host)).encode()
    index = []
    for line in itertools.takewhile(lambda line: line != _HOSTS.encode(), file):
        sealed.update(line)
        if line.startswith(name):
            index.append(line)
    content, digest = _fields(head), sealed.hexdigest()
    if content["format"] != FORMAT:
        raise PlanError(f"{path} is no plan of format {FORMAT}.")
    if first != _opening(digest).encode():
        raise _edited(path)
    return digest, content, index


def _fields(line: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(f"{{{line.decode().rstrip(_NEXT)}}}")
    return fields


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file, with what may be wrong with it as a PlanError."""
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise PlanError(f"The plan {path} can't be read: {error.strerror}.") from None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise PlanError(f"{path} is no plan, or was edited: a field of it is missing or can't be read.") from None


def _edited(path: Path) -> PlanError:
    return PlanError(f"The plan {path} was edited since it was made: its digest does not hold. Make a new one.")


def _terms(content: Mapping[str, Any]) -> tuple[datetime.datetime, datetime.datetime, str]:
    return parse(content["created"]), parse(content["valid_until"]), content["collection"]


def host_plan(fields: Mapping[str, Any]) -> HostPlan:
    """What was planned for one endpoint, out of the fields of a file."""
    return HostPlan(**{**fields, **{name: tuple(fields[name]) for name in ("commands", "warnings")}})


@dataclass(frozen=True)
class Difference:
    """One place in which two reports differ; path is its keys, joined by dots."""

    path: str
    planned: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.path} was {json.dumps(self.planned)} and is {json.dumps(self.found)}"


def differences(planned: Any, found: Any, path: str = "") -> list[Difference]:
    """The places in which what was found differs from what was planned on."""
    if isinstance(planned, Mapping) and isinstance(found, Mapping):
        names = [*planned, *(name for name in found if name not in planned)]
        return [
            difference
            for name in names
            for difference in differences(planned.get(name), found.get(name), f"{path}.{name}" if path else str(name))
        ]
    return [] if planned == found else [Difference(path, planned, found)]


def said(found: Sequence[Difference]) -> str:
    """The first differences as a sentence: what the endpoint holds before what follows from it."""
    ordered = sorted(found, key=lambda difference: difference.path.startswith(_DERIVED))
    shown = "; ".join(map(str, ordered[:_SHOWN]))
    return f"{shown}; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else shown


def plain(report: Any) -> Any:
    """A report as it is after it was in a file."""
    return json.loads(json.dumps(report))
