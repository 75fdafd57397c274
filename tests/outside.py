# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies outside the endpoints of a lab: the service, and a forward proxy that alone knows where it is."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from windows_lab.lab import Lab
from windows_lab.network.authority import Authority
from windows_lab.network.view import Network
from windows_lab.proxy import Proxy
from windows_lab.simulated.endpoint import SimulatedEndpoint

from tests.network.service import Service, documented, every_service, names


@contextlib.contextmanager
def outside(lab: Lab, denied: Collection[str] = (), *, resolves: bool = False) -> Iterator[Proxy]:
    """Put the service and a proxy on loopback for the simulated endpoints of a lab.

    The proxy does not let through what is `denied`. With `resolves` the endpoints know the names of the service
    themselves. All of it is Python, and needs no right to listen at ports below 1024.
    """
    services = every_service()
    with contextlib.ExitStack() as exits:
        folder = exits.enter_context(tempfile.TemporaryDirectory(prefix="mde-outside-"))
        authority = Authority(Path(folder))
        service = exits.enter_context(Service(authority, documented(services), names=names(services)))
        allowed = {*service.hosts} - {*denied}
        proxy = Proxy(service.hosts, ports=service.ports, allowed=lambda host, _port: host in allowed)
        network = Network(service.hosts if resolves else {}, authority.pem, service.ports)
        for endpoint in lab.endpoints.values():
            if isinstance(endpoint, SimulatedEndpoint):
                endpoint.network = network
        yield exits.enter_context(proxy)
