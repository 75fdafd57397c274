# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of a simulated endpoint: two views of HKLM, one hive per account, shared until written to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

Path = tuple[str, ...]

ROOTS = MappingProxyType({
    "HKEY_LOCAL_MACHINE": "HKLM",
    "HKEY_CURRENT_USER": "HKCU",
    "HKEY_USERS": "HKU",
    "HKEY_CLASSES_ROOT": "HKCR",
    "HKEY_CURRENT_CONFIG": "HKCC",
})
LONG_ROOTS = MappingProxyType({short: long for long, short in ROOTS.items()})

# Keys of HKLM\SOFTWARE that 32-bit and 64-bit programs share ("Registry Keys Affected by WOW64"), as far as
# anything in the lab comes near them.
_SHARED: tuple[Path, ...] = tuple(
    tuple(text.split("\\"))
    for text in (
        r"classes",
        r"clients",
        r"microsoft\enterprisecertificates",
        r"microsoft\systemcertificates",
        r"microsoft\ras",
        r"microsoft\rpc",
        r"microsoft\windows\currentversion\group policy",
        r"microsoft\windows\currentversion\policies",
        r"microsoft\windows\currentversion\setup",
        r"microsoft\windows nt\currentversion\networkcards",
        r"microsoft\windows nt\currentversion\profilelist",
        r"microsoft\windows nt\currentversion\time zones",
        r"policies",
        r"registeredapplications",
    )
)
_WOW = "WOW6432Node"
# reg.exe lists the loaded hives in this order, with SYSTEM's own name after everyone else's.
_LAST_HIVE = "s-1-5-18"


class NoSuchRoot(Exception):
    """The name before the first backslash is not one of the registry's roots."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its name as it was written, its type's name, and its bytes as they are stored."""

    name: str
    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Node:
    """One key. Never changed in place: a write copies the nodes on its way, so endpoints share the rest."""

    name: str
    values: Mapping[str, Value]
    subkeys: Mapping[str, Node]

    @classmethod
    def empty(cls, name: str) -> Node:
        """A key with nothing in it."""
        return cls(name, {}, {})

    def child(self, name: str) -> Node | None:
        """The direct subkey of that name, in any case."""
        return self.subkeys.get(name.lower())


def _with_child(node: Node, child: Node) -> Node:
    return Node(node.name, node.values, {**node.subkeys, child.name.lower(): child})


def with_key(node: Node, path: Path) -> Node:
    """The tree with the key `path` in it."""
    if not path:
        return node
    child = node.child(path[0]) or Node.empty(path[0])
    return _with_child(node, with_key(child, path[1:]))


def with_value(node: Node, path: Path, value: Value) -> Node:
    """The tree with `value` in the key `path`, which is made if need be."""
    if not path:
        old = node.values.get(value.name.lower())
        kept = Value(old.name if old else value.name, value.type, value.data)
        return Node(node.name, {**node.values, value.name.lower(): kept}, node.subkeys)
    child = node.child(path[0]) or Node.empty(path[0])
    return _with_child(node, with_value(child, path[1:], value))


def without_value(node: Node, path: Path, name: str) -> Node:
    """The tree without that value; the same tree when there is none."""
    if not path:
        values = {key: value for key, value in node.values.items() if key != name.lower()}
        return Node(node.name, values, node.subkeys)
    child = node.child(path[0])
    return node if child is None else _with_child(node, without_value(child, path[1:], name))


def without_key(node: Node, path: Path) -> Node:
    """The tree without the key `path` and all below it."""
    child = node.child(path[0])
    if child is None:
        return node
    if len(path) == 1:
        subkeys = {key: sub for key, sub in node.subkeys.items() if key != path[0].lower()}
        return Node(node.name, node.values, subkeys)
    return _with_child(node, without_key(child, path[1:]))


def split_key(key: str) -> tuple[str, Path]:
    """Short root name and subkey names of `HKLM\\a\\b` or `HKEY_LOCAL_MACHINE\\a\\b`."""
    root, *names = key.split("\\")
    short = ROOTS.get(root.upper(), root.upper())
    if short not in LONG_ROOTS:
        raise NoSuchRoot(root)
    if names and not names[-1]:
        names.pop()
    return short, tuple(names)


def _begins(path: Path, prefix: Path) -> bool:
    return tuple(name.lower() for name in path[: len(prefix)]) == prefix


def _redirected(names: Path, view: int) -> Path:
    explicit = len(names) > 1 and names[1].lower() == _WOW.lower()
    below = names[2:] if explicit else names[1:]
    if any(_begins(below, shared) for shared in _SHARED):
        return (names[0], *below)
    if explicit or view == 64:
        return names
    return (names[0], _WOW, *below)


class Registry:
    """What one endpoint has in its registry; `user_sid` is the account that connects."""

    __slots__ = ("root", "user_sid")

    def __init__(self, root: Node, user_sid: str) -> None:
        self.root = root
        self.user_sid = user_sid

    def locate(self, key: str, view: int = 64) -> Path:
        """Where a key really is: HKLM or HKU first, after redirection and after all second names."""
        root, names = split_key(key)
        if root == "HKCU":
            root, names = "HKU", (self.user_sid, *names)
        elif root == "HKCR":
            root, names = "HKLM", ("SOFTWARE", "Classes", *names)
        elif root == "HKCC":
            root, names = "HKLM", ("SYSTEM", "CurrentControlSet", "Hardware Profiles", "Current", *names)
        if root == "HKU" and names and names[0].lower() == ".default":
            names = ("S-1-5-18", *names[1:])
        if root == "HKLM" and names and names[0].lower() == "software":
            names = _redirected(names, view)
        if root == "HKLM" and _begins(names, ("system", "controlset001")):
            names = (names[0], "CurrentControlSet", *names[2:])
        return (root, *names)

    def node(self, path: Path) -> Node | None:
        """The key at a path that `locate` gave."""
        node: Node | None = self.root
        for name in path:
            node = node.child(name) if node is not None else None
        return node

    def subkeys(self, path: Path) -> Iterator[Node]:
        """Direct subkeys in the order in which Windows enumerates them."""
        node = self.node(path)
        if node is None:
            return
        if path == ("HKU",):
            yield Node.empty(".DEFAULT")
        yield from sorted(
            node.subkeys.values(), key=lambda sub: (sub.name.lower() == _LAST_HIVE, sub.name.lower())
        )

    def value(self, path: Path, name: str) -> Value | None:
        """One value of the key at `path`; the empty name is the key's default value."""
        node = self.node(path)
        return None if node is None else node.values.get(name.lower())

    def set(self, path: Path, value: Value) -> None:
        """Write a value, making its key if need be."""
        self.root = with_value(self.root, path, value)

    def make_key(self, path: Path) -> None:
        """Make a key; one that is there stays as it is."""
        self.root = with_key(self.root, path)

    def delete(self, path: Path, name: str) -> None:
        """Delete a value; absent is no error."""
        if self.value(path, name) is not None:
            self.root = without_value(self.root, path, name)

    def delete_key(self, path: Path) -> None:
        """Delete a key with everything below it."""
        self.root = without_key(self.root, path)
