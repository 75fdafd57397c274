# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What endpoints held at which time, seen behind the back of everything, and what the evidence says of them."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windows_lab.backend import Completed
from windows_lab.profiles import Profile
from windows_lab.simulated.endpoint import SimulatedEndpoint

from tests.integration.site import CONNECTIONS, DATA_COLLECTION, unpack_winhttp

# What the change is about: WinHTTP of 64-bit and of 32-bit programs, the static proxy.
PLACES = (
    (CONNECTIONS, "WinHttpSettings", 64),
    (CONNECTIONS, "WinHttpSettings", 32),
    (DATA_COLLECTION, "TelemetryProxyServer", 64),
    (DATA_COLLECTION, "DisableEnterpriseAuthProxy", 64),
)
# What is put where, by the number of its place.
Values = dict[int, tuple[str, bytes] | None]
State = tuple[tuple[str, bytes] | None, ...]
_NAMES = ("WinHTTP proxy of 64-bit programs", "WinHTTP proxy of 32-bit programs", "static proxy", "proxy that wins")


@dataclass(frozen=True)
class Held:
    """What an endpoint held from a time on; theirs says that no command that it was sent had brought it about."""

    since: float
    state: State
    theirs: bool


class Watched(SimulatedEndpoint):
    """An endpoint that keeps all that it ever held, and on which somebody else may work at the same time."""

    def __init__(self, name: str, profile: Profile) -> None:
        super().__init__(name, profile)
        self.past: list[Held] = []
        self._intrusion: tuple[int, Callable[[], object]] | None = None
        self._note(theirs=True)

    @property
    def state(self) -> State:
        return tuple(self.value(*place) for place in PLACES)

    def run(self, line: str, stdin: bytes = b"") -> Completed:
        with self._lock:
            self._machine.enforce_policy()
            self._intrude()
            self._note(theirs=True)
            done = super().run(line, stdin)
            self._note(theirs=False)
        return done

    def pass_minutes(self, minutes: int) -> None:
        with self._lock:
            super().pass_minutes(minutes)
            self._note(theirs=True)

    def change(self, values: Values) -> None:
        """Somebody else puts values in places."""
        with self._lock:
            for number, value in values.items():
                key, name, view = PLACES[number]
                if value is None:
                    self.delete_value(key, name, view)
                else:
                    self.set_value(key, name, *value, view)
            self._note(theirs=True)

    def intrude(self, before: int, what: Callable[[], object] | None) -> None:
        """Let something happen before one of the next commands, counted from 1; None: nothing."""
        self._intrusion = (before, what) if what else None

    def _intrude(self) -> None:
        if self._intrusion:
            left, what = self._intrusion
            self._intrusion = (left - 1, what) if left > 1 else None
            if left == 1:
                what()

    def _note(self, theirs: bool) -> None:
        if not self.past or self.past[-1].state != self.state:
            self.past.append(Held(time.time(), self.state, theirs))

    def settled(self, since: float, until: float) -> list[State]:
        """What it held at some moment of a time when no more came of us before others, or now."""
        ends = [*self.past[1:], None]
        return [
            held.state
            for held, end in zip(self.past, ends, strict=True)
            if held.since < until and (end is None or (end.theirs and end.since > since))
        ]


@dataclass(frozen=True)
class Said:
    """What the evidence says of an endpoint; now is empty, and proxy unknown, where nobody knows."""

    verdict: str
    changed: bool
    now: tuple[tuple[str, str], ...]
    proxy: tuple[str, str]


def words(state: State) -> tuple[tuple[tuple[str, str], ...], tuple[str, str]]:
    """A state as the page says it, in part, and as the table does."""
    native, wow = (_winhttp(state[view]) for view in (0, 1))
    static = state[2][1].decode("utf-16-le").rstrip("\0") if state[2] else ""
    wins = ("static", static) if static else ("winhttp", native) if native else ("wpad", "")
    shown = {"static": f"static {static}", "winhttp": f"WinHTTP {native}", "wpad": "WPAD"}[wins[0]]
    return tuple(zip(_NAMES, (native or "none", wow or "none", static or "not set", shown), strict=True)), wins


def _winhttp(value: tuple[str, bytes] | None) -> str:
    return unpack_winhttp(value[1])[1] if value else ""


def evidence(directory: Path) -> dict[str, Said]:
    """What the page says of each endpoint; summary and table say the same."""
    page = _page(directory / "index.html")
    with (directory / "summary.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["host"]: row for row in csv.DictReader(file)}
    summary = json.loads((directory / "summary.json").read_text(encoding="utf-8"))
    lines = {line["host"]: line for line in summary["lines"]}
    found = {}
    for host in page["hosts"]:
        said, name = _said(page, host, rows[host[0]]), host[0]
        row, line = rows[name], lines[name]
        told = (line["verdict"] or "open", line["changed"], line["method_now"], line["proxy_now"])
        assert told == (said.verdict, said.changed, *said.proxy), f"{name}: {told}, and on the page {said}"
        assert (row["verdict"] or "open", row["changed"] == "yes") == told[:2], name
        found[name] = said
    assert found.keys() == rows.keys() == lines.keys()
    for verdict, count in summary["verdicts"].items():
        assert count == sum(said.verdict == verdict for said in found.values())
    return found


def _page(path: Path) -> dict[str, Any]:
    html = path.read_text(encoding="utf-8")
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    return dict(json.loads(text))


def _said(page: dict[str, Any], host: list[Any], row: dict[str, str]) -> Said:
    flat = [page["words"][number] for number in page["lists"][host[10]]]
    now = dict(zip(flat[::2], flat[1::2], strict=True))
    assert page["words"][host[12]] == now.get("proxy that wins", "unknown"), host[0]
    # An endpoint that nobody knows anything of has no settings at all on the page.
    kept = tuple((name, now.get(name, "missing")) for name in _NAMES) if now else ()
    return Said(page["statuses"][host[2]], bool(host[4]), kept, (row["method_now"], row["proxy_now"]))
