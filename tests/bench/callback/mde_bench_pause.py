# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stops the controller where no worker is at work, until whoever started it lets it go on."""

from __future__ import annotations

import os
import signal
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: mde_bench_pause
type: aggregate
short_description: Stop before each batch or before each task
description: The process sends itself SIGSTOP and goes on after SIGCONT.
options:
  before:
    description: What to stop before. A play that works in batches starts once per batch.
    type: str
    choices: [play, task]
    required: true
    env:
      - name: MDE_BENCH_PAUSE_BEFORE
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "mde_bench_pause"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._stop("play")

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._stop("task")

    def _stop(self, before: str) -> None:
        if self.get_option("before") == before:
            os.kill(os.getpid(), signal.SIGSTOP)
