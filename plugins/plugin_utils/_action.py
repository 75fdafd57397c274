# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one run of all actions: validate, read, plan, write, read back, report."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import fragment_loader, module_loader
from ansible.utils.plugin_docs import get_plugin_docs

from ._endpoint import Endpoint, EndpointError
from ._resources._resource import InvalidOption, Refused, Resource
from ._transaction import NotHeld, Transaction, Unknown

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
            transaction = Transaction(Endpoint(self._connection), resource)
        except (EndpointError, InvalidOption, Refused) as error:
            raise AnsibleActionFail(str(error)) from error
        if resource.read_only:
            return {**result, "changed": False, **resource.report(transaction.before)}
        written = dict((task_vars or {}).get("ansible_facts", {}).get(_FACT, {}))
        digest = hashlib.sha256(json.dumps(options, sort_keys=True, default=str).encode()).hexdigest()
        result.update(self._planned(resource, transaction, written.get(self._name) == digest))
        if result["changed"] and not self._task.check_mode:
            self._apply(resource, transaction, result)
            result["ansible_facts"] = {_FACT: {**written, self._name: digest}}
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
        if not self.resource.read_only and all(value is None for value in arguments.values()):
            raise AnsibleActionFail(
                f"No option was given, so nothing was changed. Set one of: {', '.join(spec)}."
            )
        validated = ArgumentSpecValidator(spec).validate(self.resource.complete(arguments))
        if validated.error_messages:
            raise AnsibleActionFail(". ".join(validated.error_messages))
        return dict(validated.validated_parameters)

    def _planned(self, resource: Resource, transaction: Transaction, was_written: bool) -> dict[str, Any]:
        """The result of check mode, and so the first half of any."""
        change = transaction.change
        before, after = resource.report(transaction.before), resource.report(change.after)
        planned: dict[str, Any] = {
            "changed": bool(change.commands),
            "before": before,
            "after": after,
            "commands": [command.text for command in change.commands],
            "snapshot": transaction.snapshot(),
            "warnings": list(change.warnings),
            "reboot_required": bool(change.reboot_reason),
            "reboot_reason": change.reboot_reason,
            "reverted": was_written and bool(change.commands),
        }
        if planned["reverted"]:
            planned["warnings"].append(
                "The same settings were written before and have been reverted by policy (GPO, MDM) or another tool "
                "since; they will not last until that is changed at its source."
            )
        if self._task.diff:
            planned["diff"] = {"before": before, "after": after}
        return planned

    def _apply(self, resource: Resource, transaction: Transaction, result: dict[str, Any]) -> None:
        try:
            result["after"] = resource.report(transaction.apply())
        except Unknown as error:
            ending: dict[str, Any] = {"after": None, "unknown": True, "rolled_back": False}
            raise AnsibleActionFail(str(error), result={**result, **ending}) from error
        except NotHeld as error:
            observed = resource.report(error.observed)
            ending = {
                "changed": not error.rolled_back,
                "after": result["before"] if error.rolled_back else None,
                "expected": result["after"],
                "observed": observed,
                "unknown": not error.rolled_back,
                "rolled_back": error.rolled_back,
            }
            message = f"{error} {_first_difference(result['after'], observed)}"
            raise AnsibleActionFail(message, result={**result, **ending}) from error


def _first_difference(expected: Any, observed: Any, path: str = "") -> str:
    """A sentence about the first place where two reports differ."""
    if isinstance(expected, dict) and isinstance(observed, dict):
        for key in expected:
            if expected[key] != observed.get(key):
                return _first_difference(expected[key], observed.get(key), f"{path}.{key}".lstrip("."))
    return f"{path} should be {json.dumps(expected)} and is {json.dumps(observed)}."
