# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a request of WinHTTP fails, in the numbers of Windows, and how long each of its steps may take."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager

INVALID_PARAMETER = 87
TIMEOUT = 12002
NAME_NOT_RESOLVED = 12007
CANNOT_CONNECT = 12029
CONNECTION_ERROR = 12030
INVALID_SERVER_RESPONSE = 12152
SECURE_CHANNEL_ERROR = 12157
SECURE_FAILURE = 12175
HEADER_SIZE_OVERFLOW = 12182

# The first that fits counts. A peer that hangs up without an answer has ended the connection (12030), whatever
# the protocol makes of it; http.client's RemoteDisconnected is a ConnectionError, too.
_NUMBERS: tuple[tuple[type[Exception], int], ...] = (
    (ssl.SSLCertVerificationError, SECURE_FAILURE),
    (ssl.SSLEOFError, CONNECTION_ERROR),
    (ssl.SSLZeroReturnError, CONNECTION_ERROR),
    (ssl.SSLError, SECURE_CHANNEL_ERROR),
    (ConnectionRefusedError, CANNOT_CONNECT),
    (ConnectionError, CONNECTION_ERROR),
    # [INF] http.client and WinHTTP both bound a head at 64 KB, the former each of its lines.
    (http.client.LineTooLong, HEADER_SIZE_OVERFLOW),
    (http.client.HTTPException, INVALID_SERVER_RESPONSE),
)


class WinHttpError(Exception):
    """A request failed with this Windows error number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"WinHTTP error {number}")
        self.number = number

    @property
    def hresult(self) -> int:
        """The number as the COM object throws it, unsigned."""
        return 0x80070000 + self.number


class DeadlinePassed(Exception):
    """The time for all requests together is over."""


class Limits:
    """What WinHttpRequest.SetTimeouts was given for every step alike, and the end of the whole run."""

    def __init__(self, seconds: float, end: float) -> None:
        self._seconds = seconds
        self._end = end

    @contextmanager
    def step(self, peer: socket.socket) -> Iterator[None]:
        """Bound what is done with the socket inside, and raise its failure as WinHttpError or DeadlinePassed."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise DeadlinePassed
        peer.settimeout(min(left, self._seconds))
        try:
            yield
        except TimeoutError as error:
            raise (DeadlinePassed() if left < self._seconds else WinHttpError(TIMEOUT)) from error
        except (OSError, http.client.HTTPException) as error:
            known = [number for kind, number in _NUMBERS if isinstance(error, kind)]
            if not known:
                raise
            raise WinHttpError(known[0]) from error
