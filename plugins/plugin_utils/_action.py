# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one run of all actions: validate, read, plan, write, read back, diff."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import fragment_loader, module_loader
from ansible.utils.plugin_docs import get_plugin_docs

from ._endpoint import Completed, Endpoint, EndpointError
from ._registry import Address, Reading, Registry, RegistryValue, restore
from ._resources._endpoint_info import EndpointInfo, full_report
from ._resources._resource import Change, InvalidOption, Refused, Resource
from ._resources._state import State

_SPEC_KEYS = ("type", "elements", "required", "default", "choices", "aliases", "no_log")
_FACT = "mde_connectivity_written"


@functools.cache
def argument_spec(name: str) -> dict[str, Any]:
    """The argument spec of a module of this collection, read from its documentation."""
    docs = get_plugin_docs(f"mde.connectivity.{name}", "module", module_loader, fragment_loader, False)[0]
    return _spec(docs.get("options") or {})


def _spec(options: Mapping[str, Any]) -> dict[str, Any]:
    spec = {}
    for name, option in options.items():
        spec[name] = {key: option[key] for key in _SPEC_KEYS if key in option}
        if "suboptions" in option:
            spec[name]["options"] = _spec(option["suboptions"])
    return spec


class ResourceAction(ActionBase):  # type: ignore[misc]
    """A module that reads one resource of an endpoint, and changes it where it is not as desired."""

    resource: ClassVar[type[Resource]]

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = True  # Refused below, with words that say what to do instead.
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._refuse_keywords()
        options = self._options()
        try:
            resource = self.resource(options)
            endpoint = Endpoint(self._connection)
            registry = self._read(endpoint, resource)
            before = resource.decode(registry, State())
            if isinstance(resource, EndpointInfo):
                return {**result, "changed": False, **full_report(before, raw=True)}
            change = resource.plan(before)
        except (EndpointError, InvalidOption, Refused) as error:
            raise AnsibleActionFail(str(error)) from error
        result.update(self._planned(resource, registry, before, change))
        self._mark_reverted(result, options, task_vars or {})
        if change.commands and not self._task.check_mode:
            self._apply(endpoint, resource, registry, before, change, result)
            result["ansible_facts"] = {_FACT: self._written(task_vars or {}) | {self._name: _digest(options)}}
        return result

    @property
    def _name(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    def _refuse_keywords(self) -> None:
        """Refuse what this kind of action would silently ignore."""
        if self._play_context.become or self._task.become:
            raise AnsibleActionFail(
                f"become has no effect on mde.connectivity.{self._name}: its commands run as the connecting user. "
                "Connect as an administrator (ansible_user) and set become: false on this task."
            )
        if any(self._task.environment or ()):
            raise AnsibleActionFail(
                f"environment has no effect on mde.connectivity.{self._name}: it runs native commands that read none. "
                "Remove environment from this task, or set environment: {} where a play sets it."
            )
        if self._task.async_val:
            raise AnsibleActionFail(
                f"async does not work with mde.connectivity.{self._name}: it runs on the controller and takes seconds. "
                "Remove async and poll; use forks or strategy: free to work on many hosts at once."
            )

    def _options(self) -> dict[str, Any]:
        spec = argument_spec(self._name)
        arguments = self._task.args
        if not issubclass(self.resource, EndpointInfo) and all(value is None for value in arguments.values()):
            raise AnsibleActionFail(
                f"No option was given, so nothing was changed. Set one of: {', '.join(spec)}."
            )
        validated = ArgumentSpecValidator(spec).validate(self.resource.complete(arguments))
        if validated.error_messages:
            raise AnsibleActionFail(". ".join(validated.error_messages))
        return dict(validated.validated_parameters)

    def _read(self, endpoint: Endpoint, resource: Resource) -> Registry:
        reading = Reading(resource.queries())
        return reading.parse(endpoint.run(reading.commands))

    def _planned(
        self, resource: Resource, registry: Registry, before: State, change: Change
    ) -> dict[str, Any]:
        was, will_be = resource.report(before), resource.report(change.after)
        planned: dict[str, Any] = {
            "changed": bool(change.commands),
            "before": was,
            "after": will_be,
            "commands": [command.text for command in change.commands],
            "snapshot": [_snapshot(address, registry.value(address)) for address in change.touched],
            "warnings": list(change.warnings),
            "reboot_required": bool(change.reboot_reason),
            "reboot_reason": change.reboot_reason,
        }
        if self._task.diff:
            planned["diff"] = {"before": was, "after": will_be}
        return planned

    def _apply(
        self,
        endpoint: Endpoint,
        resource: Resource,
        registry: Registry,
        before: State,
        change: Change,
        result: dict[str, Any],
    ) -> None:
        """Write and read back in one batch; a difference puts the old values back and fails."""
        reading = Reading(resource.queries())
        try:
            completed = endpoint.run([*change.commands, *reading.commands])
            observed = resource.decode(reading.parse(completed[len(change.commands) :]), State())
        except Exception as error:
            # Whatever broke, the write may have happened: this must not end as a plain failure or as unreachable.
            raise AnsibleActionFail(
                f"The state of the endpoint is unknown: the write was sent, but it could not be read back ({error}). "
                "Run the task again to find out and to repair.",
                result={**result, "after": None, "unknown": True, "rolled_back": False},
            ) from error
        if observed == change.after:
            result["after"] = resource.report(observed)
            return
        said = _said(completed[: len(change.commands)])
        rolled_back = observed == before or self._put_back(endpoint, resource, registry, before, change)
        expected, seen = result["after"], resource.report(observed)
        ending = (
            "The values from before are in place." if rolled_back else "The old values could NOT be put back."
        )
        raise AnsibleActionFail(
            f"The endpoint does not hold what was written{said}. {ending} See expected and observed in the result.",
            result={
                **result,
                "changed": not rolled_back,
                "after": result["before"] if rolled_back else None,
                "expected": expected,
                "observed": seen,
                "unknown": not rolled_back,
                "rolled_back": rolled_back,
            },
        )

    def _put_back(
        self, endpoint: Endpoint, resource: Resource, registry: Registry, before: State, change: Change
    ) -> bool:
        reading = Reading(resource.queries())
        try:
            undo = [restore(address, registry.value(address)) for address in change.touched]
            completed = endpoint.run([*undo, *reading.commands])
            return resource.decode(reading.parse(completed[len(undo) :]), State()) == before
        except (AnsibleError, EndpointError, OSError, ValueError):
            return False

    def _written(self, task_vars: Mapping[str, Any]) -> dict[str, str]:
        return dict(task_vars.get("ansible_facts", {}).get(_FACT, {}))

    def _mark_reverted(
        self, result: dict[str, Any], options: dict[str, Any], task_vars: Mapping[str, Any]
    ) -> None:
        """Tell a first change from one that is needed again: the same settings had been written before."""
        result["reverted"] = result["changed"] and self._written(task_vars).get(self._name) == _digest(
            options
        )
        if result["reverted"]:
            result["warnings"].append(
                "The same settings were written before and have been reverted by policy (GPO, MDM) or another tool "
                "since; they will not last until that is changed at its source."
            )


def _digest(options: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(options, sort_keys=True, default=str).encode()).hexdigest()


def _snapshot(address: Address, value: RegistryValue | None) -> dict[str, Any]:
    """What restores one value exactly; data is hex of the registry's bytes."""
    entry: dict[str, Any] = {"key": address.key, "name": address.name, "view": address.view}
    if value is None:
        return {**entry, "absent": True}
    withheld = "@" in value.text or b"@" in value.data
    data = {"withheld": "it may hold credentials"} if withheld else {"data": value.data.hex()}
    return {**entry, "absent": False, "type": value.type, **data}


def _said(completed: list[Completed]) -> str:
    texts = [" ".join(answer.stdout.split()) for answer in completed if answer.rc or "(" in answer.stdout]
    return f" and said: {texts[0][:300]}" if texts else ""
