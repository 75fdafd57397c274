# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the probe is asked: addresses, the paths that lead to them, and both as one line of text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

FORMAT = 1
# The words for a path that are not a server, and what the probe calls each.
PATHS = {"effective": "sensor", "winhttp": "default", "static": "static", "wpad": "detect", "direct": "direct"}
# What stands in a string as it is: nothing that a shell, either engine or cmd.exe's find gives a meaning to.
_UNSAFE = re.compile(r"[^A-Za-z0-9 ._:/=+-]")


@dataclass(frozen=True)
class Target:
    """One address to ask, and what counts as an answer of the service.

    statuses are the status codes that mean "reached"; html says that a page is what the address answers with; one
    that is not required does not count when it can't be reached; one that is direct can't be used through a proxy.
    """

    url: str
    statuses: tuple[int, ...]
    html: bool
    required: bool
    purpose: str
    direct: bool = False

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        return self.parts.hostname or ""

    @property
    def port(self) -> int:
        return self.parts.port or (443 if self.parts.scheme == "https" else 80)


@dataclass(frozen=True)
class Way:
    """One way to reach an address: path is the user's word for it, a key of PATHS or a server host:port."""

    path: str

    @property
    def way(self) -> str:
        return PATHS.get(self.path, "named")

    @property
    def proxy(self) -> str:
        return "" if self.path in PATHS else self.path


@dataclass(frozen=True)
class Request:
    """Everything that one run of the probe is to ask; timeout is per address, deadline for all, in milliseconds.

    direct are the places of those urls that are asked directly, whatever the way.
    """

    token: str
    timeout: int
    deadline: int
    parallel: int
    ways: tuple[Way, ...]
    urls: tuple[str, ...]
    direct: tuple[int, ...] = ()

    def text(self) -> str:
        """The request as one line of JSON, in which data is letters, digits and a few signs or \\uXXXX."""
        ways = [{"way": _escaped(way.way), "proxy": _escaped(way.proxy)} for way in self.ways]
        numbers = {"timeout": self.timeout, "deadline": self.deadline, "parallel": self.parallel}
        content = {"format": FORMAT, "token": self.token, **numbers, "ways": ways}
        line = json.dumps({**content, "urls": [_escaped(url) for url in self.urls], "direct": self.direct})
        # json.dumps has made two backslashes of the one that begins an escape.
        return line.replace("\\\\u", "\\u")


def _escaped(text: str) -> str:
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def ways_of(paths: Sequence[str]) -> tuple[Way, ...]:
    """The ways for the user's words, each once."""
    return tuple(Way(path) for path in dict.fromkeys(paths))
