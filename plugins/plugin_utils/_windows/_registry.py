# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grammar of reg.exe: queries and writes out, typed values in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .._credentials import harmless, shown_words
from ._endpoint import Command, Completed, EndpointError, quote

_ROOTS = {"HKEY_LOCAL_MACHINE": "HKLM", "HKEY_CURRENT_USER": "HKCU", "HKEY_USERS": "HKU"}
_VALUE = re.compile(r" {4}(?P<name>\S.*?) {4}(?P<type>REG_[A-Z_]+)(?: {4}(?P<data>.*))?")
_STRINGS = frozenset({"REG_SZ", "REG_EXPAND_SZ", "REG_MULTI_SZ"})
_NUMBERS = {"REG_DWORD": 4, "REG_QWORD": 8}
_BYTES = re.compile("(?:[0-9A-Fa-f]{2})*")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_WOW6432 = re.compile(r"\\WOW6432Node\\", re.IGNORECASE)
# The settings that are read here have up to 4,096 characters (WinINet's INTERNET_MAX_URL_LENGTH is 2,083), and their
# bytes as hex digits some more; a value may have a megabyte and more (Microsoft's "Registry element size limits").
LONGEST = 65_536
_EVERY_HIVE = "HKU\\*\\"
_USER_SID = re.compile(r"S-1-(?:5-21|12-1)-[0-9-]*[0-9]", re.IGNORECASE)
_Place = tuple[int, str]


class RegistryDisabled(EndpointError):
    """reg.exe does not answer even for a value that every Windows has."""


class Unreadable(EndpointError):
    """reg.exe refused a key for another reason than that it is missing."""


@dataclass(frozen=True)
class Address:
    """Where a value stands. The view (64 or 32) counts below HKLM\\SOFTWARE only."""

    key: str
    name: str
    view: int = 64

    def __str__(self) -> str:
        return f"{self.key}\\{self.name}" + (" (32-bit view)" if self.view == 32 else "")


@dataclass(frozen=True)
class RegistryValue:
    """A value as reg.exe shows it: its type, and its data as text."""

    type: str
    text: str

    @classmethod
    def of(cls, type_: str, data: bytes) -> RegistryValue:
        """The value that holds these bytes; raises ValueError where reg.exe could not show them in one way."""
        if type_ in _NUMBERS:
            text = f"0x{int.from_bytes(data, 'little'):x}"
        elif type_ in _STRINGS:
            text = data.decode("utf-16-le").removesuffix("\0")
            text = text.removesuffix("\0").replace("\0", "\\0") if type_ == "REG_MULTI_SZ" else text
        else:
            text = data.hex().upper()
        value = cls(type_, text)
        if value.data != data:
            raise ValueError(f"these bytes are no usual {type_}")
        return value

    @property
    def number(self) -> int | None:
        """The number of a REG_DWORD or REG_QWORD, else None (Wine's reg.exe shows no number for a REG_QWORD)."""
        if self.type not in _NUMBERS or not _HEX.fullmatch(self.text):
            return None
        number = int(self.text, 16)
        return number if number < 1 << 8 * _NUMBERS[self.type] else None

    @property
    def data(self) -> bytes:
        """The bytes that the registry holds, strings as UTF-16 with their terminator; see exact.

        reg.exe shows no text behind a NUL inside a string.
        """
        if self.number is not None:
            return self.number.to_bytes(_NUMBERS[self.type], "little")
        if self.type not in _STRINGS and _BYTES.fullmatch(self.text):
            return bytes.fromhex(self.text)
        text = self.text
        if self.type == "REG_MULTI_SZ" and text:
            text = text.replace("\\0", "\0") + "\0"
        return f"{text}\0".encode("utf-16-le")

    @property
    def exact(self) -> bool:
        """Whether reg.exe shows the very bytes of such a value, and can write them.

        Text that is not ASCII may have come through a code page that lacks some of it, or hold what is not shown; of a
        line break it is not known which one it is.
        """
        if self.type in _STRINGS:
            return self.text.isascii() and not {"?", "\n"} & set(self.text)
        return self.number is not None or self.type == "REG_BINARY"

    def same(self, other: RegistryValue | None) -> bool:
        """Whether the registry would hold the same bytes of the same type."""
        return other is not None and (self.type, self.data) == (other.type, other.data)


@dataclass(frozen=True)
class Query:
    """What to read: a whole key, one value of it, or (recurse) one value in all keys below.

    A key that begins HKU\\*\\ is read in the loaded hive of every person.
    """

    key: str
    name: str | None = None
    view: int = 64
    recurse: bool = False

    def command(self) -> Command:
        arguments = f" /v {quote(self.name)}" if self.name else ""
        arguments += " /s" if self.recurse else ""
        if self.every_hive:
            below = self.key.removeprefix(_EVERY_HIVE)
            loop = f"for /f %S in ('reg query HKU') do @reg query \"%S\\{below}\"{arguments} 2>&1"
            return Command(f"({loop})", compound=True)
        return Command(f"reg query {quote(self.key)}{arguments}{_view_flag(self.key, self.view)}")

    def answer(self, completed: Completed) -> dict[str, RegistryValue] | None:
        """The values by name, where it is not reg.exe that answers this query; None for all others."""
        return None

    def heads(self, key: str) -> bool:
        """Whether reg.exe prints this key as one that it answers for, and not as a subkey of it."""
        key, asked = key.casefold(), self.key.casefold()
        if not self.every_hive:
            return key == asked or (self.recurse and key.startswith(f"{asked}\\"))
        hive, dummy, below = key.removeprefix("hku\\").partition("\\")
        return is_user_sid(hive) and below == asked.removeprefix(_EVERY_HIVE.casefold())

    @property
    def every_hive(self) -> bool:
        return self.key.startswith(_EVERY_HIVE)

    def within(self, other: Query) -> bool:
        """Whether the other query brings what this one asks for: all of the key of which this one asks a value."""
        if other.name is not None or self.name is None or other.every_hive or self.recurse:
            return False
        return other.covers(Address(self.key, self.name, self.view))

    def covers(self, address: Address) -> bool:
        """Whether this query would have brought the value, had it been there."""
        if self.name not in (None, address.name):
            return False
        return (self.view == address.view or not _has_views(self.key)) and self.heads(address.key)


def is_user_sid(text: str) -> bool:
    """Whether this is the SID of a person: of this machine, a domain or Entra ID."""
    return _USER_SID.fullmatch(text) is not None


def _has_views(key: str) -> bool:
    return key.casefold().startswith("hklm\\software")


def _view_flag(key: str, view: int) -> str:
    return f" /reg:{view}" if _has_views(key) else ""


@dataclass(frozen=True)
class Write:
    """A command that changes one value, and what the value is to be then (None: absent).

    meaning is what makes two such values the same setting, where that is not all of the value.
    """

    address: Address
    command: Command
    value: RegistryValue | None
    meaning: str = ""

    @property
    def exact(self) -> bool:
        """Whether value is what the registry will hold, to the byte."""
        return True

    @property
    def plain(self) -> bool:
        """Whether what is written can hold no secret, so that a digest of it may be kept."""
        return self.value is None or harmless(self.address.name, self.value.type, self.value.data)

    def held(self, registry: Registry) -> bool:
        """Whether the registry holds what was to be written."""
        found = registry.value(self.address)
        return found is None if self.value is None else self.value.same(found)

    def undo(self, value: RegistryValue | None) -> Write | None:
        """What puts back the value from before where reg.exe can't; None where it can."""
        return None

    def __str__(self) -> str:
        return self.meaning or (f"{self.value.type}:{self.value.text}" if self.value else "")


def set_value(address: Address, value: RegistryValue, meaning: str = "") -> Write:
    """Write one value; its text as reg.exe takes it (a number, hex digits, or text)."""
    head = f"reg add {quote(address.key)} /v {quote(address.name)} /t {value.type} /d "
    tail = f" /f{_view_flag(address.key, address.view)}"
    shown = "" if harmless(address.name, value.type, value.data) else f"{head}***{tail}"
    return Write(address, Command(head + quote(value.text) + tail, shown=shown), value, meaning)


def delete_value(address: Address) -> Write:
    """Delete one value; its key and its neighbours stay."""
    line = f"reg delete {quote(address.key)} /v {quote(address.name)} /f{_view_flag(address.key, address.view)}"
    return Write(address, Command(line), None)


def restore(address: Address, value: RegistryValue | None) -> Write:
    """Put a value back as it was; raises ValueError when no command line can say it."""
    if value is None:
        return delete_value(address)
    if not value.exact:
        raise ValueError(f"the text of this {value.type} can't be put on a command line as it is")
    if not harmless(address.name, value.type, value.data):
        raise ValueError("a command line is seen by others, and this value may hold credentials")
    return set_value(address, value)


_HEALTH = Query("HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", "CurrentBuildNumber")
_HEALTHY = re.compile(rf"{_HEALTH.name} +REG_SZ +[0-9]+\s")
# reg.exe tells a missing key, a missing value and a refusal apart by a translated sentence only: asking for
# what can't exist shows the sentences of this endpoint's language.
_NO_VALUE = Query(_HEALTH.key, "mde.connectivity")
_NO_KEY = Query("HKLM\\SOFTWARE\\Microsoft\\mde.connectivity")


@dataclass
class Registry:
    """What a batch of queries brought. Keys and names compare without case, as in the registry."""

    queries: Sequence[Query]
    _values: dict[_Place, dict[str, RegistryValue]] = field(default_factory=dict)
    _answered: set[_Place] = field(default_factory=set)
    _failed: list[tuple[Query, str]] = field(default_factory=list)

    def value(self, address: Address) -> RegistryValue | None:
        """The value, or None where it is absent; raises Unreadable where that can't be known, or it is no setting."""
        place = _place(address.key, address.view)
        found = self._values.get(place, {}).get(address.name.casefold())
        if found is not None and len(found.text) > LONGEST:
            raise Unreadable(
                f"{address} has {len(found.text)} characters, which is too long to be a setting (at most {LONGEST}): "
                "see who wrote it, and delete it."
            )
        if found is not None:
            return found
        if not self.asked(address):
            raise LookupError(f"{address} was not asked for")
        for query, said in self._failed:
            if place not in self._answered and query.covers(address):
                raise Unreadable(f"{address} could not be read: {shown_words(said)}")
        return None

    def with_values(self, values: Mapping[Address, RegistryValue | None]) -> Registry:
        """The registry as it would be with these values (None: absent)."""
        held = {place: dict(names) for place, names in self._values.items()}
        for address, value in values.items():
            names = held.setdefault(_place(address.key, address.view), {})
            names.pop(address.name.casefold(), None)
            if value is not None:
                names[address.name.casefold()] = value
        return Registry(self.queries, held, set(self._answered), list(self._failed))

    def asked(self, address: Address) -> bool:
        """Whether a query would have brought this value."""
        return any(query.covers(address) for query in self.queries)

    def below(self, key: str) -> dict[str, dict[str, RegistryValue]]:
        """The values of all keys that were seen directly below a key, by the last part of their names."""
        for query, said in self._failed:
            if query.key.casefold() == key.casefold():
                raise Unreadable(f"{key} could not be read: {shown_words(said)}")
        start = key.casefold() + "\\"
        return {
            seen[len(start) :]: values
            for (dummy, seen), values in self._values.items()
            if seen.startswith(start) and "\\" not in seen[len(start) :]
        }

    def add(self, query: Query, completed: Completed, missing: frozenset[str]) -> None:
        """Take in the answer to one query; missing are the lines that say only that nothing is there."""
        if (own := query.answer(completed)) is not None:
            self._values[_place(query.key, query.view)] = own
            return
        answer = _Answer(query)
        for line in completed.stdout.split("\n"):
            answer.add(line)
        answer.end()
        # The exit code of a loop is that of its last round; a search that went well ends with a sentence too.
        failed = completed.rc or query.every_hive
        refused = [message for message in answer.messages if failed and message not in missing]
        if answer.doubtful:
            refused.append("the answer names a key twice, so some text in the registry imitates reg.exe")
        if query.every_hive and not (answer.values or answer.messages):
            refused.append("there was no answer")
        if refused:
            self._failed.append((query, refused[0]))
        self._answered |= answer.headed - answer.doubtful
        for place, values in answer.values.items():
            if place not in answer.doubtful:
                self._values.setdefault(place, {}).update(values)


class _Answer:
    """The lines that reg.exe printed for one query.

    Anybody can write text with line breaks into his own hive, and reg.exe prints it as it is. So a key counts only
    where the query can have brought it, and a key that is answered for twice counts not at all.
    """

    def __init__(self, query: Query) -> None:
        self.values: dict[_Place, dict[str, RegistryValue]] = {}
        self.headed: set[_Place] = set()
        self.doubtful: set[_Place] = set()
        self.messages: list[str] = []
        self._query = query
        self._key: dict[str, RegistryValue] = {}
        self._last, self._type = "", ""
        self._lines: list[str] = []

    def add(self, line: str) -> None:
        if line.partition("\\")[0] in _ROOTS:
            self.end()
            self._key = self._begin(line)
        elif match := _VALUE.fullmatch(line):
            self.end()
            self._last, self._type = match["name"].casefold(), match["type"]
            self._lines = [match["data"] or ""]
        elif not line.strip():
            self.end()
        elif self._last:
            self._lines.append(line)
        else:
            self.messages.append(_folded(line))

    def end(self) -> None:
        """No further line belongs to the last value."""
        if self._last:
            self._key[self._last] = RegistryValue(self._type, "\n".join(self._lines))
        self._last = ""

    def _begin(self, line: str) -> dict[str, RegistryValue]:
        root, separator, rest = line.partition("\\")
        key = _WOW6432.sub(r"\\", _ROOTS[root] + separator + rest)
        place = _place(key, self._query.view)
        if self._query.heads(key):
            if place in self.headed:
                self.doubtful.add(place)
            self.headed.add(place)
            return self.values.setdefault(place, {})
        if key.casefold().startswith(f"{self._query.key.casefold()}\\"):
            self.values.setdefault(place, {})
        return {}


def _place(key: str, view: int) -> _Place:
    return (view if _has_views(key) else 64, key.casefold())


def _folded(text: str) -> str:
    return " ".join(text.split())


class Reading:
    """The queries of one batch, with those that show that its answers can be relied on."""

    def __init__(self, queries: Iterable[Query]) -> None:
        every = dict.fromkeys((_HEALTH, _NO_VALUE, _NO_KEY, *queries))
        wide = [query for query in every if query.name is None]
        self.queries = tuple(query for query in every if not any(query.within(other) for other in wide))
        self.commands = tuple(query.command() for query in self.queries)

    def parse(self, completed: Sequence[Completed]) -> Registry:
        """Make a Registry of the answers to commands; raises RegistryDisabled when reg.exe does not work."""
        health, no_value, no_key = completed[:3]
        if not (_HEALTHY.search(health.stdout) and no_value.rc and no_key.rc):
            raise RegistryDisabled(
                "reg.exe does not work on this endpoint (a policy may have switched registry tools off: "
                f"DisableRegistryTools). It said: {shown_words(_folded(health.stdout))[:200]}"
            )
        missing = frozenset(_folded(line) for line in f"{no_value.stdout}\n{no_key.stdout}".split("\n"))
        registry = Registry(self.queries)
        for query, answer in zip(self.queries, completed, strict=True):
            registry.add(query, answer, missing)
        return registry
