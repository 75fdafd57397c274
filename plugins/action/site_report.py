# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says in one table how the endpoints of the playbook site ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import EndpointAction
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._endings import Endings, ending
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._table import say
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._hosts import left_out

_RESULTS = ("endpoint_proxy_result", "endpoint_verify_result")


class ActionModule(EndpointAction):
    module = "site_report"
    on_controller = True

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        endings = Endings(self._task.check_mode)
        everyone = task_vars["ansible_play_hosts_all"]
        for host in everyone:
            variables = task_vars["hostvars"].raw_get(host)
            configured, verified = (variables.get(name) for name in _RESULTS)
            endings.add(ending(host, configured, verified, self._task.check_mode))
        lines = endings.lines(left_out(options["pattern"], everyone, task_vars["groups"], self._loader))
        say(lines)
        return {"changed": False, "lines": lines, "counts": endings.counts}
