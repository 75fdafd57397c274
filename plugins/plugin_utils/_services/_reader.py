# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a file of service URLs and says of each mistake in it where it is and what is asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ._model import (
    CLOUDS,
    GENERATIONS,
    REACHABLE,
    REGIONS,
    Builds,
    Probe,
    Service,
    ServiceFile,
    ServiceFileError,
)
from ._names import covers, is_day, is_host, is_name, is_path, is_port, is_probe_path, is_sentence, is_whole

_FILE_FIELDS = ("about", "generations", "clouds", "builds", "source", "as_of", "services")
_ENTRY_FIELDS = (
    "hosts",
    "ports",
    "path",
    "purpose",
    "required",
    "builds",
    "clouds",
    "regions",
    "generations",
    "probes",
    "unconfirmed",
    "direct",
    "source",
    "as_of",
)
_PROBE_FIELDS = ("hosts", "ports", "path", "statuses", "html")
_BUILD_FIELDS = ("from", "before", "only_when_known")
_SHOWN_CHARACTERS = 60
_MISSING = object()


def _shown(value: object) -> str:
    if isinstance(value, Mapping | list):
        return f"a {'list' if isinstance(value, list) else 'mapping'}"
    text = "".join(char if " " <= char <= "~" else "?" for char in str(value))
    return f"'{text[:_SHOWN_CHARACTERS]}{'...' if len(text) > _SHOWN_CHARACTERS else ''}'"


def _is_build(number: object) -> bool:
    return is_whole(number) and number >= 1


def _is_status(number: object) -> bool:
    return is_whole(number) and 100 <= number <= 599


@dataclass(frozen=True)
class _Scope:
    """What the head of a file says for entries that do not say it themselves."""

    generations: tuple[str, ...]
    clouds: tuple[str, ...]
    source: tuple[str, ...]
    as_of: object


class _Block:
    """A mapping of the file: its fields are taken out one by one, and what is wrong is written down."""

    def __init__(self, value: Any, where: str, fields: Sequence[str], mistakes: list[str]) -> None:
        self._where = where
        self._mistakes = mistakes
        self._values: Mapping[Any, Any] = value if isinstance(value, Mapping) else {}
        if not isinstance(value, Mapping):
            self.mistake(f"has to be a mapping with the fields {', '.join(fields)}")
        for name in self._values:
            if name not in fields:
                self.mistake(f"field {_shown(name)}: there is no such field, there are {', '.join(fields)}")

    def mistake(self, text: str) -> None:
        """Note what is wrong in this block."""
        self._mistakes.append(f"{self._where}, {text}.")

    def raw(self, name: str) -> Any:
        """Return a field as it stands."""
        return self._values.get(name)

    def one(self, name: str, good: Callable[[object], bool], wanted: str, default: Any = _MISSING) -> Any:
        """Return a single value, or the default where the field is left out."""
        value = self._values.get(name)
        if value is None and default is not _MISSING:
            return default
        if value is None:
            self.mistake(f"field {name}: is missing; it has to be {wanted}")
        elif not good(value):
            self.mistake(f"field {name}: {_shown(value)} is not {wanted}")
        else:
            return value
        return None

    def some(
        self, name: str, good: Callable[[object], bool], wanted: str, default: Any = _MISSING
    ) -> tuple[Any, ...]:
        """Return a list of one value or more, or the default where the field is left out."""
        values = self._values.get(name)
        if values is None and default is not _MISSING:
            return tuple(default)
        if not isinstance(values, list) or not values:
            self.mistake(f"field {name}: has to be a list, and each of it {wanted}")
            return ()
        for value in values:
            if not good(value):
                self.mistake(f"field {name}: {_shown(value)} is not {wanted}")
        kept = [value for value in values if good(value)]
        if len(set(kept)) != len(kept):
            self.mistake(f"field {name}: names something twice")
        return tuple(kept)

    def among(self, name: str, choices: Sequence[str], default: Iterable[str]) -> tuple[str, ...]:
        """Return a list of words out of a closed set."""
        return self.some(name, lambda word: word in choices, f"one of {', '.join(choices)}", default)


class _Reader:
    """Reads one file; every mistake is collected before the file is refused."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.mistakes: list[str] = []

    def file(self, content: Any) -> ServiceFile:
        """Return what the content of a file means."""
        head = _Block(content, self.name, _FILE_FIELDS, self.mistakes)
        head.one("about", lambda text: isinstance(text, str), "a text", None)
        generations = head.among("generations", GENERATIONS, GENERATIONS)
        clouds = head.among("clouds", CLOUDS, CLOUDS)
        scope = _Scope(generations, clouds, _source(head, ()), _as_of(head, None))
        listed = head.raw("builds")
        ranges = listed if isinstance(listed, list) else [] if listed is None else [listed]
        builds = tuple(self.builds(each, self.name) for each in ranges)
        entries = head.raw("services")
        if isinstance(content, Mapping) and (not isinstance(entries, list) or not entries):
            head.mistake("field services: has to be a list of entries")
        services: list[Service] = []
        for number, entry in enumerate(entries if isinstance(entries, list) else [], 1):
            services += self.entry(entry, number, scope)
        return ServiceFile(self.name, generations, builds, tuple(services))

    def entry(self, value: Any, number: int, scope: _Scope) -> list[Service]:
        """Return one service per host and port of an entry."""
        where = f"{self.name}, entry {number}{_first_host(value)}"
        block = _Block(value, where, _ENTRY_FIELDS, self.mistakes)
        if not isinstance(value, Mapping):
            return []
        hosts = block.some("hosts", is_host, "a name in lower case, or '*.' and a name")
        ports = block.some("ports", is_port, "a port from 1 to 65535")
        path = block.one("path", is_path, "a path that begins with '/'", None)
        purpose = block.one(
            "purpose", is_sentence, "one line of ASCII text that begins with a letter or digit"
        )
        required = block.one("required", _is_flag, "true or false")
        unconfirmed = block.one("unconfirmed", is_sentence, "one line of ASCII text", None)
        builds = self.builds(block.raw("builds"), where)
        probes = self.probes(block, where, hosts, ports)
        where_for = (
            block.among("clouds", CLOUDS, scope.clouds),
            block.among("regions", REGIONS, ()),
            block.among("generations", GENERATIONS, scope.generations),
        )
        direct = bool(block.one("direct", _is_flag, "true or false", False))
        source, as_of = _source(block, scope.source), _as_of(block, scope.as_of)
        return [
            Service(
                *(host, port, path, purpose, required, builds, *where_for),
                probes=probes.get((host, port), ()),
                unconfirmed=unconfirmed,
                direct=direct,
                source=source,
                as_of=as_of,
            )
            for host in hosts
            for port in ports
        ]

    def builds(self, value: Any, where: str) -> Builds:
        """Return the Windows builds that a field means; all of them where it is left out."""
        if value is None:
            return Builds()
        inner = _Block(value, f"{where}, field builds", _BUILD_FIELDS, self.mistakes)
        wanted = "the number of a Windows build, such as 17763"
        first, before = (inner.one(name, _is_build, wanted, None) for name in ("from", "before"))
        known = bool(inner.one("only_when_known", _is_flag, "true or false", False))
        if first is not None and before is not None and first >= before:
            inner.mistake("field before: has to be greater than field from")
        return Builds(first, before, known)

    def probes(
        self, block: _Block, where: str, hosts: tuple[str, ...], ports: tuple[int, ...]
    ) -> dict[tuple[str, int], tuple[Probe, ...]]:
        """Return the probes of an entry by host and port; by default those of its root path.

        A wildcard has no probe unless the entry names hosts for it.
        """
        wildcards = any(host.startswith("*.") for host in hosts)
        values = block.raw("probes")
        if values is None:
            values = [] if wildcards else [{}]
        if not isinstance(values, list):
            block.mistake("field probes: has to be a list")
            values = []
        found: dict[tuple[str, int], tuple[Probe, ...]] = {}
        for number, value in enumerate(values, 1):
            inner = _Block(value, f"{where}, field probes, probe {number}", _PROBE_FIELDS, self.mistakes)
            for key, probe in _probe(inner, hosts, ports):
                found[key] = (*found.get(key, ()), probe)
        return found


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _source(block: _Block, default: tuple[str, ...]) -> tuple[str, ...]:
    return block.some("source", is_sentence, "one line of ASCII text", default)


def _as_of(block: _Block, default: object) -> str | None:
    day = block.one("as_of", is_day, "a day such as 2026-09-03", default)
    return None if day is None else str(day)


def _probe(
    block: _Block, hosts: tuple[str, ...], ports: tuple[int, ...]
) -> list[tuple[tuple[str, int], Probe]]:
    names = block.some("hosts", is_name, "a name in lower case", ())
    path = block.one("path", is_probe_path, "a path that begins with '/'", "/")
    statuses = block.some("statuses", _is_status, "an HTTP status code from 100 to 599", REACHABLE)
    asked = block.some("ports", lambda port: port in ports, "a port of the entry", ports)
    html = bool(block.one("html", _is_flag, "true or false", False))
    wildcards = [host for host in hosts if host.startswith("*.")]
    if wildcards and not names:
        block.mistake(f"field hosts: is missing; {wildcards[0]} is no address, so name hosts below it")
    if names and not wildcards:
        block.mistake("field hosts: belongs to a wildcard, and this entry has none")
    found = []
    for host in hosts:
        below = [name for name in names if covers(host, name)] if host in wildcards else [host]
        if host in wildcards and names and not below:
            block.mistake(f"field hosts: none of them is below {host}")
        probes = [(port, address(name, port, path or "/")) for name in below for port in asked]
        found += [((host, port), Probe(url, statuses, html)) for port, url in probes]
    strays = [name for name in names if wildcards and not any(covers(each, name) for each in wildcards)]
    for name in strays:
        block.mistake(f"field hosts: {_shown(name)} is not below {' or '.join(wildcards)}")
    return found


def address(host: str, port: int, path: str) -> str:
    """Return the URL of a probe: port 80 is asked over http, every other port over https."""
    if port == 80:
        return f"http://{host}{path}"
    return f"https://{host}{'' if port == 443 else f':{port}'}{path}"


def _first_host(entry: Any) -> str:
    hosts = entry.get("hosts") if isinstance(entry, Mapping) else None
    return f" ({_shown(hosts[0])})" if isinstance(hosts, list) and hosts else ""


def parse(content: Any, name: str) -> ServiceFile:
    """Return what the content of a file means; ``name`` stands in the messages.

    Raises ServiceFileError with a sentence for each mistake.
    """
    reader = _Reader(name)
    read = reader.file(content)
    if reader.mistakes:
        raise ServiceFileError(tuple(reader.mistakes))
    return read


def read_file(path: Path) -> ServiceFile:
    """Return what a YAML or JSON file says.

    Raises ServiceFileError, also when the file cannot be opened or is neither YAML nor JSON.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        raise ServiceFileError((f"{path}: cannot be read: {error.strerror}.",)) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        place = "" if line is None else f", line {line + 1}"
        why = getattr(error, "problem", None) or "text in UTF-8 is wanted"
        raise ServiceFileError((f"{path}{place}: is not usable as YAML or JSON: {why}.",)) from error
    return parse(content, str(path))


class _Loader(yaml.SafeLoader):
    """A loader that refuses a field that stands twice, of which YAML would take the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return a mapping whose fields all differ."""
        names = [key.value for key, _value in node.value if isinstance(key, yaml.ScalarNode)]
        for number, name in enumerate(names):
            if name in names[:number]:
                mark = node.value[number][0].start_mark
                raise yaml.constructor.ConstructorError(None, None, f"{_shown(name)} stands twice", mark)
        return super().construct_mapping(node, deep)
