# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_plan
short_description: Write a plan of what endpoint_proxy would change, for an approval to refer to
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Takes what M(mde.connectivity.rollout_predict) predicted for the hosts of the play, and writes it into one file with
    a digest, and into a page that a person can read.
  - Endpoints that could not be read are left out. Where the state of an endpoint does not allow what is asked for, and
    where none could be read, the task fails and nothing is written.
  - It prints how many endpoints would change, which were left out and why, and what endpoints are warned of.
  - Used by the playbook C(mde.connectivity.plan). Runs on the controller and reaches no endpoint.
options:
  path:
    description: The file of the plan, which ends in C(.json). The page is beside it, with the ending C(.html).
    type: path
    required: true
  valid_hours:
    description: How many hours the plan may be carried out, from 1 to 8760.
    type: int
    default: 24
attributes:
  check_mode:
    details: Makes the plan without writing it.
    support: full
  diff_mode:
    support: none
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes.rollout
  - ansible.builtin.action_common_attributes
seealso:
  - module: mde.connectivity.rollout_predict
  - module: mde.connectivity.rollout_apply
"""

EXAMPLES = r"""
- name: Write the plan of what rollout_predict found on the hosts of this play
  mde.connectivity.rollout_plan:
    path: /srv/change/plan.json
  run_once: true

- name: A plan that is valid over the weekend
  mde.connectivity.rollout_plan:
    path: /srv/change/plan.json
    valid_hours: 72
  run_once: true
"""

RETURN = r"""
path:
  description: The file of the plan.
  type: str
  returned: success
  sample: /srv/change/plan.json
page:
  description: The page for the person who approves.
  type: str
  returned: success
  sample: /srv/change/plan.html
digest:
  description: SHA-256 over the plan.
  type: str
  returned: success
  sample: 4b0d0a3f7f9c0f6f2f7a4c7c1b8e6d5a4f3e2d1c0b9a8f7e6d5c4b3a29180706
hosts:
  description: The hosts that are planned for.
  type: list
  elements: str
  returned: success
  sample: [pc-0001, pc-0002]
to_change:
  description: Those of them that differ from what is asked for.
  type: list
  elements: str
  returned: success
  sample: [pc-0001]
left_out:
  description: Hosts that could not be read, and why.
  type: dict
  returned: success
  sample: {pc-0003: nothing listens at its address}
lines:
  description:
    - What was printed, with a line for each reason for which endpoints were left out, and for each warning.
  type: list
  elements: str
  returned: success
  sample:
    - 1 of 2 endpoints would be changed.
    - "Could not be read, and left out: 1 (pc-0003): nothing listens at its address."
    - "Warned of: 1 (pc-0001): A static proxy and a WinHTTP proxy are both set; the sensor prefers the static one."
    - "To approve: /srv/change/plan.html, digest 4b0d0a3f7f9c0f6f2f7a4c7c1b8e6d5a4f3e2d1c0b9a8f7e6d5c4b3a29180706"
"""
