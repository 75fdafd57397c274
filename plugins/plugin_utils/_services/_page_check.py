# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the service URLs of the collection with a saved page of Microsoft's documentation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ._catalogue import built_in
from ._model import Service
from ._names import covers
from ._page import Published, published

# The pages that list service URLs, by the last part of their address, and the words of their titles.
PAGES: Mapping[str, re.Pattern[str]] = {
    "standard-device-connectivity-urls-commercial": re.compile(r"standard connectivity urls.{0,9}commercial"),
    "streamlined-device-connectivity-urls-commercial": re.compile(r"streamlined connectivity urls.{0,9}commercial"),
    "standard-device-connectivity-urls-gov": re.compile(r"standard connectivity urls.{0,9}us gov"),
    "streamlined-device-connectivity-urls-gov": re.compile(r"streamlined connectivity urls.{0,9}us gov"),
    "configure-environment": re.compile(r"configure your network environment"),
}
# What a page lists and the collection leaves out, with the reason.
LEFT_OUT = {
    r"(?:.*\.)?x\.cp\.wd\.microsoft\.(?:com|us)": "for Mac and Linux",
    r"officecdn-microsoft-com\.akamaized\.net|packages\.microsoft\.com": "for Mac and Linux",
    r"\*\.azure-automation\.net": "the standard list has the one name below it that the agent uses",
}
# The network scanner of vulnerability management: of the standard list, where one wildcard more hides nothing.
_SCANNER = re.compile(r"\*\.security\.microsoft\.com|login\.windows\.net|\*\.blob\.core\.windows\.net/networkscanner.*")


class UnknownPage(ValueError):
    """A saved page is none of those that list service URLs, or holds no table of them."""


def page_of(text: str, name: str) -> str:
    """Which page a text is, by the name of its file or else by its title; raises UnknownPage."""
    for page in PAGES:
        if page in name:
            return page
    heading = " ".join(re.sub(r"<[^>]*>", " ", text).split()).lower()
    places = {found.start(): page for page, title in PAGES.items() if (found := title.search(heading))}
    if not places:
        raise UnknownPage(f"{name} is none of the pages {', '.join(PAGES)}: name the file after the page that it is.")
    return places[min(places)]


def compare(text: str, name: str) -> tuple[str, ...]:
    """What differs between a saved page and the collection: a sentence each, first new, then gone, then different.

    ``text`` is the page as HTML or Markdown, ``name`` that of its file. Raises UnknownPage. What the data call
    unconfirmed is looked for, and whether it is required is not compared.
    """
    page = page_of(text, name)
    listed = published(text)
    if not listed:
        raise UnknownPage(f"{name} holds no table with the ports and hosts of the service.")
    rows = [row for row in listed if not _left_out(page, row)]
    services = [each for file in built_in() for each in file.services if page in each.source]
    return (*_new(rows, services), *_gone(rows, services), *_different(rows, services))


def _shown(host: str, port: int, path: str | None) -> str:
    return f"{host}:{port}{path or ''}"


def _known(row: Published, services: Iterable[Service]) -> bool:
    """Whether the data have a host of a page, by itself or by a wildcard, at whatever port and path."""
    return any(row.host == each.host or (each.path is None and covers(each.host, row.host)) for each in services)


def _left_out(page: str, row: Published) -> bool:
    scanner = page.startswith("streamlined") and _SCANNER.fullmatch(f"{row.host}{row.path or ''}")
    return bool(scanner) or any(re.fullmatch(pattern, row.host) for pattern in LEFT_OUT)


def _new(rows: Iterable[Published], services: Sequence[Service]) -> Iterator[str]:
    for row in rows:
        if not _known(row, services):
            word = {True: ", required", False: ", optional", None: ""}[row.required]
            yield f"new: {_shown(row.host, row.port, row.path)}{word}"


def _gone(rows: Iterable[Published], services: Iterable[Service]) -> Iterator[str]:
    hosts = {row.host for row in rows}
    gone = {_shown(each.host, each.port, each.path): None for each in services if each.host not in hosts}
    yield from (f"gone: {shown}" for shown in gone)


def _different(rows: Sequence[Published], services: Sequence[Service]) -> Iterator[str]:
    for host in dict.fromkeys(each.host for each in services):
        here = [each for each in services if each.host == host]
        there = [row for row in rows if row.host == host]
        if not there:
            continue
        for what, ours, theirs in (
            ("port", {str(each.port) for each in here}, {str(row.port) for row in there}),
            ("path", {each.path or "any" for each in here}, {row.path or "any" for row in there}),
        ):
            if ours != theirs and not (what == "path" and "any" in ours):
                yield f"different: {host} has the {what} {_list(theirs)} there and {_list(ours)} here"
        said = [row.required for row in there if row.required is not None]
        if said and any(said) != any(each.required for each in here) and not any(each.unconfirmed for each in here):
            words = ("required", "optional") if any(said) else ("optional", "required")
            yield f"different: {host} is {words[0]} there and {words[1]} here"


def _list(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
