# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What many rows say together: one cause for all of them, and where the sensor falls back in silence."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ._verdict import FAILED, OK, UNKNOWN

DIRECT = "direct"

# What to do where the advice of each row names its own host.
_TOGETHER = {
    "name_not_resolved": "nothing resolves: DNS does not know outside names here, or a proxy is missing.",
    "refused": "nothing lets these connections out: a firewall is between, or a proxy is missing.",
    "timeout": "nothing lets these connections out: a firewall is between, or a proxy is missing.",
    "proxy_denied": "allow them in the proxy {via}.",
    "proxy_auth_required": "exempt them from sign-in in the proxy {via}, since the sensor is anonymous.",
    "proxy_failed": "the proxy {via} could not reach them, so look into its log.",
    "proxy_certificate_required": "the proxy {via} asks for a certificate of the client, so exempt them.",
    "bad_header": "what answers by way of {via} sent a header that is none.",
    "protocol_mismatch": "another version of HTTP is needed: see what changes it on the way.",
    "tls_intercepted": "exempt them from TLS inspection, since their certificates are from an unknown authority.",
    "tls_failed": "check the clock, revocation lists, TLS versions and inspection.",
    "blocked_page": "a page came instead of the service, so exempt them from block and login pages.",
}


def findings(rows: Sequence[Mapping[str, Any]], asked_directly: Collection[str] = ()) -> Iterator[dict[str, Any]]:
    """The findings of the rows of a report: first one per cause that all rows of a way have in common.

    asked_directly are the URLs that were asked directly on every path, since no proxy can be used for them.
    """
    direct = {row["url"] for row in rows if row["path"] == DIRECT and row["verdict"] == OK}
    ways: dict[tuple[str, str | None], list[Mapping[str, Any]]] = {}
    for row in rows:
        ways.setdefault((row["path"], row["via"]), []).append(row)
    # Asked beside others, the direct path is there for comparison.
    compared = any(row["path"] != DIRECT for row in rows)
    for (path, _via), group in ways.items():
        if _is_one_cause(group) and not (path == DIRECT and compared):
            yield _one_cause(group, sum(row["url"] in direct for row in group))
    for row in rows:
        falls_back = row["url"] in direct and DIRECT not in (row["path"], row["via"]) and row["verdict"] == FAILED
        if falls_back and not _is_one_cause(ways[row["path"], row["via"]]):
            yield _only_direct(row)
    proxied = {path for path, via in ways if via not in (DIRECT, None)}
    past = {row["url"]: row for row in reversed(rows) if row["url"] in asked_directly and row["path"] in proxied}
    yield from map(_asked_directly, reversed(past.values()))


def _is_one_cause(group: Sequence[Mapping[str, Any]]) -> bool:
    return (
        len(group) > 1 and len({row["reason"] for row in group}) == 1 and group[0]["verdict"] in (FAILED, UNKNOWN)
    )


def _one_cause(group: Sequence[Mapping[str, Any]], reached_directly: int) -> dict[str, Any]:
    first = group[0]
    way = {DIRECT: "directly", None: f"on the path {first['path']}"}.get(first["via"], f"by way of {first['via']}")
    advice = first["advice"]
    if len({row["advice"] for row in group}) > 1:
        advice = _TOGETHER.get(first["reason"], f"for the first of them: {advice}").format(via=first["via"])
    text = f"None of {len(group)} URLs is reached {way}, for one cause ({first['reason']}): {advice}"
    if reached_directly and first["via"] != DIRECT:
        text += f" Directly, {reached_directly} of them are reached: the sensor falls back to that without a word."
    return {
        "url": None,
        "path": first["path"],
        "via": first["via"],
        "finding": "one_cause",
        "reason": first["reason"],
        "count": len(group),
        "text": text,
    }


def _only_direct(row: Mapping[str, Any]) -> dict[str, Any]:
    text = f"{row['host']} is reached directly, but not by way of {row['via'] or row['path']}"
    return {
        "url": row["url"],
        "path": row["path"],
        "via": row["via"],
        "finding": "only_direct",
        "reason": row["reason"],
        "count": 1,
        "text": f"{text}: the sensor falls back to the direct path without a word.",
    }


def _asked_directly(row: Mapping[str, Any]) -> dict[str, Any]:
    said = "was reached" if row["verdict"] == OK else f"was not reached ({row['reason']})"
    return {
        "url": row["url"],
        "path": row["path"],
        "via": row["via"],
        "finding": "asked_directly",
        "reason": row["reason"],
        "count": 1,
        "text": f"{row['host']} can't be used through a proxy, so it was asked directly, and {said}: let it past the "
        "proxy.",
    }
