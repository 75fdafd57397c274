# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands between a client and an endpoint and reads what they say over TLS."""

from __future__ import annotations

import select
import socket
import ssl

from windows_lab.network.listener import Listener

_SECONDS = 10


class Interceptor(Listener):
    """Ends the client's TLS with a context of its own, and hands everything on to a port, over TLS of its own.

    `passed` counts the bytes that it has read of clients.
    """

    def __init__(self, context: ssl.SSLContext, port: int, trusting: ssl.SSLContext) -> None:
        super().__init__()
        self._context, self._port, self._trusting = context, port, trusting
        self.passed = 0

    def serve(self, connection: socket.socket) -> None:
        client = self.secure(connection, self._context)
        with (
            socket.create_connection((self.address, self._port), _SECONDS) as plain,
            self._trusting.wrap_socket(plain, server_hostname=self.address) as endpoint,
        ):
            self._hand_on(client, endpoint)

    def _hand_on(self, client: ssl.SSLSocket, endpoint: ssl.SSLSocket) -> None:
        other = {client: endpoint, endpoint: client}
        while (
            ready := [side for side in other if side.pending()] or select.select(other, [], [], _SECONDS)[0]
        ):
            for side in ready:
                data = side.recv(65536)
                if not data:
                    return
                self.passed += len(data) if side is client else 0
                other[side].sendall(data)
