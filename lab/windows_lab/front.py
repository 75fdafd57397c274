# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WinRM front: WS-Management over HTTP and HTTPS on loopback, in front of any number of endpoints."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Iterable
from concurrent.futures import Executor

from aiohttp import web

from windows_lab import auth, shells, wsman
from windows_lab.backend import Away
from windows_lab.host import Host
from windows_lab.tls import Tls

ADDRESS = "127.0.0.1"
SOAP_XML = "application/soap+xml;charset=UTF-8"

_log = logging.getLogger(__name__)


class Front:
    """Serves `/wsman` on the port of one endpoint, and `/NAME/wsman` for each of them on any port.

    It belongs to the event loop that it is made in; `executor` runs what blocks.
    """

    def __init__(self, hosts: Iterable[Host], executor: Executor, *, rtt_ms: float = 0) -> None:
        self._hosts = {host.name: host for host in hosts}
        self._executor = executor
        self._rtt = rtt_ms / 1000
        self._ports: dict[int, Host] = {}
        self._tls: dict[int, Tls] = {}
        self._shells: dict[str, shells.Shell] = {}
        self._sessions: weakref.WeakKeyDictionary[object, auth.Session] = weakref.WeakKeyDictionary()
        self._web = web.Server(self._handle, access_log=None)
        self._listeners: list[asyncio.Server] = []

    async def listen(self, host: Host | None = None, port: int = 0, tls: Tls | None = None) -> int:
        """Open a loopback port, for one endpoint or (None) for all by their paths; says which port it is."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._web, ADDRESS, port, backlog=1024, ssl=tls.context if tls else None)
        address, number = server.sockets[0].getsockname()
        self._listeners.append(server)
        if address != ADDRESS:
            raise RuntimeError(f"the lab must listen on {ADDRESS}, not on {address}")
        if host is not None:
            self._ports[number] = host
        if tls is not None:
            self._tls[number] = tls
        return int(number)

    async def close(self) -> None:
        """Close ports, connections and shells."""
        for server in self._listeners:
            server.close()
        await self._web.shutdown(timeout=1)
        for shell in self._shells.values():
            await shell.close()

    def _find(self, request: web.BaseRequest) -> Host | None:
        name, _slash, last = request.path.strip("/").rpartition("/")
        if last != "wsman":
            return None
        if name:
            return self._hosts.get(name)
        assert request.transport is not None
        return self._ports.get(request.transport.get_extra_info("sockname")[1])

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        host = self._find(request)
        if host is None:
            return web.Response(status=404)
        if request.method != "POST":
            return web.Response(status=405, headers={"Allow": "POST"})
        body = await request.read()
        account = host.account
        account.requests += 1
        account.bytes_in += _head_size(request) + len(body)
        drop = host.drop if host.drop and host.drop.at(account.requests) else None
        if self._rtt:
            await asyncio.sleep(self._rtt)
        if drop and not drop.after:
            return _hang_up(request)
        try:
            response = await self._answer(host, request, body)
        except Away:
            self._shells = {name: shell for name, shell in self._shells.items() if shell.host is not host}
            return _hang_up(request)
        if drop:
            return _hang_up(request)
        await response.prepare(request)
        assert isinstance(response.body, bytes | None)
        account.bytes_out += _answer_size(response) + len(response.body or b"")
        return response

    def _session(self, request: web.BaseRequest) -> auth.Session:
        transport = request.transport
        assert transport is not None
        if transport not in self._sessions:
            tls = self._tls.get(transport.get_extra_info("sockname")[1])
            secured = transport.get_extra_info("ssl_object")
            self._sessions[transport] = (
                auth.Session(tls.binding, secured.getpeercert(binary_form=True)) if tls else auth.Session()
            )
        return self._sessions[transport]

    async def _answer(self, host: Host, request: web.BaseRequest, body: bytes) -> web.Response:
        if request.headers.get("WSMANIDENTIFY", "").lower() == "unauthenticated":
            return _soap(*await self._soap(host, body, identify_only=True))
        session = self._session(request)
        admitted, challenges = auth.admit(request.headers.get("Authorization", ""), session)
        headers = [("WWW-Authenticate", value) for value in challenges]
        if not admitted:
            return _with(web.Response(status=401), headers)
        if not body:
            # NTLM's last step arrives without a message: the client only sets up its security context.
            return _with(web.Response(status=200), headers)
        encrypted = request.headers.get("Content-Type", "").startswith(auth.ENCRYPTED)
        if encrypted:
            try:
                body = session.decrypt(body)
            except auth.NotDecrypted as error:
                _log.debug("%s: %s", host.name, error)
                return web.Response(status=400)
        status, answer = await self._soap(host, body)
        if encrypted:
            content_type, answer = session.encrypt(answer)
            return _with(_soap(status, answer, content_type), headers)
        return _with(_soap(status, answer), headers)

    async def _soap(self, host: Host, body: bytes, *, identify_only: bool = False) -> tuple[int, bytes]:
        request = None
        try:
            request = wsman.parse(body)
            if wsman.is_identify(request):
                return 200, wsman.identify_response()
            if identify_only:
                raise wsman.Fault(5, "w:AccessDenied", "Access is denied.")
            return 200, wsman.response(request, await self._dispatch(host, request))
        except wsman.Fault as fault:
            return 500, wsman.fault(request, fault)
        except Away:
            raise
        except Exception as error:  # noqa: BLE001 - whatever breaks, the client gets a fault, not silence
            _log.exception("%s: %s failed", host.name, request.action if request else "a request")
            return 500, wsman.fault(request, wsman.internal_error(f"The lab failed: {error!r}"))

    async def _dispatch(self, host: Host, request: wsman.Request) -> str:
        if request.action == wsman.CREATE:
            shell_id = request.attribute(f"{{{wsman.SHELL}}}Shell", "ShellId") or shells.new_id()
            self._shells[shell_id] = shells.create(request, host, self._executor)
            return wsman.created(request.resource, shell_id)
        if request.action not in wsman.RESPONSES:
            raise wsman.unknown_action(request.action)
        shell = self._shells.get(request.shell_id)
        if shell is None or shell.host is not host:
            raise wsman.unknown_shell(request.shell_id)
        if request.action == wsman.DELETE:
            del self._shells[request.shell_id]
            await shell.close()
            return ""
        return await shell.handle(request)


def _soap(status: int, body: bytes, content_type: str = SOAP_XML) -> web.Response:
    headers = {"Content-Type": content_type, "Server": "Microsoft-HTTPAPI/2.0"}
    return web.Response(status=status, body=body, headers=headers)


def _with(response: web.Response, headers: list[tuple[str, str]]) -> web.Response:
    for name, value in headers:
        response.headers.add(name, value)
    return response


def _hang_up(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500)


def _head_size(request: web.BaseRequest) -> int:
    line = len(request.method) + len(request.raw_path) + len("  HTTP/1.1\r\n")
    return line + sum(len(name) + len(value) + 4 for name, value in request.raw_headers) + 2


def _answer_size(response: web.Response) -> int:
    line = len(f"HTTP/1.1 {response.status} {response.reason}\r\n")
    return line + sum(len(name) + len(value) + 4 for name, value in response.headers.items()) + 2
