# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the whole proxy state of an endpoint to what is desired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import ResourceAction, validated
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._endpoint_proxy import EndpointProxy
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._settings import settings_of


class ActionModule(ResourceAction):
    resource = EndpointProxy

    def _options(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        if self._of_role():
            arguments = settings_of(task_vars, self._templar.template)
        else:
            arguments = {name: value for name, value in self._task.args.items() if name != "role"}
        return validated(self.module, self._complete(arguments))
