# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints that are asked what they reach: where each stands in the network, and what its answer says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from windows_lab.backend import Backend
from windows_lab.network.view import Network
from windows_lab.simulated.endpoint import SimulatedEndpoint

from tests import needs
from tests.integration.play import Run
from tests.integration.site import CONNECTIONS, DATA_COLLECTION, DIRECT, Site, named, sz, task

TEMP = r"C:\Users\lab\AppData\Local\Temp"
WINDOWS = r"C:\Windows"
FOLDER = "mde.connectivity"
# Live response wake-up, which cannot be used through a proxy.
WAKE_UP = "client.wns.windows.com"
# Long enough for a busy machine; what is to run into its end says so itself.
PATIENCE = {"timeout": 60, "deadline": 200, "parallel": 16}


def need_stage() -> None:
    """Skip where there is no squid, or no right to listen at the ports of the service."""
    needs.stage()


def simulated_endpoint(backend: Backend) -> SimulatedEndpoint:
    """The endpoint as the simulated one that it is."""
    assert isinstance(backend, SimulatedEndpoint)
    return backend


def place(backend: Backend, network: Network, *, winhttp: str = "", static: str = "") -> SimulatedEndpoint:
    """Put an endpoint into a network, with the machine's WinHTTP proxy and the sensor's static one."""
    endpoint = simulated_endpoint(backend)
    endpoint.network = network
    blob = named(winhttp) if winhttp else DIRECT
    endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", blob)
    if static:
        endpoint.set_value(DATA_COLLECTION, "TelemetryProxyServer", "REG_SZ", sz(static))
    return endpoint


def ask(options: Mapping[str, Any], **keywords: Any) -> dict[str, Any]:
    """A task that asks, with patience unless the options say otherwise."""
    return task("reachability", {**PATIENCE, **options}, **keywords)


def ask_only(urls: Sequence[str | Mapping[str, Any]], **options: Any) -> dict[str, Any]:
    """A task that asks these URLs and none of the service."""
    return ask({"service_urls": False, "urls": list(urls), **options})


def by_host(run: Run) -> dict[str, dict[str, Any]]:
    """The result of the only task on each host; all must have gone well."""
    assert run.rc == 0, run.output[-3000:]
    found = {outcome.host: outcome.result for outcome in run.outcomes}
    assert len(found) == len(run.outcomes)
    return found


def column(result: Mapping[str, Any], path: str) -> dict[str, dict[str, Any]]:
    """The rows of one path by their URLs."""
    return {row["url"]: row for row in result["rows"] if row["path"] == path}


def through_a_proxy(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result without what is asked directly on every path, and without what is said about it."""
    left_out = {row["url"] for row in result["rows"] if row["host"] == WAKE_UP}
    return {
        **result,
        "rows": [row for row in result["rows"] if row["url"] not in left_out],
        "findings": [each for each in result["findings"] if each["finding"] != "asked_directly"],
    }


def reasons(result: Mapping[str, Any], path: str) -> set[str]:
    """The reasons that one path has."""
    return {row["reason"] for row in column(result, path).values()}


def without_times(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result as it is to be each time: all of it but how long each row took."""
    rows = [{name: row[name] for name in row if name != "milliseconds"} for row in result["rows"]]
    return {**{name: result[name] for name in result if not name.startswith("_")}, "rows": rows}


def leftovers(site: Site) -> list[str]:
    """What of ours is on an endpoint: directories and scheduled tasks."""
    endpoint = simulated_endpoint(site.endpoint)
    places = [f"{parent}\\{FOLDER}" for parent in (TEMP, WINDOWS)]
    found = [place for place in places if endpoint.files.exists(place)]
    queried = endpoint.run(f"schtasks /query /tn {FOLDER}")
    return found + ([f"task {FOLDER}"] if queried.rc == 0 else [])


def own_file(directory: Path, text: str) -> str:
    """A file of an organisation's own service URLs."""
    path = directory / "own.yml"
    path.write_text(text, encoding="utf-8")
    return str(path)
