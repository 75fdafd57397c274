# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks and roles that verify, and what came of their tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from windows_lab.lab import Lab

from tests.integration.play import Outcome, Run, run_playbook

TENANT: dict[str, Any] = {"endpoint_verify_regions": ["eu"], "endpoint_verify_generation": "streamlined"}
ASKS = "Ask the URLs from the endpoint, and say what is reached and what is not"
BOTH = "Bring the endpoint into the desired state, and ask the URLs from it"


def run(
    lab: Lab, work: Path, playbook: str, variables: dict[str, Any], *more: str, **environment: str
) -> Run:
    inventory = lab.inventory(work / "inventory.yml")
    arguments = ["--extra-vars", json.dumps({"mde_hosts": "windows", **variables}), *more]
    return run_playbook(f"mde.connectivity.{playbook}", inventory, work, arguments, environment)


def configured(proxy: str) -> dict[str, Any]:
    """Variables for a proxy that is to be set, with which the settings of a clean endpoint lead to it."""
    return {
        "endpoint_proxy_winhttp_proxy": {"proxy": proxy},
        "endpoint_proxy_wpad": {"state": "disabled"},
    }


def of(done: Run, task: str, host: str = "clean-1") -> list[Outcome]:
    return [outcome for outcome in done.outcomes if outcome.host == host and outcome.task.endswith(task)]


def asked(done: Run, host: str = "clean-1") -> dict[str, Any]:
    """What the task that asks an endpoint returned."""
    (outcome,) = of(done, ASKS, host)
    return outcome.result
