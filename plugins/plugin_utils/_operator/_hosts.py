# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a play, by the pattern that a person wrote, all parts of which have to match."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager, split_host_pattern

from ._meant import meant

_GROUP = re.compile(r"(?P<group>[A-Za-z0-9_]+)(\[(?P<first>[0-9]{1,9}):(?P<last>[0-9]{1,9})\])?")


class NoHosts(Exception):
    """A pattern, or a part of one, names no host; the message says which."""


def hosts_of(pattern: Any, groups: Mapping[str, Sequence[str]], loader: Any, limit: str | None) -> list[str]:
    """The names of the hosts that a pattern and --limit leave, in the order of the inventory; raises NoHosts."""
    if not pattern:
        raise NoHosts("Name the hosts, as in -e mde_hosts=windows: mde_hosts is not set, or empty.")
    if not isinstance(pattern, str) and not (isinstance(pattern, list) and all(isinstance(p, str) for p in pattern)):
        raise NoHosts(f"mde_hosts is {pattern!r}, and has to be a pattern of hosts, as in -e mde_hosts=windows.")
    if limit is None and (found := _of_group(pattern, groups)):
        return found
    try:
        with _inventory(groups, loader) as inventory:
            _check("mde_hosts", pattern, inventory, groups)
            hosts = _names(inventory, pattern)
            _limit(limit, inventory, groups)
            left = _names(inventory, pattern)
    except AnsibleError as error:
        raise NoHosts(f"mde_hosts is {pattern!r}: {error}") from None
    if not hosts:
        raise NoHosts(f"mde_hosts is {pattern!r}, which leaves no host of the inventory.")
    if not left:
        raise NoHosts(f"--limit {limit} leaves none of the hosts that {pattern!r} names, {len(hosts)} in number.")
    return left


def limited(hosts: Sequence[str], groups: Mapping[str, Sequence[str]], loader: Any, limit: str) -> list[str]:
    """Those of the hosts that --limit leaves; raises NoHosts."""
    try:
        with _inventory(groups, loader) as inventory:
            _limit(limit, inventory, groups)
            left = {*_names(inventory, "all")}
    except AnsibleError as error:
        raise NoHosts(f"--limit is {limit!r}: {error}") from None
    return [host for host in hosts if host in left]


def left_out(pattern: Any, hosts: Sequence[str], groups: Mapping[str, Sequence[str]], loader: Any) -> int:
    """How many hosts of a pattern are not among those of a play; none where no pattern is given."""
    if not pattern:
        return 0
    if found := _of_group(pattern, groups):
        return len({*found} - {*hosts})
    with _inventory(groups, loader) as inventory:
        return len({*_names(inventory, pattern)} - {*hosts})


def _of_group(pattern: Any, groups: Mapping[str, Sequence[str]]) -> list[str]:
    """The hosts of a group, or of a part of one as in windows[0:999]; none where a pattern is something else.

    What Ansible matches any pattern with are objects of all hosts, 3 MB of 5,000.
    """
    if pattern in groups.get("all", ()):
        # Of a name that a group has as well Ansible takes the host.
        return []
    found = _GROUP.fullmatch(pattern) if isinstance(pattern, str) else None
    hosts = groups.get(found["group"], ()) if found else ()
    first, last = (int(found["first"]), int(found["last"])) if found and found["first"] else (0, len(hosts))
    return [str(host) for host in hosts[first : last + 1]]


@contextlib.contextmanager
def _inventory(groups: Mapping[str, Sequence[str]], loader: Any) -> Iterator[InventoryManager]:
    """What Ansible matches patterns with, made of the groups that a play knows."""
    inventory = InventoryManager(loader, parse=False)
    for group, hosts in groups.items():
        inventory.add_group(group)
        for host in hosts:
            inventory.add_host(host, group=group)
    try:
        yield inventory
    finally:
        # Groups and hosts hold each other: thousands of hosts would stay until Python looks for such circles.
        for known in inventory.groups.values():
            known.hosts.clear()
            known.clear_hosts_cache()


def _check(option: str, pattern: Any, inventory: InventoryManager, groups: Mapping[str, Sequence[str]]) -> None:
    """Refuse a part that matches nothing; a group in which there is no host is one all the same."""
    for part in (each.lstrip("!&") for each in split_host_pattern(pattern)):
        if part not in groups and not _names(inventory, part):
            known = [*groups, *groups.get("all", ())]
            raise NoHosts(f"{option} names {part!r}, which matches no host of the inventory.{meant(part, known)}")


def _limit(limit: str | None, inventory: InventoryManager, groups: Mapping[str, Sequence[str]]) -> None:
    """Leave of an inventory what --limit leaves."""
    if limit is not None:
        parts = [part for part in _parts(limit) if part.strip()]
        if not parts:
            # As where the variable of a shell is empty. Ansible takes it for no limit at all.
            raise NoHosts(f"--limit is {limit!r}, which is empty and leaves all hosts: name some, or leave it out.")
        _check("--limit", parts, inventory, groups)
        inventory.subset(limit)


def _parts(limit: str) -> Iterator[str]:
    """The parts of --limit; one that begins with @ is a file with one on each line."""
    for part in split_host_pattern(limit):
        if not part.startswith("@"):
            yield part
            continue
        try:
            yield from Path(part[1:]).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise NoHosts(f"--limit names the file {part[1:]}, which can't be read: {error}") from None


def _names(inventory: InventoryManager, pattern: Any) -> list[str]:
    return [str(host.name) for host in inventory.get_hosts(pattern)]
