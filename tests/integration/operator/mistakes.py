# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of a playbook in which a person erred: what was said, and that nobody was asked anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from windows_lab.lab import Lab

from tests.integration.play import Run, run_playbook

PROXY = {"proxy": "proxy.lab.test:8080"}


def play(
    lab: Lab,
    work: Path,
    playbook: str | Path,
    variables: Mapping[str, Any],
    *arguments: str,
    of_hosts: Mapping[str, Any] | None = None,
) -> Run:
    """Run a playbook (a name is one of the collection) with extra variables, and with some of hosts alone."""
    lab.reset_accounts()
    inventory = lab.inventory(work / "inventory.yml")
    (work / "hosts.json").write_text(json.dumps({"all": {"hosts": of_hosts or {}}}), encoding="utf-8")
    more = ["-i", str(work / "hosts.json"), "-e", json.dumps(variables), *arguments]
    name = playbook if isinstance(playbook, Path) else f"mde.connectivity.{playbook}"
    return run_playbook(name, inventory, work, more)


def words(run: Run) -> str:
    """All that was printed, as one line."""
    return " ".join(run.output.split())


def refused(lab: Lab, run: Run, *sentences: str) -> None:
    """The run failed with these sentences and without a traceback, and no endpoint was asked."""
    assert run.rc not in (0, 250), run.output
    for sentence in sentences:
        assert sentence in words(run)
    assert "Traceback" not in run.output
    assert not any(lab.account(name).requests for name in lab.endpoints)
