# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service URLs in the languages of proxies: squid, lists, a Palo Alto external dynamic list, a PAC file.

And those to exempt from TLS inspection, with those that must not be."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from ._model import InvalidRowError
from ._names import HIGHEST_PORT, covers, is_day, is_host, is_path, is_port, is_sentence

_MADE = "Service URLs of Microsoft Defender for Endpoint, made by mde.connectivity."
# The networks that nobody but their owner uses (RFC 1918, RFC 4193, and link-local addresses).
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10")
_COLUMNS = ("host", "port", "path", "purpose", "required", "unconfirmed", "source", "as_of")
# What a PAC file may return: one way or several, each with its server.
_WAY = r"(DIRECT|(PROXY|HTTP|HTTPS|SOCKS) [A-Za-z0-9.-]+:[0-9]{1,5})"
_VIA = re.compile(rf"{_WAY}(; ?{_WAY})*")
_HTTP = 80
_WHY_EXEMPT = (
    "Exempt these from TLS inspection: Defender for Endpoint pins certificates and does not support it, and who has",
    "decrypted this traffic breaks it. What they are for stands above them.",
)
_INSTEAD = (
    "The single names of the list are exempt instead; those that the Microsoft Monitoring Agent uses are named by its "
    "TestCloudConnection.exe."
)
# Microsoft's page configure-environment says not to exclude this name, but the single ones of the list.
_ANYBODY_S = {
    "*.blob.core.windows.net": "anybody can have a name below it",
    "*.blob.core.usgovcloudapi.net": "other customers have names below it too",
}


@dataclass(frozen=True)
class Row:
    """One row of the lookup, as far as a proxy needs it; ``path`` None stands for the whole host."""

    host: str
    port: int
    path: str | None = None
    purpose: str = ""
    required: bool = True
    unconfirmed: str | None = None
    source: tuple[str, ...] = ()
    as_of: str | None = None

    def __post_init__(self) -> None:
        checks = (
            ("host", self.host, is_host(self.host)),
            ("port", self.port, is_port(self.port)),
            ("path", self.path, self.path is None or is_path(self.path)),
            ("purpose", self.purpose, self.purpose == "" or is_sentence(self.purpose)),
            ("required", self.required, isinstance(self.required, bool)),
            ("unconfirmed", self.unconfirmed, self.unconfirmed is None or is_sentence(self.unconfirmed)),
            ("source", self.source, isinstance(self.source, list | tuple) and all(map(is_sentence, self.source))),
            ("as_of", self.as_of, self.as_of is None or is_day(self.as_of)),
        )
        for name, value, good in checks:
            if not good:
                raise InvalidRowError(f"A row of service URLs has the {name} {value!r}, which cannot be one.")


@dataclass(frozen=True)
class Settings:
    """What a format asks for besides the rows.

    ``clients`` are the networks that squid serves, ``listen`` is the port at which it listens (None: said
    elsewhere), and ``via`` is what a PAC file returns for a service URL.
    """

    clients: tuple[str, ...] = PRIVATE
    listen: int | None = None
    via: str = "DIRECT"

    def __post_init__(self) -> None:
        if not self.clients:
            raise InvalidRowError("The list of networks that squid serves is empty, so nobody could use it.")
        for client in self.clients:
            _check_network(client)
        if self.listen is not None and not is_port(self.listen):
            raise InvalidRowError(
                f"{self.listen!r} is not a port from 1 to {HIGHEST_PORT} for squid to listen at."
            )
        if not _VIA.fullmatch(self.via):
            wanted = "'DIRECT' or 'PROXY proxy.example.com:8080'"
            raise InvalidRowError(f"{self.via!r} is nothing that a PAC file can return, such as {wanted}.")


def _check_network(client: object) -> None:
    try:
        # An integer would be taken for an address.
        ip_network(client if isinstance(client, str) else "")
    except ValueError:
        raise InvalidRowError(
            f"{client!r} is not a network such as '10.0.0.0/8' that squid could serve."
        ) from None


def _from_the_end(host: str) -> list[str]:
    return host.split(".")[::-1]


def _names(rows: Iterable[Row]) -> list[str]:
    """Return the hosts of rows, each once, sorted from the last label on so that a domain stays together."""
    return sorted({row.host for row in rows}, key=_from_the_end)


def _outermost(names: Sequence[str]) -> list[str]:
    """Return names without those that a wildcard among them stands for."""
    return [name for name in names if not any(covers(other, name) for other in names)]


def plain(rows: Sequence[Row], _settings: Settings) -> str:
    """Return one host per line."""
    return "".join(f"{name}\n" for name in _names(rows))


def table(rows: Sequence[Row], _settings: Settings) -> str:
    """Return a table of comma-separated values with a head."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        required = "yes" if row.required else "no"
        about = (row.unconfirmed or "", "; ".join(row.source), row.as_of or "")
        writer.writerow((row.host, row.port, row.path or "", row.purpose, required, *about))
    return text.getvalue()


def edl(rows: Sequence[Row], _settings: Settings) -> str:
    """Return a URL list for a Palo Alto firewall, each entry closed by a slash.

    Without the slash an entry would also match longer names that begin with it. What goes over port 443
    is known to the firewall by its name alone, so a path counts at port 80 only.
    """
    paths = {(row.host, row.path if row.path and row.port == _HTTP else "/") for row in rows}
    ordered = sorted(paths, key=lambda entry: (_from_the_end(entry[0]), entry[1]))
    return "".join(f"{host}{path}\n" for host, path in ordered)


def _squid_names(hosts: Iterable[str]) -> list[str]:
    """Return domains as squid takes them: it refuses a name beside a leading dot that stands for it as well."""
    hosts = set(hosts)
    apart = {host for host in hosts if f"*.{host}" not in hosts}
    return [host.removeprefix("*") for host in _outermost(sorted(apart, key=_from_the_end))]


def _squid_url(row: Row) -> str:
    below = r"[^/:@]+\." if row.host.startswith("*.") else ""
    # Of the characters that a host and a path may have, the dot alone means something in a pattern.
    host, path = (text.replace(".", r"\.") for text in (row.host.removeprefix("*."), row.path or "/"))
    return f"^http://{below}{host}(:80)?{path}"


def _squid_port(port: int, rows: Sequence[Row]) -> list[str]:
    """Return the rules for one port: plain HTTP at port 80, a tunnel at every other."""
    method = f"{'!' if port == _HTTP else ''}mde_tunnel"
    allow = f"http_access allow {method} mde_port_{port}"
    lines = [f"acl mde_port_{port} port {port}"]
    whole = _squid_names(row.host for row in rows if row.path is None or port != _HTTP)
    parts = [row for row in rows if row.path is not None and port == _HTTP]
    # Without -n squid would ask DNS for the name of an address that a client asks for.
    lines += [f"acl mde_hosts_{port} dstdomain -n {name}" for name in whole]
    lines += [f"{allow} mde_hosts_{port}"] if whole else []
    urls = sorted({_squid_url(row) for row in parts})
    lines += [f"acl mde_urls_{port} url_regex {url}" for url in urls]
    lines += [f"{allow} mde_urls_{port}"] if urls else []
    return ["", *lines]


def squid(rows: Sequence[Row], settings: Settings) -> str:
    """Return rules for squid that allow these hosts, to everybody in the clients' networks, and deny the rest.

    A wildcard becomes a name with a leading dot, which for squid stands for the name itself as well.
    """
    lines = [
        f"# {_MADE}",
        "# Nobody is asked for a name or password, and what is not allowed here is denied: put no rule after it.",
    ]
    lines += [f"http_port {settings.listen}"] if settings.listen is not None else []
    lines += [f"acl mde_clients src {client}" for client in settings.clients]
    lines += ["acl mde_tunnel method CONNECT", "http_access deny !mde_clients"]
    for port in sorted({row.port for row in rows}):
        lines += _squid_port(port, [row for row in rows if row.port == port])
    return "\n".join([*lines, "", "http_access deny all", ""])


def pac(rows: Sequence[Row], settings: Settings) -> str:
    """Return a function for a PAC file, in the old JavaScript that WinHTTP understands."""
    names = _outermost(_names(rows))
    tests = [
        f'dnsDomainIs(host, "{name[1:]}")' if name.startswith("*.") else f'host == "{name}"' for name in names
    ]
    condition = " ||\n      ".join(tests) or "false"
    return f"""// {_MADE}
// Put this first into FindProxyForURL(url, host):
//   var mde = mdeServiceUrl(host); if (mde) {{ return mde; }}
function mdeServiceUrl(host) {{
  host = host.toLowerCase();
  if ({condition}) {{
    return "{settings.via}";
  }}
  return null;
}}
"""


def tls_exempt(rows: Sequence[Row], _settings: Settings) -> str:
    """Return one host per line below what it is for, with comments on those that must not be exempt.

    What is asked over port 80 alone has no TLS and is left out.
    """
    encrypted = {row.host: row for row in reversed(rows) if row.port != _HTTP}
    lines = [f"# {_MADE}", *(f"# {line}" for line in _WHY_EXEMPT)]
    exempt = [row for row in encrypted.values() if row.host not in _ANYBODY_S]
    for purpose in sorted({row.purpose for row in exempt}):
        hosts = sorted((row.host for row in exempt if row.purpose == purpose), key=_from_the_end)
        lines += ["", f"# {purpose or 'No purpose is said.'}", *hosts]
    return "\n".join([*lines, *_not_exempt(encrypted), ""])


def _not_exempt(hosts: Iterable[str]) -> list[str]:
    shared = sorted(set(hosts) & set(_ANYBODY_S))
    lines = [f"# Do not exempt {host}: {_ANYBODY_S[host]}. {_INSTEAD}" for host in shared]
    return ["", *lines] if lines else []


FORMATS: dict[str, Callable[[Sequence[Row], Settings], str]] = {
    "squid": squid,
    "plain": plain,
    "csv": table,
    "palo_alto": edl,
    "pac": pac,
    "tls_exempt": tls_exempt,
}
