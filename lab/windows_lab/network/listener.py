# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the servers of the lab have in common: a loopback address, a thread per connection, a clean end."""

from __future__ import annotations

import abc
import contextlib
import functools
import random
import socket
import ssl
import threading
from typing import Self

from windows_lab.network.loopback import OutsideLoopback, loopback

_SECONDS = 10.0
_BACKLOG = 512


class Listener(abc.ABC):
    """A server on one loopback address, which answers from the beginning of a `with` to its end.

    A subclass says in `serve` what it does with a connection; the connection is closed when that returns.
    """

    def __init__(self, address: str = "127.0.0.1", port: int = 0) -> None:
        self._socket = socket.create_server((loopback(address), port), backlog=_BACKLOG)
        self.address, self.port = self._socket.getsockname()[:2]
        if loopback(self.address) != self.address:
            raise OutsideLoopback(f"a server of the lab listens at {self.address}")
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._connections: dict[threading.Thread, socket.socket] = {}
        self._accepting = threading.Thread(
            target=self._accept, name=f"lab-{type(self).__name__}", daemon=True
        )

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ended.set()
        _shut(self._socket)
        self._accepting.join()
        self._socket.close()
        with self._lock:
            remaining = list(self._connections.items())
        for thread, connection in remaining:
            _shut(connection)
            # Not for ever, where it waits for a server of its own.
            thread.join(_SECONDS)

    @abc.abstractmethod
    def serve(self, connection: socket.socket) -> None:
        """Answer one connection; an OSError means that the other side went away."""

    def wait_for_end(self) -> None:
        """Return when the server ends."""
        self._ended.wait()

    def secure(self, connection: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        """Speak TLS on a connection from now on; raises ssl.SSLError where the other side does not want to."""
        secured = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._connections[threading.current_thread()] = secured
        secured.do_handshake()
        return secured

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _peer = self._socket.accept()
            except OSError:
                continue
            connection.settimeout(_SECONDS)
            # What is sent in two pieces would wait 40 ms for an acknowledgement of the first.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            thread = threading.Thread(target=self._answer, name="lab-connection", daemon=True)
            with self._lock:
                self._connections[thread] = connection
            thread.start()

    def _answer(self) -> None:
        thread = threading.current_thread()
        try:
            with contextlib.suppress(OSError):
                self.serve(self._connections[thread])
        finally:
            with self._lock:
                self._connections.pop(thread).close()


def _shut(connection: socket.socket) -> None:
    # Not the method of an SSLSocket, which would take TLS off a connection that another thread still reads.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def own_address() -> str:
    """A loopback address at which nobody has taken a well-known port."""
    while True:
        # Not the first of the block, which other programs of this machine use.
        address = f"127.{random.randint(64, 127)}.{random.randint(0, 255)}.{random.randint(1, 254)}"
        try:
            for port in (80, 443):
                socket.create_server((address, port)).close()
        except PermissionError:
            return address
        except OSError:
            continue
        return address


@functools.cache
def low_ports() -> bool:
    """Whether this process may listen at ports below 1024."""
    try:
        socket.create_server((own_address(), 80)).close()
    except PermissionError:
        return False
    return True
