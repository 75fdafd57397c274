# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of a made-up rollout, as many as a test wants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import Record

DIGEST = "9f2c41d0a7b85e63" * 4
PROXY = "proxy.example.com:8080"
URLS = [f"https://{name}" for name in (
    "winatp-gw-neu.example.com/commands/test", "winatp-gw-weu.example.com/commands/test",
    "eu.vortex-win.example.com/", "eu-v20.events.example.com/", "events.example.com/", "ctldl.example.com/",
    "crl.example.com/pki/crl/", "www.example.com/pkiops/", "automatedirstrprdweu.blob.example.com/",
    "automatedirstrprdneu.blob.example.com/", "unitedstates.x.cp.example.com/", "europe.x.cp.example.com/",
    "wdcp.example.com/", "wdcpalt.example.com/", "go.example.com/", "definitionupdates.example.com/",
    "download.example.com/", "winatpmanagement.example.com/", "settings-win.data.example.com/",
    "login.example.com/",
)]  # fmt: skip
PATHS = ("effective", "static")
REASONS = ("proxy_denied", "timeout", "tls_intercepted", "name_not_resolved")


def state(method: str, proxy: str | None, number: int) -> dict[str, Any]:
    native = {"direct": proxy is None, "proxy": proxy, "bypass": ["<local>", "*.corp.example.com"] if proxy else []}
    return {
        "winhttp": {"native": native, "wow64": native},
        "datacollection": {"telemetry_proxy_server": proxy, "disable_enterprise_auth_proxy": bool(proxy)},
        "wininet": {"system": {"auto_detect": proxy is None, "proxy": None, "counter": number % 7, "bypass": []}},
        "sensor": {"onboarded": True, "service_start": "auto"},
        "effective": {"method": method, "proxy": proxy, "set_by": "the policy value TelemetryProxyServer", "why": ""},
    }


def row(url: str, path: str, verdict: str, reason: str, milliseconds: int) -> dict[str, Any]:
    """A row of a probe, in the shape of the module reachability."""
    ok = verdict == "ok"
    return {
        "url": url, "host": url.split("/")[2], "port": 443, "path": path, "via": PROXY, "verdict": verdict,
        "reason": reason, "answered_by": "origin" if ok else "proxy", "status": 200 if ok else 403, "error": None,
        "error_name": None, "milliseconds": milliseconds, "required": "download" not in url, "purpose": "Sensor",
        "advice": "" if ok else "Let the proxy pass this host to the endpoint's network.",
    }  # fmt: skip


def rows(number: int, bad: int) -> list[dict[str, Any]]:
    """Forty rows, of which every host with a bad number has some that failed."""
    found = []
    for index, url in enumerate(URLS):
        for path in PATHS:
            failed = bad not in {0, 5} and (index + bad) % 9 == 0 and (path == "static" or bad % 2)
            verdict, reason = ("failed", REASONS[bad % len(REASONS)]) if failed else ("ok", "ok")
            if path == "static" and bad == 5:
                verdict, reason = "skipped", "no_such_proxy"
            if bad == 4 and index > 14:
                verdict, reason = "unknown", "not_tried"
            found.append(row(url, path, verdict, reason, 20 + (number * 37 + index * 11) % 400))
    return found


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """What the module counts."""
    counts = {name: sum(r["verdict"] == name for r in found) for name in ("ok", "failed", "unknown", "skipped")}
    reasons: dict[str, int] = {}
    for entry in found:
        reasons[entry["reason"]] = reasons.get(entry["reason"], 0) + 1
    return {"rows": len(found), **counts, "reasons": reasons, "reachable": not counts["failed"] + counts["unknown"]}


def record(number: int, hosts: int) -> Record:
    """One host of the fleet; about one in fifty is not ok."""
    bad = 1 + number // 50 % 5 if number % 50 == 17 else 0
    batch = 1 if number == 0 else 2 if number <= hosts // 10 else 3
    verdict = {0: "ok", 1: "failed", 2: "rolled_back", 3: "rolled_back", 4: "unverified", 5: "ok"}[bad]
    reason = {
        "ok": "",
        "failed": "The endpoint is unreachable, and nothing was written: timed out while connecting to port 5986",
        "rolled_back": "2 service URLs that are required were not reached; the old settings are in place again.",
        "unverified": "The connection was lost between the write and the read-back.",
    }[verdict]
    unreached = verdict == "failed"
    found = [] if unreached else rows(number, bad)
    minute, second = divmod(number * 2, 60)
    before = {} if unreached else state("direct", None, number)
    after = {} if unreached else before if verdict == "rolled_back" else state("static", PROXY, number)
    return Record(
        host=f"win-{number + 1:04}.corp.example.com", run="20260131T120000Z-5f1c0a7e", who="alice",
        started=f"2026-01-31T{12 + minute // 60}:{minute % 60:02}:{second:02}Z", batch=batch, change="CHG0001",
        plan_digest=DIGEST, finished=f"2026-01-31T{12 + minute // 60}:{minute % 60:02}:59Z", state="done",
        verdict=verdict, reason=reason, changed=not unreached, before=before, planned=after, observed=after,
        commands=() if unreached else (
            r'reg add "HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection" /v "TelemetryProxyServer" /t REG_SZ '
            f'/d "{PROXY}" /f /reg:64',
            f'netsh winhttp set proxy proxy-server="{PROXY}" bypass-list="<local>;*.corp.example.com"',
        ),
        snapshot=() if unreached else (
            {"key": r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection", "name": "TelemetryProxyServer",
             "view": 64, "absent": True},
        ),
        warnings=("The sensor is onboarded: restart the endpoint for the static proxy to take effect.",) if bad else (),
        reachability=None if unreached else {
            "effective": after["effective"], "rows": found, "summary": summary(found), "findings": [],
        },
        history=(
            {"time": "2026-01-31T12:00:01Z", "event": "write", "text": "The settings were written and read back."},
            {"time": "2026-01-31T12:00:09Z", "event": "verdict", "text": reason or "The verdict is ok."},
        ),
    )  # fmt: skip


def fleet(hosts: int) -> Iterator[Record]:
    """A whole rollout."""
    for number in range(hosts):
        yield record(number, hosts)
