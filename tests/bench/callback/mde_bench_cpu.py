# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each task of a run takes: CPU seconds of the controller and its workers up to the start of each task."""

from __future__ import annotations

import json
import multiprocessing
import resource
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: mde_bench_cpu
type: aggregate
short_description: CPU seconds up to the start of each task, into the file cpu.json of the home folder
description: A list of pairs, the name of a task and seconds.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "mde_bench_cpu"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._starts: list[tuple[str, float]] = []

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        # What a worker took counts when it has been waited for.
        for worker in multiprocessing.active_children():
            worker.join()
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        self._starts.append((task.get_name(), sum(one.ru_utime + one.ru_stime for one in used)))

    def v2_playbook_on_stats(self, stats: Any) -> None:
        (Path.home() / "cpu.json").write_text(json.dumps(self._starts), encoding="utf-8")
