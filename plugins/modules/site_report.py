# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: site_report
short_description: Say in one table how the endpoints of a play were configured and verified
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Prints for each host of the play what was set, what is set now, which proxy wins, how many URLs are reached, and how
    it ended; the worst first, 42 at most. Below it stand the causes that several hosts have in common, and as the last
    line how many ended how, with those that were not looked at.
  - Takes it from the results that the roles C(mde.connectivity.endpoint_proxy) and C(mde.connectivity.endpoint_verify)
    registered, C(endpoint_proxy_result) and C(endpoint_verify_result). The first has the verification in it where
    O(mde.connectivity.endpoint_proxy#module:verify_role) is set.
  - The last task of the playbook C(mde.connectivity.site), in the section C(always) of a block, so that it stands as
    well where hosts failed. Where no host at all can be reached, Ansible ends the play before it.
  - Runs on the controller and reaches no endpoint. Run it once for a play, with C(run_once).
options:
  pattern:
    description: The pattern that the hosts were chosen by, to count those of them that C(--limit) left out.
    type: raw
attributes:
  check_mode:
    details: Says what is planned, and that it was not done.
    support: full
  diff_mode:
    support: none
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes.rollout
  - ansible.builtin.action_common_attributes
seealso:
  - module: mde.connectivity.evidence_report
"""

EXAMPLES = r"""
- name: Say how it ended
  mde.connectivity.site_report:
    pattern: "{{ mde_hosts }}"
  run_once: true

- name: The same without a count of what was left out
  mde.connectivity.site_report:
  run_once: true

- name: Look at the counts in a playbook of your own
  mde.connectivity.site_report:
  run_once: true
  register: ended
"""

RETURN = r"""
lines:
  description: What was printed.
  returned: success
  type: list
  elements: str
  sample: ["2 of 2 ended well, 1 as desired, 1 changed."]
counts:
  description: How many hosts ended how, the worst first.
  returned: success
  type: dict
  sample: {unreachable: 1, changed: 37, as desired: 2}
"""
