# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: validate_variables
short_description: Check the variables of all hosts of a play before any of them is asked
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Looks at the variables of every host that belong to this collection by their names (C(mde_*), C(endpoint_proxy_*),
    C(endpoint_verify_*), C(streamlined_*) and C(service_allowlist_*)), and fails where one is unknown, has a wrong
    value, or is missing, where one that holds for a whole run differs between hosts, and where the playbook would write
    without a care that is asked for. The message has a sentence for each mistake, with the hosts that it is about.
  - The values of C(endpoint_proxy_*), C(endpoint_verify_*), C(streamlined_*) and C(service_allowlist_*) are
    held against the options of M(mde.connectivity.endpoint_proxy), M(mde.connectivity.reachability),
    M(mde.connectivity.onboarding_package) and M(mde.connectivity.allowlist_files), where the playbook uses them.
  - The first task of the playbooks of this collection, with C(run_once). Runs on the controller and reaches no
    endpoint.
options:
  playbook:
    description: The playbook whose variables are meant.
    type: str
    choices: [allowlist, audit, evidence, plan, rollback, rollout, site, streamlined, streamlined_plan, verify]
    required: true
  hosts:
    description: The hosts whose variables are checked. When the list is empty, all hosts of the play.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes.rollout
  - ansible.builtin.action_common_attributes
"""

EXAMPLES = r"""
- name: Refuse wrong variables before any endpoint is asked
  mde.connectivity.validate_variables:
    playbook: site
  run_once: true

- name: In a role, look at the host alone
  mde.connectivity.validate_variables:
    playbook: verify
    hosts:
      - "{{ inventory_hostname }}"

- name: The same for a playbook of your own that configures and verifies a group
  mde.connectivity.validate_variables:
    playbook: verify
    hosts: "{{ groups['windows'] }}"
  run_once: true
"""

RETURN = r"""
hosts:
  description: How many hosts were checked.
  type: int
  returned: success
  sample: 38
"""
