# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy server as host and port, and what no user value may hold."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from ._errors import InvalidSetting, may_hold_credentials, shown

# A host name has at most 253 characters (RFC 1035), a port five digits; a pair of brackets leaves a reserve.
SERVER_LIMIT = 262
_HOST_LIMIT = 253
_HIGHEST_PORT = 65535
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
# Anything else may be a part of a user name or password.
SCHEME_WORD = re.compile(r"[A-Za-z]{1,12}|socks[0-9][a-z]?")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_DIGITS = re.compile(r"[0-9]*")
# Either a shell on the way to the endpoint gives these a meaning, or they end an argument.
_DANGEROUS = "\"'%&|^<>!`"


@dataclass(frozen=True, eq=False)
class Server:
    """A checked server.

    ``host`` is a DNS name, an IPv4 address or an IPv6 address in brackets, spelled as the user did;
    ``port`` is 1 to 65535, or None where it was left out. Two servers are equal when host (without
    regard to case, and to the spelling of an IPv6 address) and port are.
    """

    host: str
    port: int | None

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"

    def __eq__(self, other: object) -> bool:
        return self._meaning() == other._meaning() if isinstance(other, Server) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._meaning())

    def _meaning(self) -> tuple[str, int | None]:
        if self.host.startswith("["):
            return ipaddress.IPv6Address(self.host[1:-1]).compressed, self.port
        return self.host.lower(), self.port


def parse_server(text: str) -> str:
    """Check a value for ``TelemetryProxyServer`` and return it as ``host:port``.

    Microsoft's "Configure device proxy" page for Defender for Endpoint wants a name or an address, a colon
    and a port, without scheme and without blanks; the System/TelemetryProxy CSP adds ``[IPv6]:port``. The
    spelling of the host is kept: use ``same_server`` to compare. Raises InvalidSetting.
    """
    refuse_unsafe(text, "server", SERVER_LIMIT)
    refuse_url(text, "server")
    server = read_server(text, "server")
    if server.port is None:
        raise InvalidSetting(f"The server {shown(text)} needs a port, as in {text}:8080.")
    return str(server)


def refuse_url(text: str, what: str) -> None:
    """Raise InvalidSetting for a scheme before a server, or a path behind it, which is not shown."""
    scheme, separator, rest = text.partition("://") if "://" in text else ("", "", text)
    place, slash, path = rest.partition("/")
    if not separator and not slash:
        return
    try:
        server = read_server(place, what)
        right = str(server) if server.port else f"{server}:8080"
    except InvalidSetting:
        place, right = "...", "host:port, such as proxy.example.com:8080,"
    shown_scheme = f"{scheme}://" if SCHEME_WORD.fullmatch(scheme) else ""
    found = shown(f"{shown_scheme}{place}{slash}{'...' if path else ''}")
    script = ", and the URL of a setup script (PAC) is no proxy" if path else ""
    raise InvalidSetting(f"The {what} has {found}, which is a URL{script}, so write {right} alone.")


def same_server(left: str, right: str) -> bool:
    """Say whether two texts name the same server; a text that is none equals only itself, in any case.

    The case of a host name does not count (RFC 4343), nor does the spelling of an IPv6 address.
    """
    return server_meaning(left) == server_meaning(right)


def server_meaning(text: str) -> Server | str:
    """Return what a text found on an endpoint means: a Server, or the text in lower case where it is none."""
    try:
        return read_server(text, "server")
    except InvalidSetting:
        return text.lower()


def read_server(text: str, what: str) -> Server:
    """Read ``host`` or ``host:port``; ``what`` names the value in messages. Raises InvalidSetting."""
    host, port = split_port(text, what)
    if host.startswith("["):
        _check_ipv6(host, what)
    else:
        _check_name(host, what)
    return Server(host, port)


def split_port(text: str, what: str) -> tuple[str, int | None]:
    """Split ``host[:port]``, an IPv6 host in brackets, and check the port only. Raises InvalidSetting."""
    host, closing, rest = text.partition("]") if text.startswith("[") else ("", "", text)
    name, colon, port = rest.partition(":")
    host += closing + name
    # What follows a colon is shown only as digits: it may be a password whose at sign was forgotten.
    if ":" in port:
        raise InvalidSetting(
            f"The {what} holds more than one colon, and an IPv6 address must stand in brackets: [::1]:8080."
        )
    if not host:
        raise InvalidSetting(f"The {what} lacks a host name or address.")
    if not colon:
        return host, None
    if not _DIGITS.fullmatch(port):
        raise InvalidSetting(f"The port in the {what} must be a number from 1 to 65535.")
    if not _PORT.fullmatch(port) or int(port) > _HIGHEST_PORT:
        raise InvalidSetting(f"The port in the {what} must be a number from 1 to 65535, not {shown(port)}.")
    return host, int(port)


def refuse_unsafe(text: str, what: str, limit: int, allowed: str = "") -> None:
    """Raise InvalidSetting for what no value of a user may hold, without showing the value.

    That is more than ``limit`` characters, an at sign (credentials), anything but printable ASCII (WinHTTP
    answers error 87 to a wide character: Wine's winhttp tests) and the characters that cmd.exe or PowerShell
    would interpret, except those in ``allowed``.
    """
    if len(text) > limit:
        raise InvalidSetting(f"The {what} has {len(text)} characters, and no more than {limit} are possible.")
    if may_hold_credentials(text):
        raise InvalidSetting(
            f"The {what} holds an at sign, so it is not shown here, and credentials cannot be part of it."
        )
    for position, char in enumerate(text, start=1):
        if char > "~":
            raise InvalidSetting(
                f"The {what} holds a character that is not ASCII at position {position}, "
                "and an international name must be written in its xn-- form."
            )
        if char < " ":
            raise InvalidSetting(f"The {what} holds a control character at position {position}.")
        if char in _DANGEROUS and char not in allowed:
            raise InvalidSetting(
                f"The {what} holds the character {char} at position {position}, which cannot be part of it."
            )


def _check_name(host: str, what: str) -> None:
    labels = host.split(".")
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            raise InvalidSetting(
                f"The {what} has the host {shown(host)}, which is not an IPv4 address."
            ) from None
        return
    if len(host) > _HOST_LIMIT or not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidSetting(
            f"The {what} has the host {shown(host)}, which is not a host name "
            "(letters, digits and hyphens between periods)."
        )


def _check_ipv6(host: str, what: str) -> None:
    inside = host[1:-1]
    name, _colon, port = inside.partition(":")
    if host.endswith("]") and "." in name and (not port or _PORT.fullmatch(port)):
        raise InvalidSetting(
            f"The {what} has {shown(host)}, and brackets are for IPv6 addresses only, so write {shown(inside)}."
        )
    try:
        if "%" in host or not host.endswith("]"):
            raise ValueError(host)
        ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        raise InvalidSetting(
            f"The {what} has the host {shown(host)}, which is not an IPv6 address in brackets."
        ) from None
