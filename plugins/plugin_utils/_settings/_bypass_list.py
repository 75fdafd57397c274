# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bypass list of WinHTTP and WinINet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ._errors import InvalidSetting, shown
from ._server import refuse_unsafe, split_port

# Microsoft documents 2,064 characters for WinINet's exception list and no limit for WinHTTP's; one list has
# to fit both, and the command line that carries it.
BYPASS_LIST_LIMIT = 2064
TOKENS = ("<local>", "<-loopback>")
_WHAT = "bypass list"
_STORED_SEPARATORS = re.compile(r"[;\s]+")
_USER_SEPARATORS = re.compile(r"[;,\s]+")
_NAME_PATTERN = re.compile(r"[A-Za-z0-9_*-]+(\.[A-Za-z0-9_*-]+)*")
_IPV6_PATTERN = re.compile(r"\[[0-9A-Fa-f:.*]+\]")


@dataclass(frozen=True, eq=False)
class BypassList:
    """The hosts that are reached without the proxy, in the order in which they are stored.

    An entry of ``entries`` is a host name or address, a pattern such as ``*.example.com``, or a token such
    as ``<local>`` (every name without a period: Microsoft's WINHTTP_PROXY_INFO page). Equality and hash go
    by the set of entries without regard to case; a missing or an extra entry counts.
    """

    entries: tuple[str, ...] = ()

    @classmethod
    def from_user(cls, value: str | Sequence[str]) -> BypassList:
        """Check what a user wrote: a string or a sequence of strings, split at ``;``, ``,`` and blanks.

        Empty and repeated entries are dropped, order and spelling are kept; nothing at all is an empty
        list. An entry is ``<local>``, ``<-loopback>``, or a host, pattern, IPv4 pattern such as ``10.*`` or
        IPv6 address in brackets, each with an optional port. Wildcards are taken in every place, since such
        lists are in use; ``unsupported`` names those that Windows does not promise to honour. The list
        joined by semicolons has at most 2,064 characters. Raises InvalidSetting.
        """
        if not isinstance(value, (str, Sequence)) or not all(isinstance(part, str) for part in value):
            raise InvalidSetting(f"The {_WHAT} must be a string or a list of strings.")
        parts = [value] if isinstance(value, str) else list(value)
        refuse_unsafe(";".join(parts), _WHAT, BYPASS_LIST_LIMIT, allowed="<>")
        found = cls(_distinct(entry for part in parts for entry in _USER_SEPARATORS.split(part)))
        for entry in found.entries:
            _check_entry(entry)
        return found

    @classmethod
    def parse(cls, text: str) -> BypassList:
        """Split a list as it is stored on an endpoint; any text will do.

        Windows separates entries at semicolons and white space (WINHTTP_PROXY_INFO), not at commas: ``a,b``
        on an endpoint is one entry that no host matches, and so differs from ``a;b``.
        """
        return cls(tuple(filter(None, _STORED_SEPARATORS.split(text))))

    @property
    def unsupported(self) -> tuple[str, ...]:
        """The entries that can be stored but that Windows does not promise to honour.

        A wildcard has to be the left-most character (Microsoft's ProxyCfg page), and ``<-loopback>`` belongs
        to WinINet: WinHTTP of Windows Server 2016 was seen to ignore it.
        """
        return tuple(entry for entry in self.entries if "*" in entry[1:] or entry.lower() == "<-loopback>")

    def covers(self, host: str) -> bool:
        """Whether a host is reached without the proxy.

        By name, by ``*.`` and a name, and by ``<local>``: what Wine's winhttp implements. That Windows knows no more
        is an inference.
        """
        host = host.lower()
        return any(
            entry == host
            or (entry.startswith("*") and host.endswith(entry[1:]))
            or (entry == "<local>" and "." not in host)
            for entry in map(str.lower, self.entries)
        )

    def __str__(self) -> str:
        return ";".join(self.entries)

    def __eq__(self, other: object) -> bool:
        return self._meaning() == other._meaning() if isinstance(other, BypassList) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._meaning())

    def _meaning(self) -> frozenset[str]:
        return frozenset(entry.lower() for entry in self.entries)


def _distinct(entries: Iterable[str]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for entry in entries:
        first.setdefault(entry.lower(), entry)
    first.pop("", None)
    return tuple(first.values())


def _check_entry(entry: str) -> None:
    if entry.lower() in TOKENS:
        return
    if f"<{entry.lower()}>" in TOKENS:
        raise InvalidSetting(
            f"The {_WHAT} has the entry {shown(entry)}, which is a word of Windows only in angle brackets, "
            f"so write <{entry.lower()}>."
        )
    if "<" in entry or ">" in entry:
        raise InvalidSetting(
            f"The {_WHAT} has the entry {shown(entry)}, and the only words in angle brackets are "
            f"{' and '.join(TOKENS)}."
        )
    if "/" in entry:
        raise InvalidSetting(
            f"The {_WHAT} has an entry with a slash, and Windows knows neither URLs nor "
            "network masks there, so write host names or patterns such as *.example.com."
        )
    host, _port = split_port(entry, _WHAT)
    if host.startswith("."):
        raise InvalidSetting(
            f"The {_WHAT} has the entry {shown(host)}, which must be written "
            f"with a wildcard as {shown('*' + host)}."
        )
    if not (_NAME_PATTERN.fullmatch(host) or _IPV6_PATTERN.fullmatch(host)):
        raise InvalidSetting(
            f"The {_WHAT} has the entry {shown(host)}, which is no host name, address or pattern."
        )
