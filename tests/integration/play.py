# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs of ansible-playbook against a lab, and what every task returned."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration import warm

_HERE = Path(__file__).parent
_ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")


@dataclass(frozen=True)
class Outcome:
    """One task on one host: status is ok, failed, unreachable or skipped."""

    host: str
    task: str
    status: str
    result: dict[str, Any]


@dataclass(frozen=True)
class Run:
    """A finished ansible-playbook: its exit code, both streams as one text, and its outcomes in order."""

    rc: int
    output: str
    outcomes: list[Outcome]

    def one(self) -> dict[str, Any]:
        """The result of the only task."""
        assert len(self.outcomes) == 1, self.output
        return self.outcomes[0].result

    def results(self) -> list[dict[str, Any]]:
        return [outcome.result for outcome in self.outcomes]


class Started:
    """A run of ansible-playbook that goes on; its exit code is negative where a signal ended it."""

    def __init__(
        self,
        playbook: str | Path,
        inventory: Path,
        work: Path,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._results = work / "results.jsonl"
        self._results.unlink(missing_ok=True)
        settings = {
            "ANSIBLE_CALLBACK_PLUGINS": str(_HERE / "callback"),
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_LOCAL_TEMP": str(work / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "ANSIBLE_STDOUT_CALLBACK": "results",
            "LAB_RESULTS": str(self._results),
        }
        self._run = warm.Started(
            _ANSIBLE_PLAYBOOK,
            ["-i", str(inventory), *arguments, str(playbook)],
            {**os.environ, **settings, **(environment or {})},
            work,
        )
        self.pid = self._run.pid
        self.ended = self._run.ended

    def wait(self) -> Run:
        """Wait for the end of the run."""
        code, output = self._run.wait(timeout=300)
        text = self._results.read_text(encoding="utf-8") if self._results.exists() else ""
        # What a killed run was writing has no end.
        records = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        # From ansible-core 2.19 on an empty list of warnings is taken out of a result.
        outcomes = [
            Outcome(r["host"], r["task"], r["status"], {"warnings": [], **r["result"]}) for r in records
        ]
        return Run(code, output, outcomes)


def run_playbook(
    playbook: str | Path,
    inventory: Path,
    work: Path,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run a playbook file or name against an inventory; work takes results and temporary files."""
    return Started(playbook, inventory, work, arguments, environment).wait()


def run_tasks(
    tasks: Sequence[Mapping[str, Any]],
    inventory: Path,
    work: Path,
    arguments: Sequence[str] = (),
    **play: Any,
) -> Run:
    """Run tasks in one play over all hosts of the inventory; play holds further keywords of the play."""
    content = [{"hosts": "windows", "gather_facts": False, **play, "tasks": list(tasks)}]
    playbook = work / "playbook.json"
    playbook.write_text(json.dumps(content), encoding="utf-8")
    return run_playbook(playbook, inventory, work, arguments)
