# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses that are asked: those of the service, and a user's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .._resources._resource import InvalidOption, Refused
from .._services._catalogue import probes, select, unprobed
from .._services._model import (
    REACHABLE,
    Choice,
    NoProbeError,
    Service,
    ServiceFileError,
    UnknownChoiceError,
)
from .._services._names import HIGHEST_PORT, is_port
from .._settings._errors import InvalidSetting
from .._settings._server import read_server
from ._request import Target

_URL_LIMIT = 2048
_CODES = range(100, 600)


@dataclass(frozen=True)
class Targets:
    """What is asked, in order and each address once, and the wildcards of the service that were left out."""

    asked: tuple[Target, ...]
    unprobed: tuple[str, ...] = ()


def targets_of(options: Mapping[str, Any]) -> Targets:
    """The targets for module options. Raises InvalidOption, and Refused where nothing is left to ask."""
    own = [_own(entry) for entry in options["urls"]]
    service, left_out = _of_service(options) if options["service_urls"] else ((), ())
    found: dict[str, Target] = {}
    for target in (*service, *own):
        found[target.url] = target
    for port in options["ports"]:
        if not is_port(port):
            raise InvalidOption("ports", f"{port} is no port; a port is a number from 1 to {HIGHEST_PORT}.")
    asked = tuple(t for t in found.values() if not options["ports"] or t.port in options["ports"])
    if not asked:
        raise Refused("There is no URL to ask: name some in urls, set service_urls to true, or ask for other ports.")
    return Targets(asked, left_out)


def _of_service(options: Mapping[str, Any]) -> tuple[tuple[Target, ...], tuple[str, ...]]:
    choice = Choice(
        generation=options["generation"],
        cloud=options["cloud"],
        regions=tuple(options["regions"]),
        windows_build=options["windows_build"],
        include_optional=options["include_optional"],
    )
    try:
        services = select(choice, [Path(name) for name in options["files"]])
        left_out = unprobed(services)
        if options["unprobed"] == "fail":
            probes(services)
    except UnknownChoiceError as error:
        raise Refused(str(error)) from None
    except ServiceFileError as error:
        raise InvalidOption("files", str(error)) from None
    except NoProbeError as error:
        raise Refused(f"{error} With unprobed: omit the others are asked, and these are listed.") from None
    kept = [service for service in services if service.host not in left_out]
    return tuple(_targets(kept)), left_out


def _targets(services: Iterable[Service]) -> Iterable[Target]:
    services = tuple(services)
    by_url = defaultdict[str, list[Service]](list)
    for service in services:
        for url in dict.fromkeys(probe.url for probe in service.probes):
            by_url[url].append(service)
    for probe in probes(services):
        having = by_url[probe.url]
        required = [service for service in having if service.required]
        yield Target(
            *(probe.url, probe.statuses, probe.html, bool(required), (required or having)[0].purpose),
            direct=any(service.direct for service in having),
        )


def _own(entry: Mapping[str, Any]) -> Target:
    url = entry["url"]
    _check_url(url)
    for code in entry["statuses"]:
        if code not in _CODES:
            raise InvalidOption("urls", f"{code} in statuses is no status code; one is a number from 100 to 599.")
    statuses = tuple(entry["statuses"]) or REACHABLE
    return Target(url, statuses, entry["html"], entry["required"], "Asked for by the user")


def _check_url(url: str) -> None:
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise InvalidOption("urls", "A URL has a user name or password, and none may be part of it.")
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > _URL_LIMIT:
        raise InvalidOption(
            "urls", f"A URL has blanks, control characters, more than {_URL_LIMIT} characters, or is not ASCII."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidOption("urls", f"{url} has no valid port or host.") from None
    if parts.scheme not in ("http", "https"):
        raise InvalidOption("urls", f"{url} must begin with http:// or https://.")
    if "*" in parts.netloc:
        raise InvalidOption("urls", f"{url} is a wildcard and no address; name a host below it that answers.")
    if port == 0 or parts.fragment:
        raise InvalidOption("urls", f"{url} has the port 0 or a fragment, which can't be asked for.")
    try:
        read_server(parts.netloc, "URL")
    except InvalidSetting as error:
        raise InvalidOption("urls", str(error)) from None
