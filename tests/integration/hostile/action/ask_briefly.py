# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action of the tests: runs lines on the endpoint with a deadline of seconds, and says how it ended."""

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import (
    Command,
    Endpoint,
    EndpointError,
)


class ActionModule(ActionBase):  # type: ignore[misc]
    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        endpoint = Endpoint(self._connection, deadline=float(self._task.args["seconds"]))
        started, ends = time.monotonic(), []
        for line in self._task.args["lines"]:
            try:
                ends.append(endpoint.run([Command(line)])[0].stdout)
            except EndpointError as error:
                ends.append(f"{type(error).__name__}: {error}")
        return result | {"changed": False, "ends": ends, "took": time.monotonic() - started}
