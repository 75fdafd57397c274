# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: play_hosts
short_description: The hosts of a play by a pattern that has to match
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Returns the hosts that a pattern names, less those that C(--limit) leaves out, and fails where the pattern or a
    part of it matches nothing. The keyword C(hosts) of a play takes such a pattern for no hosts and succeeds.
  - The playbooks of this collection take their hosts from it, by the variable C(mde_hosts).
  - With C(ansible-playbook --syntax-check) it returns an empty list, since no host is named there.
  - Of a list, Ansible keeps every name once more for each batch of a play, for as long as it runs. Of thousands of
    hosts in many batches, hand it one text instead, as the example does, or an empty list where there is none.
options:
  _terms:
    description: The pattern, a text or a list of texts.
    type: raw
    required: true
seealso:
  - plugin: ansible.builtin.inventory_hostnames
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Look at the endpoints
  hosts: "{{ query('mde.connectivity.play_hosts', mde_hosts | default('')) | join(',') or [] }}"
  gather_facts: false
  tasks:
    - name: Read the settings
      mde.connectivity.endpoint_info:
"""

RETURN = r"""
_list:
  description: Names of hosts, in the order of the inventory.
  type: list
  elements: str
  returned: success
  sample: [pc-0001, pc-0002]
"""

from collections.abc import Mapping
from typing import Any

from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._hosts import NoHosts, hosts_of


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no types
    """Hosts by a pattern."""

    def run(self, terms: list[Any], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Return the names."""
        self.set_options(var_options=variables, direct=kwargs)
        if context.CLIARGS.get("syntax"):
            return []
        if len(terms) != 1:
            raise AnsibleLookupError("The lookup play_hosts takes one term, the pattern.")
        groups = (variables or {}).get("groups", {})
        try:
            return hosts_of(terms[0], groups, self._loader, context.CLIARGS.get("subset"))
        except NoHosts as error:
            raise AnsibleLookupError(str(error)) from None
