# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change on a fleet: the three playbooks, the records that they leave, and the fleet behind their back."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import select
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import Choice
from windows_lab.lab import Lab
from windows_lab.network.view import Network
from windows_lab.profiles import Profile
from windows_lab.simulated.endpoint import SimulatedEndpoint

from tests import needs
from tests.integration.play import Run, Started
from tests.integration.site import Site
from tests.network.stage import Stage

CHANGE = "CHG0001"
# What the stand-in for the service answers, and its squid lets through.
URL = "https://edr-weu3.eu.endpoint.security.microsoft.com/edr/commands/test"
# Requests of rollout_apply to one endpoint over Basic: the first, the one that carries out the write, and the first
# of the verification after it.
FIRST, WRITE, VERIFY = 1, 6, 8
# The files of a plan, by what it is about.
_plans: dict[str, dict[Path, bytes]] = {}


def raise_stage() -> contextlib.AbstractContextManager[Stage]:
    """The service of one region behind squid; skips where that can't be raised."""
    needs.stage()
    return Stage(select(Choice("streamlined", regions=("eu",))))


class Change:
    """One change on the endpoints of a lab, each of which reaches the service through the proxy only."""

    def __init__(self, lab: Lab, network: Stage, work: Path) -> None:
        self.lab = lab
        self.work = work
        self.plan_file = work / "plan.json"
        self.evidence = work / "evidence"
        self.network = network.network(resolves=False)
        for name in lab.endpoints:
            self.connect(name)
        self.inventory = lab.inventory(work / "inventory.yml")
        self.variables: dict[str, Any] = {
            "mde_hosts": "windows",
            "mde_plan": str(self.plan_file),
            "mde_change": CHANGE,
            "mde_evidence": str(self.evidence),
            "endpoint_proxy_winhttp_proxy": {"proxy": network.proxy, "bypass": ["*.corp.test"]},
            "endpoint_verify_service_urls": False,
            "endpoint_verify_urls": [URL],
        }

    def network_proxy(self) -> str:
        """The proxy that the change is about."""
        return str(self.variables["endpoint_proxy_winhttp_proxy"]["proxy"])

    def start(self, playbook: str, *arguments: str, **variables: Any) -> Started:
        """Start a playbook of the collection, with evidence; a variable that is None is left out."""
        name, environment = f"mde.connectivity.{playbook}", {"ANSIBLE_CALLBACKS_ENABLED": "mde.connectivity.evidence"}
        return Started(name, self.inventory, self.work, self.arguments(variables, *arguments), environment)

    def play(self, playbook: str, *arguments: str, **variables: Any) -> Run:
        """Run a playbook to its end."""
        return self.start(playbook, *arguments, **variables).wait()

    def arguments(self, variables: Mapping[str, Any], *more: str) -> list[str]:
        """Arguments of ansible-playbook that hand it the change's variables, and these."""
        merged = {**self.variables, **variables}
        given = {name: value for name, value in merged.items() if value is not None}
        file = self.work / "variables.json"
        file.write_text(json.dumps(given), encoding="utf-8")
        return ["-e", f"@{file}", *more]

    def plan(self, *arguments: str, **variables: Any) -> dict[str, Any]:
        """Make the plan, and return what the task says of it."""
        run = self.play("plan", *arguments, **variables)
        assert run.rc == 0, run.output[-3000:]
        self.lab.reset_accounts()
        return next(o.result for o in run.outcomes if o.task == "Write the plan and the page")

    def have_plan(self) -> None:
        """Have the plan; where endpoints with the same state and variables were planned before, it is the same one."""
        profiles = [endpoint.profile for endpoint in self.lab.endpoints.values()]
        about = repr((profiles, self.all_held(), self.variables)).replace(str(self.work), "")
        page = self.plan_file.with_suffix(".html")
        if about not in _plans:
            self.plan()
            _plans[about] = {file.relative_to(self.work): file.read_bytes() for file in (self.plan_file, page)}
        for file, content in _plans[about].items():
            (self.work / file).touch(mode=0o600)
            (self.work / file).write_bytes(content)

    def connect(self, name: str) -> None:
        """Put an endpoint where it reaches the service through the proxy."""
        self.endpoint(name).network = self.network

    def distrust(self, name: str) -> None:
        """Let an endpoint trust no authority, so that it reaches nothing by TLS."""
        self.endpoint(name).network = Network()

    def endpoint(self, name: str) -> SimulatedEndpoint:
        backend = self.lab.endpoints[name]
        assert isinstance(backend, SimulatedEndpoint)
        return backend

    def held(self, name: str) -> dict[str, Any]:
        """Every value that the collection manages, read behind the back of everything."""
        one = Site(self.lab, self.work)
        one.endpoint = self.endpoint(name)
        return one.managed()

    def all_held(self) -> dict[str, dict[str, Any]]:
        return {name: self.held(name) for name in self.lab.endpoints}

    def proxy(self, name: str) -> str:
        """The machine's WinHTTP proxy of an endpoint, read behind the back."""
        one = Site(self.lab, self.work)
        one.endpoint = self.endpoint(name)
        return one.winhttp()[1]

    def untouched(self, *names: str) -> bool:
        """Whether nothing was sent to these since the accounts were reset."""
        return not any(self.lab.account(name).requests for name in names)

    def commands(self, name: str, text: str) -> int:
        """How many command lines with this text an endpoint was sent since the accounts were reset."""
        return sum(text in line for line in self.lab.account(name).commands)

    def record(self, name: str) -> dict[str, Any]:
        """The record of an endpoint, as it lies on the disk."""
        return dict(json.loads((self.evidence / "hosts" / f"{name}.json").read_text(encoding="utf-8")))

    def verdicts(self) -> dict[str, str]:
        """The verdict in each record that is there."""
        paths = sorted((self.evidence / "hosts").glob("*.json"))
        records = (json.loads(path.read_text(encoding="utf-8")) for path in paths)
        return {record["host"]: record["verdict"] for record in records}


@contextlib.contextmanager
def change_on(
    network: Stage, work: Path, profiles: Mapping[str | Profile, int], **options: Any
) -> Iterator[Change]:
    """A change on new endpoints."""
    with Lab(profiles=profiles, **options) as lab:
        yield Change(lab, network, work)


def blamed(run: Run) -> dict[str, str]:
    """Who was blamed with what: by the gate, and by every other task that failed on a host."""
    found: dict[str, str] = {}
    for outcome in run.outcomes:
        if outcome.status in ("failed", "unreachable"):
            said = str(outcome.result.get("msg", ""))
            found |= outcome.result.get("endings") or {outcome.host: said}
    return found
