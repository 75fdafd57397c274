# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes every task result of a test's playbook run as one JSON line."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback.default import CallbackModule as DefaultCallback

DOCUMENTATION = """
name: results
type: stdout
short_description: Prints as the default callback does, and writes task results as JSON lines
description: Appends each result to the file that E(LAB_RESULTS) names, before warnings are taken out to be displayed.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
"""


class CallbackModule(DefaultCallback):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "results"

    def _write(self, status: str, outcome: Any) -> None:
        record = {
            "host": outcome._host.get_name(),
            "task": outcome._task.get_name(),
            "status": status,
            "result": outcome._result,
        }
        with open(os.environ["LAB_RESULTS"], "a", encoding="utf-8") as lines:
            lines.write(json.dumps(record, default=str) + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._write("ok", result)
        super().v2_runner_on_ok(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._write("failed", result)
        super().v2_runner_on_failed(result, ignore_errors=ignore_errors)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._write("unreachable", result)
        super().v2_runner_on_unreachable(result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._write("skipped", result)
        super().v2_runner_on_skipped(result)
