# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy as a URL, and the URL of a setup script (PAC)."""

from __future__ import annotations

import re

from ._errors import InvalidSetting, shown
from ._server import Server, read_server, refuse_unsafe, server_meaning

# WinINet's INTERNET_MAX_URL_LENGTH.
URL_LIMIT = 2083
_SCHEMES = ("http", "https")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]*)*")


def parse_proxy_url(text: str) -> str:
    """Check ``protocol://host:port`` with the protocol http or https, and return it. Raises InvalidSetting.

    Microsoft's page "Configure device proxy" has this form for the proxy of the antivirus; a slash at the end is taken
    away.
    """
    scheme, server, path = _parts(text.removesuffix("/"), "proxy", f"http://{text}")
    if path:
        raise InvalidSetting(
            f"The proxy has a path, so that it may be the URL of a setup script (PAC); write {scheme}://{server} alone."
        )
    if server.port is None:
        raise InvalidSetting(f"The proxy {shown(text)} needs a port, as in {scheme}://{server}:8080.")
    return f"{scheme}://{server}"


def parse_pac_url(text: str) -> str:
    """Check the URL of a setup script and return it; ``http`` and ``https`` alone are known. Raises InvalidSetting.

    WinHTTP loads a script by these two only (Microsoft's "WinHTTP AutoProxy Support"). A query is refused, since it
    may hold a secret, and no result could show it.
    """
    _scheme, _server, path = _parts(text, "URL of the setup script", "http://pac.example.com/proxy.pac")
    if not _PATH.fullmatch(path):
        raise InvalidSetting(
            "The URL of the setup script has a path with other characters than letters, digits and ._~-/, which "
            "cannot be part of it."
        )
    return text


def same_proxy_url(left: str, right: str) -> bool:
    """Whether two texts name the same proxy: protocol and host without regard to case, and a slash at the end."""
    return _meaning(left) == _meaning(right)


def _meaning(text: str) -> tuple[str, Server | str]:
    scheme, _separator, rest = text.partition("://")
    return scheme.lower(), server_meaning(rest.removesuffix("/"))


def _parts(text: str, what: str, right: str) -> tuple[str, Server, str]:
    refuse_unsafe(text, what, URL_LIMIT)
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() not in _SCHEMES:
        raise InvalidSetting(f"The {what} must begin with http:// or https://, as in {shown(right)}.")
    place, slash, path = rest.partition("/")
    return scheme, read_server(place, what), slash + path
