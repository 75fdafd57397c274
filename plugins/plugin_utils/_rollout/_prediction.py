# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would change on one endpoint, from the task that read it to the one that writes the plan."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError

from .._evidence._files import write
from .._operator._cause import cause_of
from .._resources._endpoint_proxy import EndpointProxy
from .._resources._resource import InvalidOption, Refused
from .._run import kept_for
from .._streamlined._migration import REBOOT_REASON, Migration
from .._transaction import Transaction
from .._windows._endpoint import Endpoint, EndpointError
from ._plan import HostPlan, host_plan, plain


@dataclass(frozen=True)
class Prediction:
    """What became of one endpoint: its plan, or why it could not be read, or why its state does not allow a change.

    unfit says why an endpoint can't be moved to streamlined connectivity, which the plan for the others does without.
    """

    planned: HostPlan | None = None
    unread: str = ""
    refused: str = ""
    unfit: str = ""


def predict(connect: Callable[[], Endpoint], settings: Mapping[str, Any], resource: EndpointProxy) -> Prediction:
    """Read an endpoint, and plan for it; resource is made of the settings."""
    try:
        transaction = Transaction(connect(), resource)
    except AnsibleError as error:
        return Prediction(unread=cause_of(error))
    except EndpointError as error:
        return Prediction(unread=str(error))
    except (InvalidOption, Refused) as error:
        return Prediction(refused=str(error))
    change = transaction.change
    return Prediction(
        HostPlan(
            settings=plain(settings),
            before=plain(resource.report(transaction.before)),
            after=plain(resource.report(change.after)),
            commands=tuple(str(write.command) for write in change.writes),
            warnings=tuple(transaction.warnings),
            changed=bool(change.writes),
            reboot_reason=change.reboot_reason,
        )
    )


def predict_move(connect: Callable[[], Endpoint], migration: Migration) -> Prediction:
    """Read an endpoint, and plan its move to streamlined connectivity."""
    try:
        found = migration.read(connect())
        found.check()
    except AnsibleError as error:
        return Prediction(unread=cause_of(error))
    except EndpointError as error:
        return Prediction(unread=str(error))
    except Refused as error:
        return Prediction(unfit=str(error))
    moves = not found.arrived
    return Prediction(
        HostPlan(
            settings=plain(migration.settings()),
            before=plain(found.report()),
            after=plain({**found.expected(), "package": migration.package.report()}),
            commands=tuple(migration.commands()) if moves else (),
            warnings=tuple(migration.warnings()) if moves else (),
            changed=moves,
            reboot_reason=REBOOT_REASON if moves else "",
        )
    )


def keep(plan: Path, host: str, prediction: Prediction) -> None:
    """Keep a prediction until gather, for as long as this run of Ansible lasts. Raises NotWritable."""
    write(_part(plan, host), json.dumps(asdict(prediction)))


class KeptPlans(Mapping[str, HostPlan]):
    """What was planned for hosts, each read anew whenever it is asked for: a plan of many is not held in memory."""

    def __init__(self, plan: Path, hosts: Sequence[str]) -> None:
        self._plan = plan
        self._hosts = dict.fromkeys(hosts)

    def __getitem__(self, host: str) -> HostPlan:
        if host not in self._hosts:
            raise KeyError(host)
        return host_plan(json.loads(_part(self._plan, host).read_text(encoding="utf-8"))["planned"])

    def __iter__(self) -> Iterator[str]:
        return iter(self._hosts)

    def __len__(self) -> int:
        return len(self._hosts)


def gather(plan: Path, hosts: Sequence[str]) -> Iterator[tuple[str, Prediction]]:
    """The predictions that were kept for a plan, for each of the hosts."""
    for host in hosts:
        try:
            fields = json.loads(_part(plan, host).read_text(encoding="utf-8"))
        except FileNotFoundError:
            yield host, Prediction(unread="an earlier task of this run failed on it")
        else:
            planned = fields.pop("planned")
            yield host, Prediction(host_plan(planned) if planned else None, **fields)


def _part(plan: Path, host: str) -> Path:
    """The file of a prediction."""
    return kept_for("plan", plan) / f"{hashlib.sha256(host.encode()).hexdigest()}.json"
