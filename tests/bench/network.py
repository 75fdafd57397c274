# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the endpoints of the farm reach: the proxy that they are given, which is every server behind it as well."""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Self

from windows_lab.network.authority import Authority
from windows_lab.network.faults import InspectingProxy
from windows_lab.network.http1 import response
from windows_lab.network.view import Network

from tests.bench import work

_NOTHING_HERE = response(404)


class _Cloud(InspectingProxy):
    """A proxy at the other end of whose tunnels there is no further connection, but the server that was asked for.

    So of the CPU that an endpoint costs here as much as can be is that of the endpoint. `urls` is what was asked
    for, in order.
    """

    def __init__(self, authority: Authority) -> None:
        super().__init__(authority)
        self._answers = {
            url: response(status, body, content_type)
            for url, (status, content_type, body) in work.ANSWERS.items()
        }
        self.urls: list[str] = []

    def answer(self, url: str) -> bytes:
        self.urls.append(url)
        return self._answers.get(url, _NOTHING_HERE)


class Surroundings:
    """A context manager; `network` is how every endpoint sees it. All of it is on loopback, in this process."""

    def __init__(self) -> None:
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> Self:
        enter = self._exits.enter_context
        authority = Authority(Path(enter(tempfile.TemporaryDirectory())))
        self._cloud = enter(_Cloud(authority))
        self.authority = authority
        name, _colon, port = work.PROXY.partition(":")
        self.network = Network({name: "127.0.0.1"}, authority.pem, {int(port): self._cloud.port})
        return self

    def __exit__(self, *_exc: object) -> None:
        self._exits.close()

    def forget(self) -> None:
        """Begin a new account."""
        self._cloud.urls.clear()
        self._cloud.log.clear()

    def asked(self) -> dict[str, Any]:
        """How often each URL was asked for."""
        return dict(Counter(self._cloud.urls))
