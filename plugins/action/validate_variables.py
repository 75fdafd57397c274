# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check what a person set for a playbook, for all hosts of the play at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError
from ansible.template import Templar
from ansible.utils.vars import load_extra_vars
from ansible_collections.mde.connectivity.plugins.plugin_utils._action import EndpointAction
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._check import (
    Mistake,
    check,
    is_checked,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._variables import (
    FAMILIES,
    PLAYBOOKS,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import Refused
from ansible_collections.mde.connectivity.plugins.plugin_utils._run import mark_beginning

_BATCHES = "mde_batches"
_NOTHING = "Nothing was read or changed."
_TEMPLATE = re.compile(r"\{[{%#]")


class ActionModule(EndpointAction):
    module = "validate_variables"
    includes = tuple(family.module for family in FAMILIES.values())
    on_controller = True

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        hosts = options["hosts"] or task_vars["ansible_play_hosts_all"]
        # A role names the hosts that it checks, in a play of somebody's own, which may use these.
        unsafe = () if options["hosts"] else PLAYBOOKS[options["playbook"]].unsafe
        try:
            check(options["playbook"], self._given(unsafe, hosts, task_vars), len(hosts), self._with_files)
        except Mistake as error:
            raise Refused(str(error)) from None
        # The directories of an audit and a verification have its name, whatever is kept there later.
        mark_beginning()
        return {"changed": False, "hosts": len(hosts)}

    def _given(
        self, unsafe: Sequence[str], hosts: Sequence[str], task_vars: Mapping[str, Any]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each host, and its variables that are checked, as a task on it would see them."""
        hostvars = task_vars["hostvars"]
        own = hostvars.raw_get(task_vars["inventory_hostname"])
        # What a task sees beyond a host's own variables comes from the play, and so holds for every host of it.
        of_play = {n: v for n, v in task_vars.items() if n != "vars" and not (n in own and own[n] == v)}
        of_run = {*of_play, *load_extra_vars(self._loader)}
        templar = Templar(loader=self._loader)
        for host in hosts:
            templar.available_variables = raw = {**hostvars.raw_get(host), **of_play}
            if ignored := next((name for name in unsafe if name in (of_run if name != _BATCHES else raw)), None):
                raise Refused(
                    f"{ignored} has no effect in this playbook, which would change its hosts without it: leave it out. "
                    f"{_NOTHING}"
                )
            if _BATCHES in raw and _BATCHES not in of_run:
                raise Refused(
                    f"{_BATCHES} of {host} comes from the inventory, where it has no effect: a play is cut into "
                    f"batches before it looks at hosts. Set it with -e, or as a variable of the import. {_NOTHING}"
                )
            yield host, {name: _read(templar, host, name, raw[name]) for name in raw if is_checked(name)}


def _read(templar: Templar, host: str, name: str, value: Any) -> Any:
    # A template is compiled anew for every host, and most settings are none.
    if not _TEMPLATE.search(json.dumps(value, default=str)):
        return value
    try:
        return templar.template(value)
    except AnsibleError as error:
        raise Refused(f"{name} of {host} can't be worked out: {error} {_NOTHING}") from None
