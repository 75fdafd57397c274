# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inquiry of the module reachability: every URL on every path, in one remote call."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._credentials import shown_proxies, shown_words
from .._inquiry import Inquiry
from .._operator._meant import few
from .._resources._antivirus_proxy import ANTIVIRUS_QUERIES, Antivirus
from .._resources._datacollection_values import DataCollection
from .._resources._effective import effective
from .._resources._endpoint_info import OnboardedMachine
from .._resources._onboarding import Onboarding
from .._resources._resource import InvalidOption, Refused
from .._resources._state import State
from .._resources._winhttp_views import WinHttp
from .._settings._errors import InvalidSetting
from .._settings._server import parse_server
from .._windows._endpoint import Endpoint
from .._windows._registry import Reading
from .._windows._winhttp_errors import name_of, number_of
from . import _maps
from ._answer import Answer, NoAnswer, Row, read_answer
from ._auto import decided, is_auto, without_auto
from ._carrier import Carrier
from ._findings import DIRECT, findings
from ._request import PATHS, Request, Target, Way, ways_of
from ._targets import Targets, targets_of
from ._verdict import OK, SKIPPED, Verdict, judge

_ENGINES = {"auto": ("powershell", "wsh"), "powershell": ("powershell",), "wsh": ("wsh",)}
_LIMITS = {"timeout": 120, "deadline": 900, "parallel": 64}


@dataclass(frozen=True)
class _Asked:
    """What one remote call brought: the state of the endpoint, and the rows of the probe."""

    state: State
    answer: Answer


class Reachability(Inquiry):
    """Which addresses an endpoint reaches, on which path, and why not."""

    name = "reachability"

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        for name, limit in _LIMITS.items():
            if not 1 <= options[name] <= limit:
                raise InvalidOption(name, f"{options[name]} is not a number from 1 to {limit}.")
        paths = [_path(word) for word in options["paths"]]
        if not paths:
            raise InvalidOption("paths", "Name at least one path.")
        self._antivirus = _maps.PATH in paths
        self._ways = ways_of([path for path in paths if path != _maps.PATH])
        self._targets = targets_of(without_auto(options)) if self._ways else Targets(())

    @classmethod
    def complete(cls, arguments: Mapping[str, Any]) -> dict[str, Any]:
        urls = arguments.get("urls")
        if isinstance(urls, str):
            urls = [urls]
        if not isinstance(urls, list):
            return dict(arguments)
        return {**arguments, "urls": [{"url": url} if isinstance(url, str) else url for url in urls]}

    def ask(self, endpoint: Endpoint) -> dict[str, Any]:
        if self._ways and is_auto(self.options):
            return Reachability(decided(self.options, _state(endpoint))).ask(endpoint)
        found: list[dict[str, Any]] = []
        engine = None
        if self._ways:
            found, engine, state = self._probed(endpoint)
        if self._antivirus:
            state, row = self._asked_by_antivirus(endpoint)
            found.append(row)
        return {
            "onboarding": state.part(Onboarding).report(raw=False),
            "effective": effective(state).report(),
            "engine": engine,
            "run_as": self.options["run_as"],
            "rows": found,
            "summary": self._summary(found),
            "findings": list(findings(found, {target.url for target in self._targets.asked if target.direct})),
            "unprobed": list(self._targets.unprobed),
        }

    def _probed(self, endpoint: Endpoint) -> tuple[list[dict[str, Any]], str, State]:
        """The rows of the probe, what ran it, and the state of the endpoint."""
        asked = self._first_engine(endpoint, _ENGINES[self.options["engine"]])
        rows = list(asked.answer.rows)
        winner = effective(asked.state)
        if winner.method == "wpad" and "effective" in self._paths and self._is_system:
            rows = self._detected(endpoint, asked, rows)
        found = [self._report(row, asked, winner.method) for row in rows]
        return found, asked.answer.engine, asked.state

    def _asked_by_antivirus(self, endpoint: Endpoint) -> tuple[State, dict[str, Any]]:
        """The state of the endpoint, and the row of the antivirus' own test, in one remote call of its own."""
        machine = OnboardedMachine({})
        reading = Reading((*machine.queries(), *ANTIVIRUS_QUERIES))
        completed = endpoint.run([*reading.commands, *_maps.commands(self.options["deadline"])])
        read = len(reading.commands)
        registry = reading.parse(completed[:read])
        found = _maps.outcome(completed[read:])
        return machine.decode(registry, State()), _maps.row(found, Antivirus.decode(registry).effective())

    @property
    def _paths(self) -> tuple[str, ...]:
        return tuple(way.path for way in self._ways)

    def _first_engine(self, endpoint: Endpoint, engines: Sequence[str]) -> _Asked:
        said = {}
        for engine in engines:
            try:
                return self._ask(endpoint, engine, self._ways)
            except NoAnswer as error:
                said[engine] = str(error)
        heard = "; ".join(f"{engine} said: {text}" for engine, text in said.items())
        wanted = " With run_as: system it needs an administrator." if self.options["run_as"] == "system" else ""
        raise Refused(f"The probe could not run, so nothing is known about any URL.{wanted} {shown_words(heard)}")

    def _ask(self, endpoint: Endpoint, engine: str, ways: tuple[Way, ...]) -> _Asked:
        """One remote call: the state of the endpoint, and the probe. Raises NoAnswer."""
        machine = OnboardedMachine({})
        reading = Reading(machine.queries())
        carrier = Carrier(engine, self.options["run_as"], self.options["deadline"])
        request = Request(
            secrets.token_hex(8),
            self.options["timeout"] * 1000,
            self.options["deadline"] * 1000,
            self.options["parallel"],
            ways,
            tuple(target.url for target in self._targets.asked),
            tuple(place for place, target in enumerate(self._targets.asked) if target.direct),
        )
        completed = endpoint.run([*reading.commands, *carrier.commands(request.text())])
        registry = reading.parse(completed[: len(reading.commands)])
        printed, said = carrier.answer(completed[len(reading.commands) :])
        try:
            answer = read_answer(printed, request)
        except NoAnswer as error:
            raise NoAnswer(said or str(error)) from None
        return _Asked(machine.decode(registry, State()), answer)

    def _detected(self, endpoint: Endpoint, asked: _Asked, rows: list[Row]) -> list[Row]:
        """The rows with those of the effective path asked on the way that automatic detection gives."""
        column, width = self._paths.index("effective"), len(self._ways)
        detect = ways_of(["wpad"])
        if "wpad" in self._paths:
            found = rows[self._paths.index("wpad") :: width]
        else:
            try:
                found = list(self._ask(endpoint, asked.answer.engine, detect).answer.rows)
            except NoAnswer as error:
                heard = shown_words(str(error))
                raise Refused(f"The probe ran, and not a second time for automatic detection: {heard}") from None
        for url, row in enumerate(found):
            rows[url * width + column] = replace(row, way=column)
        return rows

    def _report(self, row: Row, asked: _Asked, method: str) -> dict[str, Any]:
        target, way = self._targets.asked[row.url], self._ways[row.way]
        via = _via(row, target, way, method, asked.state)
        verdict = judge(row, target, via)
        if way.path == "effective" and not target.direct and not self._path_known(asked, method):
            verdict, via = Verdict("path_unknown"), None
        number = number_of(row.error) or None
        return {
            "url": target.url,
            "host": target.host,
            "port": target.port,
            "path": way.path,
            "via": via,
            "verdict": verdict.verdict,
            "reason": verdict.reason,
            "answered_by": verdict.answered_by,
            "status": row.status or None,
            "error": number,
            "error_name": name_of(row.error) if number else None,
            "milliseconds": row.milliseconds,
            "required": target.required,
            "purpose": target.purpose,
            "advice": verdict.advice(target, via, self._is_system),
        }

    @property
    def _is_system(self) -> bool:
        return bool(self.options["run_as"] == "system")

    def _path_known(self, asked: _Asked, method: str) -> bool:
        """Whether the probe took the path that the state of the endpoint says is the sensor's.

        What detection gives to the user who connects says nothing about SYSTEM, who has settings of its own.
        """
        static = asked.state.part(DataCollection).proxy or ""
        known = method != "unknown" and (method != "wpad" or self._is_system)
        return known and static.strip() == asked.answer.static

    @staticmethod
    def _summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        verdicts = Counter(row["verdict"] for row in rows)
        needed = deciding(rows)
        reached = {row["url"] for row in needed if row["verdict"] == OK}
        return {
            "rows": len(rows),
            **{verdict: verdicts[verdict] for verdict in ("ok", "failed", "unknown", "skipped")},
            "reasons": dict(sorted(Counter(row["reason"] for row in rows).items())),
            "reachable": all(row["url"] in reached and row["verdict"] in (OK, SKIPPED) for row in needed),
        }


def _state(endpoint: Endpoint) -> State:
    """What has to be known before it is known what to ask, in a remote call of its own."""
    machine = OnboardedMachine({})
    reading = Reading(machine.queries())
    return machine.decode(reading.parse(endpoint.run(list(reading.commands))), State())


def deciding(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows that decide whether the service is reached.

    Asked beside others, the direct path is there for comparison. Where nothing that was asked is required, all of it
    is what was meant.
    """
    counted = [row for row in rows if row["path"] != DIRECT] or list(rows)
    return [row for row in counted if row["required"]] or counted


def missed(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows for which the service is not reached; one that was skipped only where nothing else went wrong."""
    bad = [row for row in deciding(rows) if row["verdict"] != OK]
    return [row for row in bad if row["verdict"] != SKIPPED] or bad


def not_reached(report: Mapping[str, Any]) -> str:
    """Why the service is not reached by a report, as a clause; empty where it is."""
    if report["summary"]["reachable"]:
        return ""
    reasons = sorted({f"{row['host']} {row['reason']}" for row in missed(report["rows"])})
    return f"the service is not reached: {few(reasons)}"


def _path(word: str) -> str:
    known = (*PATHS, _maps.PATH)
    if word in known:
        return word
    if ":" not in word:
        raise InvalidOption("paths", f"{word} is none of {', '.join(known)}, and no server as host:port.")
    try:
        return parse_server(word)
    except InvalidSetting as error:
        raise InvalidOption("paths", str(error)) from None


def _via(row: Row, target: Target, way: Way, method: str, state: State) -> str | None:
    """The proxy that a row went through, "direct", or None where it is not known."""
    if row.outcome in ("no_proxy", "not_supported", "not_tried"):
        return None
    if row.proxy:
        return shown_proxies(row.proxy)
    if target.direct or way.way in (DIRECT, "detect") or (way.path == "effective" and method == "wpad"):
        return DIRECT
    native = state.part(WinHttp).native
    if not native.readable:
        return None
    server = native.proxy.server_for(target.parts.scheme) if native.proxy else None
    return shown_proxies(server) if server and not native.bypass.covers(target.host) else DIRECT
