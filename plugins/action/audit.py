# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares one endpoint with its settings, and keeps the answer on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import EndpointAction, validated
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._place import claim, place_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import (
    Record,
    RecordError,
    save,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._words import (
    UNKNOWN,
    differences,
    wins,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._defeated import defeat
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._endpoint_proxy import (
    EndpointProxy,
    OnboardedEndpointProxy,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._onboarding import onboarded_as
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import Refused
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._prediction import (
    Prediction,
    predict,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._settings import settings_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._times import stamp, utc_now
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Endpoint


class ActionModule(EndpointAction):
    module = "audit"
    includes = ("endpoint_proxy",)

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        settings = settings_of(task_vars, self._templar.template)
        wanted = validated("endpoint_proxy", EndpointProxy.complete(settings))
        directory = place_of(options["directory"], "audit")
        started = stamp(utc_now())
        try:
            claimed = claim(directory, "audit", task_vars["ansible_play_hosts_all"])
            prediction = predict(lambda: Endpoint(self._connection), settings, OnboardedEndpointProxy(wanted))
            answer, why = _answer(prediction, wanted)
            planned = prediction.planned
            now = stamp(utc_now())
            record = Record(
                host=str(task_vars["inventory_hostname"]),
                run=claimed.run,
                who=claimed.who,
                started=started,
                kind="audit",
                finished=now,
                state="done",
                verdict=answer,
                reason=why,
                planned=planned.after if planned else {},
                warnings=planned.warnings if planned else (),
            ).saw(planned.before if planned else None, now)
            save(directory, record)
        except (RecordError, NotWritable) as error:
            raise Refused(str(error)) from None
        return self._report(record)

    def _report(self, record: Record) -> dict[str, Any]:
        changes = differences(record.observed, record.planned) if record.verdict == "drifted" else []
        said = "; ".join(map(str, changes)) or record.reason
        result: dict[str, Any] = {
            "changed": record.verdict == "drifted",
            "answer": record.verdict,
            "wins": wins(record.observed),
            "onboarded": onboarded_as(record.observed.get("onboarding")) or UNKNOWN,
            "msg": f"{record.verdict}: {said}" if said else record.verdict,
        }
        if self._task.diff and changes:
            result["diff"] = {
                "before": "".join(f"{change.setting}: {change.old}\n" for change in changes),
                "after": "".join(f"{change.setting}: {change.new}\n" for change in changes),
            }
        return result


def _answer(prediction: Prediction, options: Mapping[str, Any]) -> tuple[str, str]:
    planned = prediction.planned
    if planned is None:
        refused = f"its state does not allow what is asked for: {prediction.refused}"
        return ("drifted", refused) if prediction.refused else ("unread", prediction.unread)
    if planned.changed:
        return "drifted", ""
    if planned.before["effective"]["method"] == "unknown":
        return "unread", planned.before["effective"]["why"]
    why = defeat(options, planned.before)
    return ("defeated", why) if why else ("as_desired", "")
