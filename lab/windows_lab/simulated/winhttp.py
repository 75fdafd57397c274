# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WinHttpRequest as Windows has it, on the network of the lab: one GET, and errors in Windows' numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from windows_lab.network.view import Network
from windows_lab.simulated.blobs import WinHttp
from windows_lab.simulated.winhttp_errors import Limits
from windows_lab.simulated.winhttp_proxy import PORTS, Server, proxy_for
from windows_lab.simulated.winhttp_tls import check_name_and_dates, lenient, strict
from windows_lab.simulated.winhttp_wire import Connection, Response, resolve

_URL = re.compile(
    r"(https?)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?([/?][!-\"$-~]*)?(?:#[!-~]*)?"
)
_LABEL = re.compile(r"[^.]{1,63}")
# Everything that RFC 3986 lets stand in a path or a query, and escapes that are there already.
_PLAIN = "/?:@!$&'()*+,;=-._~[]%"


@dataclass(frozen=True)
class Url:
    """An absolute http or https URL in ASCII, without blanks and credentials; `target` is path and query, escaped."""

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, text: str) -> Url:
        """Read a URL; raises ValueError for what is none, or not one that the probe may ask for."""
        match = _URL.fullmatch(text)
        if match is None:
            raise ValueError(
                f"{text!a} is not an absolute http or https URL in ASCII without blanks and credentials"
            )
        scheme, host = match[1], match[2]
        port = int(match[3] or PORTS[scheme])
        if not 0 < port < 65536 or len(host) > 253:
            raise ValueError(f"{text!a} has a port or a host that cannot be")
        if not host.startswith("[") and not all(_LABEL.fullmatch(label) for label in host.split(".")):
            raise ValueError(f"{text!a} has a host that cannot be")
        target = match[4] or "/"
        return cls(scheme, host, port, quote(target if target.startswith("/") else f"/{target}", safe=_PLAIN))

    @property
    def authority(self) -> str:
        """Host and port as a Host header has them."""
        return self.host if self.port == PORTS[self.scheme] else f"{self.host}:{self.port}"


class Client:
    """The WinHTTP of one endpoint; its TLS contexts are made once and serve every request."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._hosts = {name.lower(): address for name, address in network.hosts.items()}
        self._strict = strict(network.authorities)
        self._lenient = lenient()

    def get(self, url: Url, settings: WinHttp, limits: Limits, any_authority: bool = False) -> Response:
        """Ask for a URL through the proxy that the settings give it; redirects are answers like any other.

        `any_authority` is the flag SSL_ERROR_UNKNOWN_CA of SslErrorIgnoreFlags. Raises WinHttpError,
        DeadlinePassed, and OutsideLoopback where the lab itself is wrong.
        """
        proxy = proxy_for(settings, url.scheme, url.host)
        server = proxy or Server(url.host, url.port)
        port = self._network.ports.get(server.port, server.port)
        address = Server(resolve(self._hosts, server.host), port)
        with Connection(limits) as connection:
            connection.dial(address)
            if url.scheme == "http":
                target = f"http://{url.authority}{url.target}" if proxy else url.target
                return connection.finish(connection.ask("GET", target, url.authority))
            if proxy:
                tunnel = f"{url.host}:{url.port}"
                answer = connection.ask("CONNECT", tunnel, tunnel)
                if answer.status != 200:
                    # [INF] WinHTTP is taken to show the proxy's refusal as the response, status and headers.
                    return connection.finish(answer)
            self._secure(connection, url.host.strip("[]"), any_authority)
            return connection.finish(connection.ask("GET", url.target, url.authority))

    def _secure(self, connection: Connection, host: str, any_authority: bool) -> None:
        peer = connection.secure(self._lenient if any_authority else self._strict, host)
        if any_authority:
            check_name_and_dates(peer, host)
