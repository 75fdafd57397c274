# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the whole proxy state of an endpoint to what is desired and, where that is asked for, verify it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.mde.connectivity.plugins.plugin_utils._action import ResourceAction, validated
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._reachability import Reachability
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._endpoint_proxy import EndpointProxy
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import (
    InvalidOption,
    Refused,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._settings import of_role, settings_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._verification import Verification, role_options
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import (
    Endpoint,
    EndpointError,
)


class ActionModule(ResourceAction):
    resource = EndpointProxy
    includes = ("endpoint_verify", "reachability", "sensor_contacts")
    _verification: Verification | None = None

    def _options(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        if self._of_role("verify_role"):
            arguments = settings_of(task_vars, self._templar.template)
        else:
            arguments = {name: value for name, value in self._task.args.items() if name not in ("role", "verify_role")}
        verify = {"verify_role": self._task.args.get("verify_role", False)}
        options = validated(self.module, {**self._complete(arguments), **verify})
        if options["verify_role"] and self._task.until:
            raise InvalidOption(
                "verify_role",
                "with until, the last attempt would hide what the first one wrote. Leave until out, or give it to a "
                "task of mde.connectivity.endpoint_verify.",
            )
        if options["verify_role"]:
            self._verification = self._asked(task_vars)
        return options

    def _asked(self, task_vars: Mapping[str, Any]) -> Verification:
        template = self._templar.template
        asked = role_options(task_vars, template) | of_role("__endpoint_verify", ("table",), task_vars, template)
        options = validated("endpoint_verify", self._with_files(Reachability.complete(asked)))
        return Verification(str(task_vars["inventory_hostname"]), options)

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        result = super()._act(options, task_vars)
        if self._verification is None or result.get("failed"):
            return result
        alone = len(task_vars["ansible_play_hosts_all"]) == 1
        return {**result, **self._verified(self._verification, alone, result["changed"])}

    def _verified(self, verification: Verification, alone: bool, changed: bool) -> dict[str, Any]:
        """What the result is besides that of the settings, which are as they are whatever comes of this."""
        written = "written and read back" if changed and not self._task.check_mode else "read"
        try:
            report = verification.ask(Endpoint(self._connection))
        except AnsibleConnectionFailure as error:
            return {"unreachable": True, "msg": f"The settings were {written}. The verification then: {error}"}
        except (AnsibleError, EndpointError, InvalidOption, Refused) as error:
            return {"failed": True, "msg": f"The settings were {written}. The verification came to no answer: {error}"}
        in_table = verification.options["table"] and not alone
        answer = verification.answer(report, in_table, self._task.check_mode and changed)
        ended = {"failed": True, "msg": answer["msg"]} if answer.pop("failed", False) else {}
        try:
            if not self._task.check_mode:
                verification.keep(report)
        except NotWritable as error:
            said = ended.get("msg", f"The settings were {written}, and the URLs asked.")
            ended = {"failed": True, "msg": f"{said} {error}"}
        return {**ended, "verification": answer}
