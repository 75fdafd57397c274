# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the tables of service URLs out of a saved page of Microsoft's documentation, HTML or Markdown.

The tables of five layouts are known by their heads: the list per geography of the standard pages, the short one of the
streamlined page with several hosts in a cell, the one for Windows 10 1607 to 1803, the one for the Microsoft Monitoring
Agent, and that agent's resources with their ports. A table without a port or a host is about something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from ._names import is_host, is_path

_HTML = re.compile(r"<(?:!doctype html|html|table|body)\b", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>|\\n", re.IGNORECASE)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_RULE = re.compile(r"[\s|:-]+")
_CELL = re.compile(r"(?<!\\)\|")
_PORTS = re.compile(r"[0-9]{1,5}")
# What a head is called, by the words that it begins with once signs are left out.
_HEADS = {
    "host": re.compile(r"endpoint ?(?:or )?urls?\b(?! desc)|agent resource"),
    "port": re.compile(r"ports?\b"),
    "required": re.compile(r"required|type\b"),
    "system": re.compile(r"os\b"),
    "category": re.compile(r"category\b"),
}
_OTHER_SYSTEMS = re.compile(r"mac|linux", re.IGNORECASE)


@dataclass(frozen=True)
class Published:
    """One host at one port as a page has it; ``required`` is None where the page does not say.

    ``path`` is None for the whole host.
    """

    host: str
    port: int
    path: str | None
    required: bool | None


def published(text: str) -> tuple[Published, ...]:
    """The service URLs for Windows that a page lists, each once per host, port and path, in its order."""
    found: dict[tuple[str, int, str | None], Published] = {}
    for table in _tables(text):
        for row in _rows(table):
            key = (row.host, row.port, row.path)
            known = found.get(key, row)
            required = row.required if known.required is None else known.required or bool(row.required)
            found[key] = Published(*key, required)
    return tuple(found.values())


def _tables(text: str) -> Iterator[list[list[str]]]:
    if _HTML.search(text):
        page = _Page()
        page.feed(text)
        page.close()
        yield from page.tables
    else:
        yield from _markdown(text)


def _markdown(text: str) -> Iterator[list[list[str]]]:
    table: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        bare = line.strip()
        if bare.startswith("|") and not _RULE.fullmatch(bare):
            table.append([_plain(cell) for cell in _CELL.split(bare[1:].removesuffix("|"))])
        elif not bare and table:
            yield table
            table = []


def _plain(cell: str) -> str:
    text = _LINK.sub(r"\1", _BREAK.sub(" ", cell))
    return " ".join(text.replace("`", "").replace("\\", "").split())


class _Page(HTMLParser):
    """The tables of a page as lists of cells; what stands inside a cell is text alone."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self.tables[-1][-1].append("")
            self._open = True
        elif self._open:
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            cells = self.tables[-1][-1]
            cells[-1] = f"{cells[-1]}{data}"


def _rows(table: Sequence[Sequence[str]]) -> Iterator[Published]:
    columns = _columns(table[0]) if table else {}
    if not {"host", "port"} <= columns.keys():
        return
    port_cell = ""
    for cells in table[1:]:
        cell = {name: cells[at].strip() for name, at in columns.items() if at < len(cells)}
        # A row without a port stands below one that has it.
        port_cell = cell.get("port") or port_cell
        system = f"{cell.get('system', '')} {cell.get('category', '')}"
        if _OTHER_SYSTEMS.search(system) and "windows" not in system.lower():
            continue
        for port in map(int, _PORTS.findall(port_cell)):
            for host, path in _urls(cell.get("host", "")):
                yield Published(host, port, path, _required(cell.get("required", "")))


def _columns(head: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, title in enumerate(head):
        words = " ".join(re.sub(r"[^a-z ]", " ", title.lower()).split())
        for name, pattern in _HEADS.items():
            if pattern.match(words):
                found.setdefault(name, at)
    return found


def _required(cell: str) -> bool | None:
    word = cell.lower().lstrip("*")
    return True if word.startswith("required") else False if word.startswith("optional") else None


def _urls(cell: str) -> Iterator[tuple[str, str | None]]:
    """The hosts and paths of a cell. ``*name`` stands for the name and for all below it."""
    for word in re.split(r"[\s,;]+", cell.replace("\\", "")):
        bare = re.sub(r"^https?://", "", word.strip("'\"").lower()) if word else ""
        host, slash, rest = bare.partition("/")
        original = word.partition("://")[2] or word
        path = original.partition("/")[2].removesuffix("*") if slash and rest not in ("", "*") else ""
        hosts = [host] if not re.match(r"\*[^.]", host) else [f"*.{host[1:]}", host[1:]]
        for each in hosts:
            if is_host(each) and (not path or is_path(f"/{path}")):
                yield each, f"/{path}" if path else None
