# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let a rollout or a rollback go on, or end, by how its endpoints ended; and leave the evidence of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import EndpointAction
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._publish import is_due, publish
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import RecordError
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._report import Report
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._scope import (
    Scope,
    load_scope,
    save_scope,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._summary import PAGE
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._table import say
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import (
    InvalidOption,
    Refused,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._cut import go_on
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._gate import (
    EndedWell,
    Ending,
    batch_of,
    counted,
    ending,
    had_turn,
    listed,
    open_before,
    shadow,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._lock import release, this_run


class ActionModule(EndpointAction):
    module = "rollout_gate"
    on_controller = True

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        if options["max_failures"] < 0:
            raise InvalidOption("max_failures", "it is a number of endpoints, 0 or more.")
        evidence = Path(options["evidence"]).expanduser()
        everyone = list(task_vars["ansible_play_hosts_all"])
        turn = had_turn(everyone, task_vars["ansible_play_hosts"], task_vars["ansible_play_batch"])
        work = options["work"]
        try:
            # A rollback restores whatever is there, of whichever plan.
            scope = load_scope(evidence) if work == "rollout" else None
        except RecordError as error:
            raise Refused(f"How the endpoints ended can't be told: {error}") from None
        digest = (scope and scope.plan_digest) or ""
        if self._task.check_mode:
            endings = [ending([shadow(evidence), evidence], host, work, digest) for host in turn]
        else:
            endings = EndedWell(evidence, work, digest).endings(turn, last=len(turn) == len(everyone))
        bad = [found for found in endings if not found.good]
        before = _open_before(evidence, everyone, turn, digest) if work == "rollout" else 0
        stops = bool(bad) and len(bad) + before > options["max_failures"]
        ended = stops or len(turn) == len(everyone)
        stopped = _batch(everyone, turn, options["batches"]) if stops else ""
        if scope and stopped:
            scope = replace(scope, stopped=stopped)
        lines = self._lines(evidence, scope, work, endings, ended)
        say(lines)
        result = {
            "changed": False,
            "endings": {found.host: f"{found.word}: {found.reason}" for found in bad},
        }
        if stops:
            # Ansible prints all of a failure: what was printed above is not in it.
            return {**result, "failed": True, "msg": _stopped(bad, before, options["max_failures"], work)}
        if bad:
            allowed = f"{len(bad) + before} of {options['max_failures']} allowed"
            result["warnings"] = [f"{'; '.join(listed(bad))}. The rollout goes on, {allowed}."]
        return {**result, "lines": lines}

    def _lines(
        self, evidence: Path, scope: Scope | None, work: str, endings: Sequence[Ending], ended: bool
    ) -> list[str]:
        """What is printed at the end; outside of check mode the evidence is made then, and the directory is free.

        Before the end the evidence is made where it is old: all of it is read for that.
        """
        if self._task.check_mode:
            return [f"{found.host}: {found.reason}" for found in endings if found.good] + listed(
                [found for found in endings if not found.good]
            )
        if not ended and not is_due(evidence):
            return []
        report = Report()
        try:
            if scope and scope.stopped:
                save_scope(evidence, scope)
            published = publish(evidence, report.add)
            if ended:
                release(evidence, this_run(work, "", ""))
        except (RecordError, NotWritable) as error:
            raise Refused(f"{counted(endings)}. The evidence could not be completed: {error}") from None
        if not ended:
            return []
        lines = report.lines(published, str(evidence / PAGE))
        return [*lines, go_on(work, evidence)]


def _open_before(evidence: Path, everyone: Sequence[str], turn: Sequence[str], digest: str) -> int:
    known = set(turn)
    return sum(open_before(evidence, host, digest) for host in everyone if host not in known)


def _batch(everyone: Sequence[str], turn: Sequence[str], sizes: Sequence[Any]) -> str:
    """In which batch of how many the turn came to its end, empty where it was the last."""
    here, of = (batch_of(place, len(everyone), sizes) if sizes else 0 for place in (len(turn) - 1, len(everyone) - 1))
    return f"batch {here} of {of}" if here < of else ""


def _stopped(bad: Sequence[Ending], before: int, allowed: int, work: str) -> str:
    many = "1 endpoint" if len(bad) == 1 else f"{len(bad)} endpoints"
    earlier = f" ({before} more by an earlier run)" if before else ""
    if work == "rollback":
        return f"Not restored: {many}. {'; '.join(listed(bad))}"
    return (
        f"{many} did not end ok{earlier}, of which {allowed} may, and the rollout stops here. "
        f"{'; '.join(listed(bad))}"
    )
