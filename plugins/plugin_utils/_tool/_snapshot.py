# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshot.xml out of the archive of SenseSnapshot, read by what its words mean.

No schema and no sample of Snapshot.xml is published. What is known is that it has a section Connections with a
URL and a Result, whose name is resolved and whose status is listening. How these are nested, and whether they are
elements or attributes, is a hypothesis here, so nothing depends on it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from xml.etree.ElementTree import Element, ParseError

from .._archive import BAD_ARCHIVE, BOUNDED
from .._credentials import shown_words
from .._resources._resource import Refused
from .._windows._text import safe
from ._rows import Row, Unreadable, Verdict, check_count

try:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring
except ImportError:
    HAS_DEFUSEDXML = False
else:
    HAS_DEFUSEDXML = True

REPORT = "Snapshot.xml"
_MEMBERS = 1000
# Far above any report of URLs, and little enough for the tree that is made of it.
_XML_LIMIT = 4 * 1024 * 1024
# A report has a handful of levels; with many, all that is asked of what lies below an element would add up.
_DEPTH = 100
_NAMES_SHOWN = 20
_SAID_LIMIT = 200

_YES = ("true", "yes", "1", "ok", "success", "succeeded")
_NO = ("false", "no", "0", "error", "fail", "failed")
# What turns the meaning of a word round, from before it and from behind it.
_NOT_BEFORE = r"(?:un|non|not|n.t|never|fail[a-z]{0,4}|\bno) ?(?:to )?(?:be(?:en)? )?"
_NOT_AFTER = r"[ :=\"']+(?:false|no|0|fail[a-z]{0,4})\b"
_GAPS = re.compile(r"[\s_-]+")


def read_snapshot(archive: bytes) -> tuple[Row, ...]:
    """The rows of an archive. Raises Unreadable, and Refused where a Python package is missing."""
    return read_report(_member(archive))


def _member(archive: bytes) -> bytes:
    """The bytes of Snapshot.xml, of which no more are unpacked than the limit allows."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            names = opened.namelist()
            found = [each for each in opened.infolist() if _is_report(each.filename)]
            if len(names) > _MEMBERS or len(found) != 1:
                raise Unreadable(
                    f"One {REPORT} among at most {_MEMBERS} files is expected in Snapshot.zip, and it holds "
                    f"{len(found)} among {len(names)}: {_shown(names)}."
                )
            if found[0].compress_type not in BOUNDED:
                raise Unreadable(f"{REPORT} is packed in a way that Windows does not use, so it was not read.")
            with opened.open(found[0]) as stream:
                data = stream.read(_XML_LIMIT + 1)
    except BAD_ARCHIVE as error:
        raise Unreadable(f"Snapshot.zip can't be read as a ZIP archive: {error}.") from None
    if len(data) > _XML_LIMIT:
        raise Unreadable(f"{REPORT} unpacks to more than {_XML_LIMIT} bytes, so it was not read.")
    return data


def _is_report(name: str) -> bool:
    return re.split(r"[\\/]", name)[-1].lower() == REPORT.lower()


def read_report(data: bytes) -> tuple[Row, ...]:
    """The rows of Snapshot.xml. Raises Unreadable, and Refused where a Python package is missing."""
    if not HAS_DEFUSEDXML:
        raise Refused("tool: sense_snapshot needs the Python package defusedxml on the controller.")
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise Unreadable(
            f"{REPORT} defines types or entities, as files that exhaust memory do, so it was not read."
        ) from None
    except (ParseError, ValueError, LookupError) as error:
        raise Unreadable(f"{REPORT} can't be read as XML: {error}.") from None
    rows = tuple(_row(url, facts) for url, facts in _Tree(root).entries())
    if not any(row.resolved is not None or row.listening is not None for row in rows):
        names = _shown(_name(element.tag) for element in root.iter())
        raise Unreadable(
            f"Nothing in {REPORT} was understood: no section Connections with a URL and a Result that says resolved "
            f"or listening. Its elements are {names}."
        )
    return rows


class _Tree:
    """The report with what an ElementTree does not know: parents, sections, and where the URLs are."""

    def __init__(self, root: Element) -> None:
        self._elements = list(root.iter())
        self._parents = {child: parent for parent in self._elements for child in parent}
        _check_depth(self._elements, self._parents)
        self._next = {one: other for parent in self._elements for one, other in pairwise(parent)}
        self._inside: set[Element] = set()
        for element in self._elements:
            if self._parents.get(element) in self._inside or _is_section(element):
                self._inside.add(element)
        self._urls = {
            element: url for element in self._elements if element in self._inside and (url := _url(element))
        }
        check_count(len(self._urls))
        self._counts = dict.fromkeys(self._elements, 0)
        for element in reversed(self._elements):
            self._counts[element] += element in self._urls
            if element in self._parents:
                self._counts[self._parents[element]] += self._counts[element]

    def entries(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Each URL with the facts that belong to it, which are names and values in the order of the report."""
        for element, url in self._urls.items():
            yield url, _facts(self._scope(element))

    def _scope(self, element: Element) -> list[Element]:
        """The elements that say something about a URL: those around it, or those that follow it."""
        entry = element
        while (parent := self._parents.get(entry)) in self._inside and self._counts[parent] == 1:
            entry = parent
        scope = list(entry.iter())
        if not any(_has(each, "result") for each in scope):
            follower = self._next.get(entry)
            while follower is not None and not self._counts[follower]:
                scope += follower.iter()
                follower = self._next.get(follower)
        return scope


def _check_depth(elements: list[Element], parents: Mapping[Element, Element]) -> None:
    depth = {elements[0]: 0}
    for element in elements[1:]:
        depth[element] = depth[parents[element]] + 1
        if depth[element] > _DEPTH:
            raise Unreadable(f"{REPORT} has elements more than {_DEPTH} levels deep, so it was not read.")


def _name(tag: str) -> str:
    """The name of an element or an attribute without its namespace."""
    return tag.rpartition("}")[2]


def _attributes(element: Element) -> Iterator[tuple[str, str]]:
    return ((_name(name).lower(), value.strip()) for name, value in element.attrib.items())


def _has(element: Element, name: str) -> bool:
    """Whether an element or one of its attributes has this name, or the element is given it by an attribute."""
    return _name(element.tag).lower() == name or any(
        name in (key, value.lower()) for key, value in _attributes(element)
    )


def _is_section(element: Element) -> bool:
    return _has(element, "connections")


def _url(element: Element) -> str:
    """The URL that an element holds, or an empty string."""
    attributes = dict(_attributes(element))
    if "url" in attributes:
        return attributes["url"]
    if _name(element.tag).lower() != "url":
        return ""
    own = (element.text or "").strip()
    addresses = [value for value in attributes.values() if "://" in value]
    return own or "".join(addresses[:1]) or "".join(element.itertext()).strip()


def _facts(scope: list[Element]) -> list[tuple[str, str]]:
    """What the Result in a scope says; what the scope says, where nothing in it is called so."""
    results = [element for element in scope if _has(element, "result")]
    below = {each for element in results for each in element.iter()}
    found: list[tuple[str, str]] = []
    for element in scope:
        if below and element not in below:
            continue
        name = _name(element.tag).lower()
        found += [(key, value) for key, value in _attributes(element) if key != "url" and value]
        if name != "url" and (element.text or "").strip():
            found.append((name, (element.text or "").strip()))
        found += [(name, tail) for child in element if (tail := (child.tail or "").strip())]
    return found


def _row(url: str, facts: list[tuple[str, str]]) -> Row:
    resolved, listening = _says("resolved", "name", facts), _says("listening", "status", facts)
    verdict: Verdict = "unknown"
    if resolved is False or listening is False:
        verdict = "failed"
    elif resolved and listening:
        verdict = "ok"
    said = " ".join(f"{shown_words(name)}={_words(value)}" for name, value in facts)
    return Row(safe(url), verdict, resolved, listening, said=safe(said[:_SAID_LIMIT]))


def _says(word: str, name: str, facts: list[tuple[str, str]]) -> bool | None:
    """Whether facts say this word, as a value or as a name with yes or no; a denial outweighs the rest."""
    answers = [answer for key, value in facts if (answer := _one(word, name, key, value.lower())) is not None]
    return all(answers) if answers else None


def _one(word: str, name: str, key: str, value: str) -> bool | None:
    if word in value:
        return not re.search(f"{_NOT_BEFORE}{word}|{word}{_NOT_AFTER}", _GAPS.sub(" ", value))
    if key == name or word in key:
        return {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}.get(value)
    return None


def _words(value: str) -> str:
    """What a report says, which may be a name and its value in one."""
    return shown_words(" ".join(value.replace("=", "= ").split())).replace("= ", "=")


def _shown(names: Iterable[str]) -> str:
    """Some names out of a file, fit for a message."""
    distinct = list(dict.fromkeys(re.sub(r"[^ -~]", "?", name)[:40] for name in names))
    more = ", ..." if len(distinct) > _NAMES_SHOWN else ""
    return ", ".join(distinct[:_NAMES_SHOWN]) + more if distinct else "none"
