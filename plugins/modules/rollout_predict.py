# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_predict
short_description: Read an endpoint for a plan, and predict what endpoint_proxy would change on it
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Reads an endpoint and compares it with its settings, the variables of the role C(mde.connectivity.endpoint_proxy)
    (C(endpoint_proxy_*)), as M(mde.connectivity.endpoint_proxy) does in check mode. M(mde.connectivity.rollout_plan)
    makes a plan of what this task keeps on the controller until the end of the run.
  - An endpoint that could not be read is no failure of this task, but reported as skipped. The plan leaves it out and
    says why. An endpoint whose state does not allow what is asked for is reported as skipped too, and there will be no
    plan.
  - What an endpoint would be warned of is in the plan, and said by M(mde.connectivity.rollout_plan).
  - Used by the playbook C(mde.connectivity.plan).
options:
  plan:
    description: The file of the plan that is going to be made.
    type: path
    required: true
  migration:
    description:
      - Options of M(mde.connectivity.onboarding_package). With them the move to streamlined connectivity is planned,
        and not the settings.
      - An endpoint that can't be moved is reported as skipped, and the plan leaves it out.
    type: dict
attributes:
  check_mode:
    details: Runs in check mode as it does outside of it, since it changes nothing.
    support: full
  diff_mode:
    support: full
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes.rollout
  - ansible.builtin.action_common_attributes
seealso:
  - module: mde.connectivity.rollout_plan
"""

EXAMPLES = r"""
- name: Read the endpoints and predict what would change
  mde.connectivity.rollout_predict:
    plan: /srv/change/plan.json
  any_errors_fatal: true

- name: Write the plan
  mde.connectivity.rollout_plan:
    path: /srv/change/plan.json
  run_once: true

- name: Show what would change as well, with --diff or by this
  mde.connectivity.rollout_predict:
    plan: /srv/change/plan.json
  diff: true
"""

RETURN = r"""
commands:
  description: The commands that would run on the endpoint.
  type: list
  elements: str
  returned: the endpoint could be read
  sample: ["netsh winhttp set proxy proxy-server=\"proxy.example.com:8080\""]
msg:
  description: Why the endpoint could not be read, or why its state does not allow what is asked for.
  type: str
  returned: there is no prediction
  sample: "could not be read: nothing listens at its address"
"""
