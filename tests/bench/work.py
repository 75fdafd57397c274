# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of an endpoint, once in the words of this collection and once in those of its peers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import select
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import Choice
from windows_lab.backend import Backend
from windows_lab.profiles import PROFILES, PolicyValue, Profile
from windows_lab.simulated.blobs import WinHttp, pack_winhttp, unpack_winhttp

from tests.network.service import documented

Start = Literal["converged", "drifted"]
Task = dict[str, Any]

PROXY = "proxy.corp.test:8080"
BYPASS = ("<local>", "*.corp.test")
# What the role asks where only the region is set. What can't be used through a proxy is left out: no endpoint here
# resolves a name.
TENANT = Choice("standard", regions=("eu",))
_OWN = {
    f"https://{name}.corp.test/": (200, "text/plain", "bench\n")
    for name in ("events", "feed", "blob", "crl", "login", "update")
}
_LISTED = documented(service for service in select(TENANT) if not service.direct)
SIX, LIST = tuple(_OWN), tuple(_LISTED)
# What every URL of the work is answered with.
ANSWERS = {**_OWN, **_LISTED}

# The playbook that reaches no endpoint.
EVIDENCE = "mde.connectivity.evidence"

# Endpoints of one play of a fleet, and of one batch of a rollout.
_PLAY = 1000
_BATCH = 200
_INTERNET_SETTINGS = r"Microsoft\Windows\CurrentVersion\Internet Settings"
_CONNECTIONS = rf"HKLM\SOFTWARE\{_INTERNET_SETTINGS}\Connections"
_SYSTEM_ACCOUNT = rf"HKU\S-1-5-18\Software\{_INTERNET_SETTINGS}"
_DATA_COLLECTION = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"
_SENSOR = r"HKLM\SOFTWARE\Policies\Microsoft\Windows Advanced Threat Protection"
_ONE = (1).to_bytes(4, "little")
_WINHTTP = WinHttp(PROXY, ";".join(BYPASS))
_BLOB = pack_winhttp(_WINHTTP, 0x18)

# Every value that the work is about, as it is on an endpoint where there is nothing to do.
_ASKED = (
    PolicyValue(_CONNECTIONS, "WinHttpSettings", "REG_BINARY", _BLOB),
    PolicyValue(_CONNECTIONS, "WinHttpSettings", "REG_BINARY", _BLOB, view=32),
    PolicyValue(_SYSTEM_ACCOUNT, "AutoDetect", "REG_DWORD", _ONE),
    PolicyValue(_DATA_COLLECTION, "TelemetryProxyServer", "REG_SZ", f"{PROXY}\0".encode("utf-16-le")),
    PolicyValue(_DATA_COLLECTION, "DisableEnterpriseAuthProxy", "REG_DWORD", _ONE),
    PolicyValue(_SENSOR, "PreferStaticProxyForHttpRequest", "REG_DWORD", _ONE),
)
STARTS: dict[Start, Profile] = {
    "converged": Profile("converged", registry=_ASKED),
    "drifted": PROFILES["clean"],
}


def missing(endpoint: Backend) -> list[str]:
    """Return which of the values that were asked for the endpoint's registry does not hold."""
    return [asked.name for asked in _ASKED if not _holds(endpoint, asked)]


def _holds(endpoint: Backend, asked: PolicyValue) -> bool:
    found = endpoint.value(asked.key, asked.name, asked.view)
    if found is None or found[0] != asked.type:
        return False
    if asked.type == "REG_BINARY":
        return unpack_winhttp(found[1]) == _WINHTTP
    return found[1] == asked.data


_PROXY_TASK: Task = {
    "name": "Bring the proxy settings into the desired state",
    "mde.connectivity.endpoint_proxy": {
        "method": "static",
        "winhttp_proxy": {"proxy": PROXY, "bypass": list(BYPASS)},
        "wpad": {"state": "enabled"},
        "datacollection_proxy": {"server": PROXY, "prefer_static_proxy": True},
    },
}
_INFO_TASK: Task = {"name": "Report the proxy state", "mde.connectivity.endpoint_info": {}}
_URLS_TASK: Task = {
    "name": "Ask for six URLs on the way that the sensor takes",
    "mde.connectivity.reachability": {"service_urls": False, "urls": list(SIX)},
    "register": "bench_reached",
    "failed_when": "not bench_reached.summary.reachable",
}


# Statuses that say that the service was reached.
_REACHED = (200, 400, 404, 405)
_SCRIPT = """\
param([string[]]$Url)
$found = foreach ($one in $Url) {
    try {
        $status = (Invoke-WebRequest -Uri $one -UseBasicParsing -MaximumRedirection 0 -TimeoutSec 10).StatusCode
    } catch {
        $status = [int]$_.Exception.Response.StatusCode
    }
    @{ url = $one; status = [int]$status }
}
$Ansible.Changed = $false
$Ansible.Result = @($found)
"""

_RAW_TASK: Task = {"name": "Run one command line", "ansible.builtin.raw": "echo bench", "changed_when": False}


def _registry_value(name: str, data: str | int, type_name: str) -> Task:
    path = _DATA_COLLECTION.replace("HKLM\\", "HKLM:\\")
    options = {"path": path, "name": name, "data": data, "type": type_name}
    return {"name": f"Set {name}", "ansible.windows.win_regedit": options}


_PEER_SETTINGS: tuple[Task, ...] = (
    {"name": "Gather facts", "ansible.windows.setup": {}},
    {"name": "Set automatic detection", "ansible.windows.win_inet_proxy": {"auto_detect": True}},
    {
        "name": "Set the WinHTTP proxy",
        "ansible.windows.win_http_proxy": {"proxy": PROXY, "bypass": list(BYPASS)},
    },
    _registry_value("TelemetryProxyServer", PROXY, "string"),
    _registry_value("DisableEnterpriseAuthProxy", 1, "dword"),
    {
        "name": "Show the WinHTTP proxy",
        "ansible.windows.win_command": "netsh winhttp show proxy",
        "changed_when": False,
    },
)
_PEER_URLS: Task = {
    "name": "Ask for the service URLs",
    "ansible.windows.win_uri": {"url": "{{ item }}", "status_code": list(_REACHED)},
    "loop": list(LIST),
}
_PEER_SIX: Task = {**_PEER_URLS, "name": "Ask for six URLs", "loop": list(SIX)}
_PEER_SCRIPT: Task = {
    "name": "Ask for the service URLs with a script of one's own",
    "ansible.windows.win_powershell": {"script": _SCRIPT, "parameters": {"Url": list(LIST)}},
}


@dataclass(frozen=True)
class Work:
    """One way to do the work: what it is called in the tables, and its tasks."""

    title: str
    tasks: tuple[Task, ...]
    peer: bool = False
    # Nothing but a connection: no state of an endpoint is compared.
    empty: bool = False
    # Nothing is written, and what has drifted is reported as changed.
    audit: bool = False
    # What our own tasks ask for; what the peers' do is among their calls.
    urls: tuple[str, ...] = ()
    # The collection's playbooks to run instead of the tasks, one after the other; the tasks then only say what they
    # are about.
    playbooks: tuple[str, ...] = ()
    # A module of the bench to run instead of Ansible.
    program: str = ""
    arguments: tuple[str, ...] = ()
    # What each task takes is written down.
    timed: bool = False
    # The tasks work in the plays and batches of a fleet.
    fleet: bool = False


def _echo(lines: int, where: str = "") -> Task:
    return {"name": f"Run {lines} empty command lines{where}", "mde_bench_empty": {"lines": lines}}


_VERIFY = Work(
    "mde.connectivity.verify", (_URLS_TASK,), empty=True, urls=SIX, playbooks=("mde.connectivity.verify",)
)
_ROLLOUT = Work(
    "mde.connectivity.plan, rollout and evidence",
    (_PROXY_TASK, _URLS_TASK),
    urls=SIX,
    playbooks=("mde.connectivity.plan", "mde.connectivity.rollout", EVIDENCE),
)
_ALONE = " before ours are loaded"
# By kind of endpoint: our task, and empty ones with as many command lines, before and after our plugin is loaded.
SHARES: dict[str, tuple[Task, Task, Task]] = {
    "changed": ({**_PROXY_TASK, "name": "Change the settings"}, _echo(2, _ALONE), _echo(2)),
    "converged": ({**_PROXY_TASK, "name": "Find nothing to change"}, _echo(1, _ALONE), _echo(1)),
}


WORKS = {
    "one": Work("mde.connectivity, one task", (_PROXY_TASK,)),
    "two": Work("mde.connectivity, settings and info as two tasks", (_PROXY_TASK, _INFO_TASK)),
    "seed": Work("mde.connectivity, settings and six URLs as two tasks", (_PROXY_TASK, _URLS_TASK), urls=SIX),
    "peers": Work("ansible.windows, service list", (*_PEER_SETTINGS, _PEER_URLS), peer=True),
    "peers-script": Work("ansible.windows, service list by a script", (*_PEER_SETTINGS, _PEER_SCRIPT), peer=True),
    "peers-six": Work("ansible.windows, six URLs", (*_PEER_SETTINGS, _PEER_SIX), peer=True),
    "peers-settings": Work("ansible.windows, no URLs", _PEER_SETTINGS, peer=True),
    "audit": Work(
        "mde.connectivity.audit", (_PROXY_TASK,), audit=True, playbooks=("mde.connectivity.audit",)
    ),
    "verify": _VERIFY,
    "site": Work(
        "mde.connectivity.site",
        (_PROXY_TASK, _URLS_TASK),
        urls=SIX,
        playbooks=("mde.connectivity.site",),
    ),
    "site-list": Work(
        "mde.connectivity.site, service list",
        (_PROXY_TASK, _URLS_TASK),
        urls=LIST,
        playbooks=("mde.connectivity.site",),
    ),
    "rollout": _ROLLOUT,
    "fleet-rollout": replace(_ROLLOUT, urls=SIX[:1]),
    "fleet-verify": replace(_VERIFY, urls=SIX[:1]),
    "raw": Work("ansible.builtin.raw", (_RAW_TASK,), empty=True),
    "pypsrp": Work("the audit's requests by pypsrp", (), program="tests.bench.floor", empty=True),
    "empty": Work("an empty action plugin, one command line", (_echo(1),), empty=True),
    "share": Work(
        "our tasks and empty ones",
        (
            _echo(0, " to begin with"),
            *(alone for _ours, alone, _among in SHARES.values()),
            {**_PROXY_TASK, "name": "Load our plugin", "check_mode": True, "run_once": True},
            *(task for ours, _alone, among in SHARES.values() for task in (ours, among)),
            # What a task takes is seen when the next one starts.
            _echo(0, " to end with"),
        ),
        timed=True,
    ),
    "floor": Work("an empty action plugin, in the same batches", (_echo(1),), empty=True, fleet=True),
    "nothing": Work("a play without tasks", (), empty=True),
}


def plays(work: Work, hosts: int) -> list[list[dict[str, Any]]]:
    """The playbooks of a work: no facts are gathered behind the table's back, no result is registered.

    A fleet is cut into plays, for each task in flight has lists of its own of all hosts of its play. A rollout is not.
    """
    parts = [f"windows[{first}:{min(first + _PLAY, hosts) - 1}]" for first in range(0, hosts, _PLAY)]
    play: dict[str, Any] = {"hosts": "windows", "gather_facts": False, "tasks": list(work.tasks)}
    if work.fleet:
        return [[{**play, "hosts": part, "serial": _BATCH, "order": "shuffle"} for part in parts]]
    if not work.playbooks:
        return [[play]]
    options = _PROXY_TASK["mde.connectivity.endpoint_proxy"]
    variables: dict[str, Any] = {f"endpoint_proxy_{name}": value for name, value in options.items()}
    if work.urls == LIST:
        variables |= {"endpoint_verify_regions": list(TENANT.regions)}
    else:
        variables |= {"endpoint_verify_service_urls": False, "endpoint_verify_urls": list(work.urls)}
    if len(work.playbooks) > 1:
        variables |= {"mde_hosts": "windows", "mde_plan": "plan.json", "mde_change": "CHG0001"}
        variables |= {"mde_evidence": "CHG0001", "mde_batches": [1, _BATCH]}
        return [[{"import_playbook": playbook, "vars": variables}] for playbook in work.playbooks]
    return [
        [{"import_playbook": playbook, "vars": {"mde_hosts": part, **variables}} for part in parts]
        for playbook in work.playbooks
    ]


def peer_calls(work: Work) -> Iterator[tuple[str, dict[str, Any]]]:
    """Module and options of everything that the peers' tasks send to one endpoint."""
    for task in work.tasks:
        (module,) = (key for key in task if key.startswith("ansible.windows."))
        options = {"_raw_params": task[module]} if isinstance(task[module], str) else task[module]
        for item in task.get("loop", [None]):
            yield module, options if item is None else {**options, "url": item}
