# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a verifier says about one URL, to which region it belongs, and what all of it adds up to."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from .._credentials import shown_proxies, shown_url
from .._resources._resource import Refused
from .._services._catalogue import built_in
from .._services._model import REGIONS
from .._services._names import covers

Verdict = Literal["ok", "failed", "unknown"]

# Hosts that no list names still carry the region as a label of their own.
_LABELLED = re.compile(
    r"([a-z]+)\d?(?:-v20\.events|\.vortex-win)\.data\.microsoft\.com"
    r"|([a-z]+)\d?-v20\.events\.endpoint\.security\.microsoft\.(?:com|us)"
    r"|[^/]+\.([a-z]+)\.endpoint\.security\.microsoft\.(?:com|us)"
)
# What a label says where it is not the region itself: India, and two clouds of the United States Government.
_LABELS = {**{region: region for region in REGIONS}, "ina": "in", "usg": "us", "usm": "us"}


# The service has about 100 URLs; each row is compared with all of them.
MOST_URLS = 1000


class Unreadable(Refused):
    """What a verifier left behind or printed can't be read as a report."""


@dataclass(frozen=True)
class Method:
    """One way to a URL that the analyzer tried; code is None where it printed none."""

    method: str
    proxy: str
    result: Literal["succeeded", "failed", "absent", "other"]
    code: int | None

    def report(self) -> dict[str, Any]:
        return {"method": self.method, "proxy": self.proxy, "result": self.result, "code": self.code}


@dataclass(frozen=True)
class Row:
    """One URL. resolved and listening are None where the report does not say; said is its own words."""

    url: str
    verdict: Verdict
    resolved: bool | None = None
    listening: bool | None = None
    methods: tuple[Method, ...] = ()
    said: str = ""

    def report(self, regions: Sequence[str]) -> dict[str, Any]:
        """The row as a result shows it; with regions, those of any other known region are ignored."""
        region = region_of(self.url)
        return {
            "url": shown_url(self.url) if "://" in self.url else shown_proxies(self.url),
            "region": region,
            "ignored": bool(regions) and region is not None and region not in regions,
            "verdict": self.verdict,
            "resolved": self.resolved,
            "listening": self.listening,
            "methods": [method.report() for method in self.methods],
            "said": self.said,
        }


def check_count(count: int) -> None:
    """Raise Unreadable for more URLs than any report has."""
    if count > MOST_URLS:
        raise Unreadable(f"The report has {count} URLs, and no more than {MOST_URLS} are expected, so it was not read.")


def summary(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """How many reported rows there are of each verdict; ignored ones count as nothing else."""
    rows = list(rows)
    counted = [row["verdict"] for row in rows if not row["ignored"]]
    return {
        "rows": len(rows),
        **{verdict: counted.count(verdict) for verdict in ("ok", "failed", "unknown")},
        "ignored": len(rows) - len(counted),
        "reachable": bool(counted) and set(counted) == {"ok"},
    }


@functools.cache
def _regions() -> dict[str, frozenset[str | None]]:
    """The regions of every host that the lists of the collection name; None stands for all of them."""
    found: dict[str, set[str | None]] = {}
    for service in (service for file in built_in() for service in file.services):
        hosts = {service.host, *(urlsplit(probe.url).hostname or "" for probe in service.probes)}
        for host in hosts:
            found.setdefault(host, set()).update(service.regions or (None,))
    return {host: frozenset(regions) for host, regions in found.items()}


def region_of(url: str) -> str | None:
    """The region that a URL serves; None where it serves more than one, or is not known."""
    try:
        host = urlsplit(url if "://" in url else f"//{url}").hostname or ""
    except ValueError:
        return None
    labelled = _LABELLED.fullmatch(host)
    if labelled and (label := next(filter(None, labelled.groups()))) in _LABELS:
        return _LABELS[label]
    named = _regions().get(host)
    if named is None:
        wildcards = [regions for wildcard, regions in _regions().items() if covers(wildcard, host)]
        named = frozenset().union(*wildcards)
    return next(iter(named)) if len(named) == 1 else None
