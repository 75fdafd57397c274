# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy list of WinHTTP and WinINet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ._errors import InvalidSetting, shown
from ._server import SCHEME_WORD, Server, read_server, refuse_unsafe, refuse_url, server_meaning

PROXY_LIST_LIMIT = 2048
SCHEMES = ("http", "https", "ftp", "socks")
# The key of an item without scheme, which serves every protocol that no other item names.
_ANY = ""
_WHAT = "proxy list"
_SEPARATORS = re.compile(r"[;\s]+")
_SCHEME_ITEM = re.compile(r"([^=]+)=(.*)")
_PLAIN_HTTP = re.compile(r"http://(.*?)/?", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class ProxyList:
    """A proxy list as it is stored: ``text`` may be anything that was found on an endpoint.

    The grammar is that of Microsoft's WINHTTP_PROXY_INFO page: items ``[scheme=][scheme://]server[:port]``
    between semicolons or white space. Equality and hash go by meaning: separators, the case of schemes and
    hosts, an ``http://`` prefix, repeated items, and the order of items of different schemes do not count.
    The order within one scheme counts, because only the first proxy is tried; so does a port that is left
    out, because its default depends on the protocol.
    """

    text: str

    @classmethod
    def from_user(cls, value: str | Mapping[str, str | None]) -> ProxyList:
        """Check what a user wrote and return it in the form that netsh is given.

        ``value`` is a string of at most 2,048 characters in the grammar above, or a mapping of http, https,
        ftp and socks to ``host[:port]``, where None counts as not given. The text of the result is
        ``host[:port]``, or the items in the order http, https, ftp, socks, and the bare one last, joined by
        semicolons. The spelling of hosts is kept. ``http://`` before a server is dropped; another scheme
        there is refused, because nobody documents that https:// would encrypt the way to the proxy.
        The bare item beside scheme items is from Microsoft's ProxyCfg page. Raises InvalidSetting.
        """
        servers = _read_items(_items(value))
        if not servers:
            raise InvalidSetting(f"The {_WHAT} is empty, and only state: absent removes a proxy.")
        text = ";".join(
            f"{scheme}={servers[scheme]}" if scheme else str(servers[scheme])
            for scheme in (*SCHEMES, _ANY)
            if scheme in servers
        )
        # A mapping can be longer in this form than any of its values.
        refuse_unsafe(text, _WHAT, PROXY_LIST_LIMIT)
        return cls(text)

    def __str__(self) -> str:
        return self.text

    def server_for(self, scheme: str) -> str | None:
        """The first server for a scheme (http or https), else the first bare one, without ``http://`` before it.

        Only the first one is tried (Microsoft's WinHTTP pages), and a bare one serves the schemes that have none of
        their own (its ProxyCfg page). None where the list has neither.
        """
        items = [_split_scheme(item) for item in filter(None, _SEPARATORS.split(self.text))]
        for wanted in (scheme, _ANY):
            for written, server in items:
                if written.lower() == wanted:
                    return _without_http(server)
        return None

    @property
    def without_port(self) -> tuple[str, ...]:
        """The servers that have no port, of a list that a user wrote."""
        servers = (_split_scheme(item)[1] for item in self.text.split(";"))
        return tuple(server for server in servers if ":" not in server.rpartition("]")[2])

    def __eq__(self, other: object) -> bool:
        return self._meaning() == other._meaning() if isinstance(other, ProxyList) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._meaning())

    def _meaning(self) -> frozenset[tuple[str, tuple[Server | str, ...]]]:
        found: dict[str, dict[Server | str, None]] = {}
        for item in filter(None, _SEPARATORS.split(self.text)):
            scheme, server = _split_scheme(item)
            server = _without_http(server)
            found.setdefault(scheme.lower(), {})[server_meaning(server)] = None
        return frozenset((scheme, tuple(servers)) for scheme, servers in found.items())


def _items(value: str | Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    """Yield scheme (empty for a bare item) and server of each item, checked for unsafe characters only."""
    if isinstance(value, str):
        refuse_unsafe(value, _WHAT, PROXY_LIST_LIMIT)
        for item in filter(None, _SEPARATORS.split(value)):
            yield _split_scheme(item)
        return
    if not isinstance(value, Mapping):
        raise InvalidSetting(f"The {_WHAT} must be a string or a dictionary of schemes.")
    for scheme, server in value.items():
        if server is None:
            continue
        if not isinstance(server, str) or not scheme:
            raise InvalidSetting(f"The {_WHAT} must give a string for each of {', '.join(SCHEMES)}.")
        refuse_unsafe(server, _WHAT, PROXY_LIST_LIMIT)
        yield str(scheme), server


def _read_items(items: Iterable[tuple[str, str]]) -> dict[str, Server]:
    servers: dict[str, Server] = {}
    for written, text in items:
        scheme = written.lower()
        if scheme not in (*SCHEMES, _ANY):
            named = f"the scheme {shown(written)}" if SCHEME_WORD.fullmatch(written) else "a scheme (not shown)"
            raise InvalidSetting(f"The {_WHAT} has {named}, which is none of {', '.join(SCHEMES)}.")
        if scheme in servers:
            which = f"for {scheme}" if scheme else "without a scheme"
            raise InvalidSetting(f"The {_WHAT} has two items {which}, and Windows would only try the first.")
        if "," in text:
            raise InvalidSetting(f"The {_WHAT} has a comma, but semicolons or blanks separate its items.")
        server = _without_http(text)
        if "/" in server:
            refuse_url(text, _WHAT)
        servers[scheme] = read_server(server, _WHAT)
    return servers


def _split_scheme(item: str) -> tuple[str, str]:
    match = _SCHEME_ITEM.fullmatch(item)
    return (match[1], match[2]) if match else (_ANY, item)


def _without_http(server: str) -> str:
    match = _PLAIN_HTTP.fullmatch(server)
    return match[1] if match else server
