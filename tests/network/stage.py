# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network as a whole: an authority, the service, and a squid in front of it with a rendered allow-list."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

from ansible_collections.mde.connectivity.plugins.plugin_utils._services import _model
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._render import Row, Settings
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._render import squid as render
from windows_lab.network import squid
from windows_lab.network.authority import Authority
from windows_lab.network.listener import low_ports, own_address
from windows_lab.network.squid import Squid
from windows_lab.network.view import Network

from tests.network.service import Answer, Service, documented, every_service, names

CLIENTS = ("127.0.0.0/8",)
# What is said where this may not listen below 1024.
LOW_PORTS = "`sudo python3 -m tests.checks.debian` opens them to everybody."


def missing() -> str | None:
    """A sentence on what a stage needs and this machine has not; None when it has everything."""
    ports = f"The service behind a squid listens at the ports 80 and 443 of loopback. {LOW_PORTS}"
    return squid.missing() or (None if low_ports() else ports)


def allowlist(services: Iterable[_model.Service]) -> str:
    """The allow-list for squid that the collection renders for service URLs, for clients on loopback."""
    rows = [Row(service.host, service.port, service.path) for service in services]
    return render(rows, Settings(clients=CLIENTS))


class Stage:
    """The service of all clouds, regions and generations, and a squid that allows what `allowed` says.

    `allowed` are service URLs (None: all of them), or the text of an allow-list. `rules` are further URLs
    that the service answers, or answers in another way; `hosts` are further names, with their addresses.
    """

    def __init__(
        self,
        allowed: Iterable[_model.Service] | str | None = None,
        *,
        rules: Mapping[str, Answer] | None = None,
        hosts: Mapping[str, str] | None = None,
        authenticate: bool = False,
    ) -> None:
        if reason := missing():
            raise squid.SquidFailed(reason)
        services = every_service()
        self._rules = {**documented(services), **(rules or {})}
        self._names = names(services)
        self._more_hosts = dict(hosts or {})
        wanted = services if allowed is None else allowed
        self._allowlist = wanted if isinstance(wanted, str) else allowlist(wanted)
        self._authenticate = authenticate
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as starting:
            directory = starting.enter_context(tempfile.TemporaryDirectory(prefix="mde-stage-"))
            self.authority = Authority(Path(directory))
            service = Service(
                self.authority,
                self._rules,
                names=self._names,
                address=own_address(),
                http_port=80,
                https_port=443,
            )
            self.service = starting.enter_context(service)
            self.hosts = {**service.hosts, **self._more_hosts}
            self.squid = starting.enter_context(
                Squid(self._allowlist, self.hosts, authenticate=self._authenticate)
            )
            self.proxy = self.squid.proxy
            self._exits = starting.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._exits.close()

    def network(self, *, resolves: bool = True, wpad: str = "") -> Network:
        """The network of an endpoint, which gets to the service also by itself unless `resolves` is false."""
        return Network(self.hosts if resolves else {}, self.authority.pem, wpad=wpad)
