# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-navigator runs the playbooks by their names, without an execution environment, which takes an engine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.rollout.rollout_site import Change, change_on
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated

PROGRAMS = Path(sys.executable).parent


def navigate(change: Change, playbook: str, **variables: str) -> str:
    """Run a playbook to its good end, and return what a person sees."""
    own = {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}", "HOME": str(change.work)}
    options = ["--execution-environment", "false", "--mode", "stdout", "--playbook-artifact-enable", "false"]
    done = subprocess.run(
        [str(PROGRAMS / "ansible-navigator"), "run", f"mde.connectivity.{playbook}", *options]
        + ["--log-file", str(change.work / "navigator.log"), "-i", str(change.inventory)]
        + change.arguments(variables),
        cwd=change.work,
        env={**os.environ, **own},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    return done.stdout


def test_a_change_is_planned_carried_out_audited_and_taken_back(network: Stage, tmp_path: Path) -> None:
    with change_on(network, tmp_path, {"clean": 1}) as change:
        (name,) = change.lab.endpoints
        before = change.held(name)
        navigate(change, "plan")
        assert change.held(name) == before
        navigate(change, "rollout")
        assert change.proxy(name) == change.network_proxy()
        assert "1 of 1 are as desired" in navigate(change, "audit", mde_report=str(tmp_path / "audit"))
        assert "1 of 1 reach the service" in navigate(change, "verify", mde_report=str(tmp_path / "verify"))
        navigate(change, "rollback")
        assert change.held(name) == before
        navigate(change, "evidence")
        navigate(change, "site")
        assert change.proxy(name) == change.network_proxy()
