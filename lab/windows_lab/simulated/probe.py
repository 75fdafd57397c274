# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the reachability probe prints on a simulated endpoint: both its programs, with real I/O on loopback."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from windows_lab.simulated.blobs import WinHttp
from windows_lab.simulated.machine import Machine
from windows_lab.simulated.probe_request import Request, Way
from windows_lab.simulated.winhttp import Client, Url
from windows_lab.simulated.winhttp_errors import (
    SECURE_CHANNEL_ERROR,
    SECURE_FAILURE,
    DeadlinePassed,
    Limits,
    WinHttpError,
)
from windows_lab.simulated.winhttp_proxy import preconfig, telemetry_proxy

ENGINES = ("powershell", "wsh")
_HEADERS = ("via", "server", "x-squid-error", "proxy-authenticate", "content-type", "location")
_LONGEST_HEADER = 200
_LONGEST_SERVER = 262
_NOT_PRINTABLE = re.compile(r"[^ -~]")


def answer(machine: Machine, request: str, engine: str, system: bool) -> str:
    """The line that `engine` ("powershell" or "wsh") prints for the JSON text `request`. Raises BadRequest."""
    # WinHTTP's settings and TelemetryProxyServer belong to the machine: LocalSystem reads the same ones.
    del system
    if engine not in ENGINES:
        raise ValueError(f"the probe has no program for {engine}")
    asked = Request.parse(request)
    found: dict[str, Any] = {"format": 1, "token": asked.token, "engine": engine, "error": ""}
    if engine == "powershell" and machine.profile.language == "constrained":
        return json.dumps({**found, "error": "constrained language", "static": "", "rows": []})
    run = _Run.begin(machine, asked, engine)
    jobs = [(url, way) for url in range(len(asked.urls)) for way in range(len(asked.ways))]
    with ThreadPoolExecutor(min(asked.parallel, len(jobs))) as pool:
        rows = list(pool.map(run.row, jobs))
    return json.dumps({**found, "static": run.static, "rows": rows})


def _printable(text: str) -> str:
    return _NOT_PRINTABLE.sub("?", text)


@dataclass(frozen=True)
class _Run:
    """What the rows of one answer share."""

    asked: Request
    engine: str
    client: Client
    preconfig: WinHttp
    static: str
    detected: str
    end: float

    @classmethod
    def begin(cls, machine: Machine, asked: Request, engine: str) -> _Run:
        registry, network = machine.registry, machine.network
        end = time.monotonic() + asked.deadline / 1000
        static = _printable(telemetry_proxy(registry).strip())[:_LONGEST_SERVER]
        return cls(asked, engine, Client(network), preconfig(registry), static, network.wpad, end)

    def row(self, job: tuple[int, int]) -> dict[str, Any]:
        """One row of the answer: a URL and a way, by their places in the request."""
        url, way = job
        begun = time.monotonic()
        row: dict[str, Any] = {
            "url": url,
            "way": way,
            "outcome": "not_tried",
            "proxy": "",
            "status": 0,
            "error": 0,
            "unknown_authority": False,
            "milliseconds": 0,
            "headers": dict.fromkeys(_HEADERS, ""),
        }
        if begun < self.end:
            taken = Way("direct", "") if url in self.asked.direct else self.asked.ways[way]
            row.update(self._ask(self.asked.urls[url], taken))
            row["milliseconds"] = int((time.monotonic() - begun) * 1000)
        return row

    def _ask(self, url: Url, way: Way) -> Mapping[str, object]:
        if way.way == "detect" and self.engine == "wsh":
            return {"outcome": "not_supported"}
        proxy = self._named(way)
        if not proxy and way.way == "static":
            return {"outcome": "no_proxy"}
        # Detection that finds no proxy has found that the direct way is the one to take.
        settings = self.preconfig if not proxy and way.way in {"default", "sensor"} else WinHttp(proxy)
        return {"proxy": proxy, **self._outcome(url, settings)}

    def _named(self, way: Way) -> str:
        if way.way in {"static", "sensor"}:
            return self.static
        return self.detected if way.way == "detect" else way.proxy

    def _outcome(self, url: Url, settings: WinHttp) -> Mapping[str, object]:
        try:
            response = self.client.get(url, settings, self._limits())
        except DeadlinePassed:
            return {"outcome": "timeout"}
        except WinHttpError as error:
            unknown = error.number in {SECURE_FAILURE, SECURE_CHANNEL_ERROR} and self._second_look(
                url, settings
            )
            return {"outcome": "failed", "error": error.hresult, "unknown_authority": unknown}
        shown = {name: _printable(response.headers.get(name, ""))[:_LONGEST_HEADER] for name in _HEADERS}
        return {"outcome": "answered", "status": response.status, "headers": shown}

    def _second_look(self, url: Url, settings: WinHttp) -> bool:
        try:
            self.client.get(url, settings, self._limits(), any_authority=True)
        except (WinHttpError, DeadlinePassed):
            return False
        return True

    def _limits(self) -> Limits:
        return Limits(self.asked.timeout / 1000, self.end)
