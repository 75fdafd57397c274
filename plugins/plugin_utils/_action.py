# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one run of all actions: validate, ask the endpoint, change it where that is asked for, report."""

from __future__ import annotations

import abc
import contextlib
import functools
import hashlib
import json
from collections.abc import Mapping
from typing import Any, ClassVar

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.validation import check_type_bool, check_type_dict
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import connection_loader, fragment_loader, module_loader
from ansible.utils.collection_loader import AnsibleCollectionConfig
from ansible.utils.plugin_docs import get_plugin_docs

from ._arguments import mistake, trimmed
from ._credentials import without_words
from ._inquiry import Inquiry
from ._operator._packages import missing_package
from ._probe._carrier import program
from ._resources._resource import InvalidOption, Refused, Resource
from ._services._catalogue import built_in
from ._transaction import NotHeld, Transaction, Unknown
from ._windows._endpoint import Endpoint, EndpointError

_SPEC_KEYS = ("type", "elements", "required", "default", "choices", "aliases", "no_log")
_FACT = "mde_connectivity_written"
# The second is what the first is made of, yet Ansible loads it anew under its own name.
_CONNECTIONS = ("mde.connectivity.winrs", "ansible.builtin.winrm")
# Modules that need the lists of service URLs.
_OF_SERVICES = {"connectivity_tool", "reachability"}


@functools.cache
def argument_spec(name: str) -> dict[str, Any]:
    """The argument spec of a module of this collection, read from its documentation."""
    docs = get_plugin_docs(f"mde.connectivity.{name}", "module", module_loader, fragment_loader, False)[0]
    return _spec(docs.get("options") or {})


@functools.cache
def _load_connections() -> None:
    """Load the usual connections with the documentation that holds their options."""
    for name in _CONNECTIONS:
        connection_loader.get(name, class_only=True)


def _load_services() -> None:
    """Read the lists of service URLs and the program that asks them."""
    # What is wrong with them is said where they are needed.
    with contextlib.suppress(Exception):
        built_in()
        program("powershell")


def _spec(options: Mapping[str, Any]) -> dict[str, Any]:
    spec = {}
    for name, option in options.items():
        spec[name] = {key: option[key] for key in _SPEC_KEYS if key in option}
        if "suboptions" in option:
            spec[name]["options"] = _spec(option["suboptions"])
    return spec


class EndpointAction(ActionBase, abc.ABC):  # type: ignore[misc]
    """A module whose work is done on the controller, with native commands to the endpoint.

    module is the name of the module whose documentation is the argument spec, without the collection's; of includes
    are those that it validates options of beside its own.
    on_controller says that it asks no endpoint, so that what an inventory says of connecting to one does not matter.
    """

    module: ClassVar[str]
    includes: ClassVar[tuple[str, ...]] = ()
    on_controller: ClassVar[bool] = False

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = True  # Refused below, with words that say what to do instead.
    _supports_diff = True

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Read docs and lists now: a strategy loads this class before it forks, and a worker lives for one task."""
        super().__init_subclass__(**keywords)
        # Without a finder of collections this is no run of Ansible, and nothing would be found.
        if hasattr(cls, "module") and AnsibleCollectionConfig.collection_finder:
            names = (cls.module, *cls.includes)
            for name in names:
                argument_spec(name)
            if _OF_SERVICES & {*names}:
                _load_services()
            _load_connections()

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        # With -vvv and more a connection prints what comes back, unless this says otherwise: registry values, secrets
        # among them. It is the connection's own copy, so what the task itself shows does not change.
        self._connection._play_context.no_log = True
        try:
            if not self.on_controller:
                self._refuse_keywords()
            result |= self._act(self._options(task_vars or {}), task_vars or {})
        except (EndpointError, InvalidOption, Refused) as error:
            # Raised on from here, ansible-core 2.18 would print it with the text of everything it came from.
            result |= {"failed": True, "msg": str(error)}
        if result.get("warnings") and not self.on_controller:
            # Ansible shows a warning without its host, and equal ones of a whole fleet once.
            place = self._task.delegate_to or (task_vars or {})["inventory_hostname"]
            result["warnings"] = [f"{place}: {warning}" for warning in result["warnings"]]
        return result

    @abc.abstractmethod
    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Do the work for validated options.

        Raises EndpointError, InvalidOption or Refused; nothing has been changed then.
        """

    def _complete(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The user's arguments before they are validated."""
        return dict(arguments)

    def _refuse_keywords(self) -> None:
        """Refuse what this kind of action would silently ignore, and a controller that lacks what it needs."""
        name = f"mde.connectivity.{self.module}"
        if missing := missing_package(self._connection.transport):
            raise Refused(missing)
        if self._play_context.become:
            raise Refused(
                f"become has no effect on {name}: its commands run as the connecting user. "
                "Connect as an administrator (ansible_user), and set neither become for this task nor ansible_become."
            )
        if any(self._task.environment or ()):
            raise Refused(
                f"environment has no effect on {name}: it runs native commands that read none. "
                "Take it off this task; where a play or a block sets it, put this task into another one."
            )
        if self._task.async_val:
            raise Refused(
                f"async does not work with {name}: it runs on the controller and takes seconds. "
                "Remove async and poll; use forks or strategy: free to work on many hosts at once."
            )

    def _options(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        return validated(self.module, self._complete(self._task.args))

    def _of_role(self, *beside: str) -> bool:
        """Whether the option role has the variables of a role say what is asked for; beside may stand beside it.

        Raises InvalidOption.
        """
        given = {name: value for name, value in self._task.args.items() if value is not None and name not in beside}
        role = given.pop("role", False)
        try:
            asked = bool(check_type_bool(role))
        except TypeError:
            raise InvalidOption("role", f"{role!r} is neither true nor false.") from None
        if asked and given:
            others = ", ".join(given)
            raise InvalidOption("role", f"it takes everything from variables of the role; leave {others} out.")
        return asked

    def _with_files(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments in which the names in files are those of files that are there."""
        completed = dict(arguments)
        if isinstance(completed.get("files"), list):
            completed["files"] = [self._found(name) for name in completed["files"]]
        return completed

    def _found(self, name: Any) -> str:
        try:
            return str(self._find_needle("files", name))
        except AnsibleError:
            raise InvalidOption("files", f"There is no file {name!r} where files are searched.") from None


def validated(module: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with defaults and the right types; raises Refused with one sentence."""
    spec = argument_spec(module)
    # As a module gets its options: without what Ansible notes about each text, which the validator would copy.
    given = json.loads(json.dumps(dict(arguments), default=str))
    for name, option in spec.items():
        if "options" in option and not _holds_dictionaries(option, given.get(name)):
            wanted = "a list of dictionaries" if option["type"] == "list" else "a dictionary"
            raise Refused(f"{name} must be {wanted} of options; ansible-doc mde.connectivity.{module} lists them.")
    given = trimmed(spec, given)
    outcome = ArgumentSpecValidator(spec).validate(given)
    if outcome.error_messages:
        raise Refused(without_words(mistake(module, spec, given) or outcome.error_messages[0]))
    return dict(outcome.validated_parameters)


def _holds_dictionaries(option: Mapping[str, Any], given: Any) -> bool:
    """Whether Ansible's validator can tell what is wrong inside: elsewhere it crashes, or does not name the option."""
    parts = given if option["type"] == "list" and isinstance(given, list) else [given]
    try:
        parts = [check_type_dict(part) if isinstance(part, str) else part for part in parts if part is not None]
    except TypeError:
        return False
    return all(isinstance(part, Mapping) and all(isinstance(key, str) for key in part) for part in parts)


class ReportAction(EndpointAction):
    """A module that asks an endpoint something, and changes nothing."""

    inquiry: ClassVar[type[Inquiry]]

    def __init_subclass__(cls, **keywords: Any) -> None:
        cls.module = cls.inquiry.name
        super().__init_subclass__(**keywords)

    def _complete(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return self._with_files(self.inquiry.complete(arguments))

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        inquiry = self.inquiry(options)
        endpoint = Endpoint(self._connection)
        report = inquiry.check(endpoint) if self._task.check_mode else inquiry.ask(endpoint)
        return {"changed": False, **report}


class ResourceAction(EndpointAction):
    """A module that reads one resource of an endpoint, and changes it where it is not as desired."""

    resource: ClassVar[type[Resource]]

    def __init_subclass__(cls, **keywords: Any) -> None:
        cls.module = cls.resource.name
        super().__init_subclass__(**keywords)

    def _complete(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        asks = self.resource.needs_option and not self.resource.read_only
        if asks and all(value is None for value in arguments.values()):
            known = ", ".join(argument_spec(self.module))
            raise Refused(f"No option was given, so nothing was changed. Set one of: {known}.")
        return self.resource.complete(arguments)

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        resource = self.resource(options)
        tidy = not (resource.read_only or self._task.check_mode)
        transaction = Transaction(Endpoint(self._connection), resource, tidy)
        if resource.read_only:
            return {"changed": False, **resource.report(transaction.before)}
        written = task_vars.get("ansible_facts", {}).get(_FACT, {})
        place = f"{self._task.delegate_to} " if self._task.delegate_to else ""
        planned = {f"{place}{write.address}": _digest(str(write)) for write in transaction.change.writes if write.plain}
        reverted = any(written.get(address) == digest for address, digest in planned.items())
        result = self._planned(resource, transaction, reverted)
        if transaction.change.writes and not self._task.check_mode:
            result |= self._apply(resource, transaction, result)
            if not result.get("failed"):
                result["ansible_facts"] = {_FACT: {**written, **planned}}
        return result

    def _planned(self, resource: Resource, transaction: Transaction, reverted: bool) -> dict[str, Any]:
        """The result of check mode, and so the first half of any."""
        change = transaction.change
        before, after = resource.report(transaction.before), resource.report(change.after)
        planned: dict[str, Any] = {
            "changed": bool(change.writes),
            "before": before,
            "after": after,
            "commands": [str(write.command) for write in change.writes],
            "snapshot": transaction.snapshot(),
            "warnings": list(transaction.warnings),
            "reboot_required": bool(change.reboot_reason),
            "reboot_reason": change.reboot_reason,
            "reverted": reverted,
        }
        if reverted:
            planned["warnings"].append(
                "The same settings were written before and have been reverted by policy (GPO, MDM) or another tool "
                "since; they will not last until that is changed at its source."
            )
        if self._task.diff:
            planned["diff"] = {"before": before, "after": after}
        return planned

    def _apply(self, resource: Resource, transaction: Transaction, planned: dict[str, Any]) -> dict[str, Any]:
        """What the result is besides what was planned: nothing, or how the write failed."""
        try:
            transaction.apply()
        except Unknown as error:
            return {
                "failed": True,
                "msg": str(error),
                "after": None,
                "expected": planned["after"],
                "unknown": True,
                "rolled_back": False,
            }
        except NotHeld as error:
            return {
                "failed": True,
                "msg": str(error),
                "changed": not error.rolled_back,
                "after": planned["before"] if error.rolled_back else None,
                "expected": planned["after"],
                "observed": resource.report(error.observed) if error.observed else None,
                "unknown": not error.rolled_back,
                "rolled_back": error.rolled_back,
            }
        return {}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
