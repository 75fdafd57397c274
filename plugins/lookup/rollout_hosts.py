# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: rollout_hosts
short_description: The hosts of a plan or of a directory of evidence
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Returns the hosts that a plan of M(mde.connectivity.rollout_plan) is for, or those that a directory of evidence
    has records of. The playbooks C(mde.connectivity.rollout) and C(mde.connectivity.rollback) take their hosts from
    it.
  - Where it says the hosts of a play and C(ansible-playbook) ends before the rollout or rollback of O(evidence) does,
    as after Ctrl-C, the evidence is completed from the records, and the last lines say where it is and how to go on.
  - With C(ansible-playbook --syntax-check) it returns an empty list, since no file is named there.
  - Where it says the hosts of a play, an inventory without a host is refused, since Ansible would do nothing and say
    that all went well.
options:
  _terms:
    description: The lookup takes options only, so no term may be given.
    type: list
    elements: str
    default: []
  plan:
    description: The file of a plan.
    type: path
  evidence:
    description:
      - A directory of evidence. Hosts on which nothing was written are left out.
      - With O(plan) it is the directory that the rollout leaves, and the hosts are those of the plan.
      - A host whose record was damaged is in the list, so that its task can say so, and no other host waits for it.
    type: path
seealso:
  - module: mde.connectivity.rollout_plan
"""

EXAMPLES = r"""
- name: How many endpoints does the plan change?
  ansible.builtin.debug:
    msg: "{{ query('mde.connectivity.rollout_hosts', plan='/srv/change/plan.json') | length }}"
"""

RETURN = r"""
_list:
  description: Names of hosts, sorted.
  type: list
  elements: str
  returned: success
  sample: [pc-0001, pc-0002]
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import (
    HOSTS,
    RecordError,
    file_name,
    read,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._hosts import NoHosts, limited
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._meant import few
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._cut import tell_if_cut
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._plan import PlanError, load
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._undo import holds_package

_EMPTY = {
    "plan": "Name the approved plan, as in -e mde_plan=plan.json: mde_plan is not set, or empty.",
    "evidence": "Name the evidence, as in -e mde_evidence=CHG0001: mde_evidence is not set, or empty.",
}


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no types
    """Hosts of a plan or of evidence."""

    def run(self, terms: list[Any], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Return the names."""
        self.set_options(var_options=variables, direct=kwargs)
        if context.CLIARGS.get("syntax"):
            return []
        needed = "plan" if "plan" in kwargs else "evidence"
        if kwargs.get(needed) == "":
            raise AnsibleLookupError(_EMPTY[needed])
        plan, evidence = self.get_option("plan"), self.get_option("evidence")
        if terms or not (plan or evidence):
            raise AnsibleLookupError("The lookup rollout_hosts takes plan=FILE or evidence=DIRECTORY, and no term.")
        groups = (variables or {}).get("groups", {})
        known, limit = groups.get("all", []), context.CLIARGS.get("subset")
        # For the hosts of a play there is no host yet.
        if groups and not known and "inventory_hostname" not in (variables or {}):
            raise AnsibleLookupError("The inventory has no host: name the one of the rollout, as in -i inventory.yml.")
        if evidence:
            tell_if_cut(Path(evidence), "rollout" if plan else "rollback")
        try:
            hosts = _planned(Path(plan), known) if plan else _touched(Path(evidence), known, limit)
            if limit is not None and known and hosts and not limited(hosts, groups, self._loader, limit):
                raise NoHosts(f"--limit {limit} leaves none of the {len(hosts)} hosts of {plan or evidence}.")
        except (NoHosts, PlanError, RecordError) as error:
            raise AnsibleLookupError(str(error)) from None
        return hosts


def _planned(plan: Path, known: Sequence[str]) -> list[str]:
    hosts = sorted(load(plan).hosts)
    planned = set(hosts)
    # Slices of a job have an inventory with some of the hosts, so it is none at all that is wrong.
    if known and not any(host in planned for host in known):
        raise AnsibleLookupError(f"The plan {plan} was made for other hosts: none of them is in the inventory.")
    return hosts


def _touched(evidence: Path, known: Sequence[str], limit: str | None) -> list[str]:
    """The hosts with a record of a write, and those whose record can't be read: their task says why."""
    directory = evidence / HOSTS
    if not directory.is_dir():
        raise AnsibleLookupError(f"{evidence} is no directory of evidence: it has no {HOSTS} in it.")
    names = {file_name(host): host for host in known}
    hosts = []
    for path in sorted(directory.glob("*.json")):
        try:
            record = read(path)
        except RecordError as error:
            if path.name in names:
                hosts.append(names[path.name])
            else:
                Display().warning(f"{error} No host of the inventory has a record of that name, so it is left alone.")
        else:
            hosts += [record.host] if record.snapshot or holds_package(record) else []
    lost = sorted({*hosts} - {*known}) if known and limit is None else ()
    if lost:
        raise AnsibleLookupError(
            f"{evidence} has records of writes to endpoints that are not in the inventory: {few(lost)}. "
            "Take the inventory of the rollout, or leave them as they are, by --limit with the others."
        )
    return sorted(hosts)
