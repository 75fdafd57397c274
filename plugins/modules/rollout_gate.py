# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_gate
short_description: Stop a rollout before its next batch when too many endpoints did not end well
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Fails on an endpoint that did not end V(ok), when with it more endpoints than O(max_failures) did so in this
    rollout. In a play with C(serial), C(any_errors_fatal) on this task keeps the next batch from starting.
  - Counts by the records of evidence, so also what an earlier run of the same plan left, and what was unreachable,
    unverified or rolled back.
  - Used by the playbook C(mde.connectivity.rollout). Runs on the controller and reaches no endpoint.
options:
  evidence:
    description: The directory on the controller with the records of evidence.
    type: path
    required: true
  plan_digest:
    description: The digest of the plan that is being carried out.
    type: str
    required: true
  max_failures:
    description: How many endpoints of the rollout may end other than V(ok).
    type: int
    default: 0
attributes:
  check_mode:
    description: Lets everything pass, since nothing was carried out.
    support: full
  diff_mode:
    description: Shows what changes.
    support: none
extends_documentation_fragment:
  - mde.connectivity.attributes.rollout
seealso:
  - module: mde.connectivity.rollout_apply
"""

EXAMPLES = r"""
- name: Let the next batch begin only when all is well
  mde.connectivity.rollout_gate:
    evidence: /srv/change/CHG0001
    plan_digest: "{{ applied.plan_digest }}"
    max_failures: 2
  any_errors_fatal: true
"""

RETURN = r"""
ending:
  description: How the endpoint ended where that is other than V(ok), else empty.
  type: str
  returned: success
  sample: "rolled_back: the service is not reached: winatp-gw-weu.microsoft.com proxy_denied"
"""
