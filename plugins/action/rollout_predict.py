# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read one endpoint for a plan, and keep what would change on it for the task that writes the plan."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import EndpointAction, validated
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._endpoint_proxy import EndpointProxy
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import Refused
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._prediction import (
    Prediction,
    keep,
    predict,
    predict_move,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._settings import settings_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._streamlined._options import migration_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Endpoint


class ActionModule(EndpointAction):
    module = "rollout_predict"
    includes = ("endpoint_proxy", "onboarding_package", "reachability")

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        prediction = self._prediction(options, task_vars)
        try:
            keep(Path(options["plan"]).expanduser(), str(task_vars["inventory_hostname"]), prediction)
        except NotWritable as error:
            raise Refused(str(error)) from None
        planned = prediction.planned
        if planned is None:
            said = prediction.refused or prediction.unfit
            why = f"could not be read: {prediction.unread}" if prediction.unread else said
            # That is what the default output shows as neither well nor changed.
            return {"changed": False, "skipped": True, "skipped_reason": why, "msg": why}
        # Its warnings are said by the task that writes the plan, once for all hosts that have them.
        result = {"changed": planned.changed, "commands": list(planned.commands)}
        return result | ({"diff": {"before": planned.before, "after": planned.after}} if self._task.diff else {})

    def _prediction(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Prediction:
        if options["migration"]:
            migration = migration_of(options["migration"], None, self._with_files)
            return predict_move(lambda: Endpoint(self._connection), migration)
        settings = settings_of(task_vars, self._templar.template)
        wanted = validated("endpoint_proxy", EndpointProxy.complete(settings))
        return predict(lambda: Endpoint(self._connection), settings, EndpointProxy(wanted))
