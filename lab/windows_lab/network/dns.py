# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DNS server on loopback that knows no name, so that no resolver outside the lab is ever asked."""

from __future__ import annotations

import socket
import threading
from typing import Self

from windows_lab.network.listener import own_address

_PORT = 53
# A response, recursion available, and the code NXDOMAIN (RFC 1035, section 4.1.1).
_NO_SUCH_NAME = (0x8183).to_bytes(2, "big")
_ONE_QUESTION = (1).to_bytes(2, "big") + bytes(6)


class NoNames:
    """The DNS server, from the beginning of a `with` to its end; `log` has the names that it was asked for."""

    def __init__(self) -> None:
        self.address = own_address()
        self.log: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self.address, _PORT))
        self._thread = threading.Thread(target=self._serve, name="lab-dns", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        # An empty datagram is no question: the server takes it for the end.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", (self.address, _PORT))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            question, client = self._socket.recvfrom(4096)
            if not question:
                return
            labels, end = _labels(question)
            self.log.append(".".join(labels))
            answer = question[:2] + _NO_SUCH_NAME + _ONE_QUESTION + question[12 : end + 4]
            self._socket.sendto(answer, client)


def _labels(question: bytes) -> tuple[list[str], int]:
    """Return the labels of the name in a question, and where what follows the name begins."""
    labels = []
    position = 12
    while position < len(question) and (length := question[position]):
        labels.append(question[position + 1 : position + 1 + length].decode("latin-1"))
        position += 1 + length
    return labels, position + 1
