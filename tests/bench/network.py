# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the endpoints of the farm reach: the proxy that they are given, and a server behind it for every URL."""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Self

from windows_lab.network.authority import Authority
from windows_lab.network.view import Network
from windows_lab.proxy import Proxy

from tests.bench import work
from tests.network.service import Service


class Surroundings:
    """A context manager; `network` is how every endpoint sees it. All of it is on loopback, in this process."""

    def __init__(self) -> None:
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> Self:
        enter = self._exits.enter_context
        authority = Authority(Path(enter(tempfile.TemporaryDirectory())))
        answers = dict.fromkeys(work.URLS, (200, "text/plain", "bench\n"))
        self._service = enter(Service(authority, answers))
        # The endpoints resolve none of the names behind the proxy: whoever goes past it reaches nothing.
        self._proxy = enter(Proxy(self._service.hosts, ports=self._service.ports))
        self.authority = authority
        name, _colon, port = work.PROXY.partition(":")
        self.network = Network({name: "127.0.0.1"}, authority.pem, {int(port): self._proxy.port})
        return self

    def __exit__(self, *_exc: object) -> None:
        self._exits.close()

    def forget(self) -> None:
        """Begin a new account."""
        self._service.log.clear()
        self._proxy.log.clear()

    def asked(self) -> dict[str, Any]:
        """How often each URL was asked for, and how many tunnels the proxy opened."""
        urls = Counter(f"{seen.scheme}://{seen.host}{seen.path}" for seen in self._service.log)
        return {"urls": dict(urls), "tunnels": len(self._proxy.log)}
