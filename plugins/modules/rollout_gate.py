# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_gate
short_description: Let a rollout go on or end, by how its endpoints ended, and leave the evidence of it
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Fails when more endpoints than O(max_failures) did not end V(ok). In a play with C(serial), C(any_errors_fatal)
    keeps the next batch from starting then.
  - Counts over the whole rollout, by the records of evidence. So what was unreachable, unverified or rolled back
    counts, whoever dropped out of the play, an endpoint whose record was damaged, and what an earlier run of the same
    plan left.
  - In a rollout only records of the plan count that M(mde.connectivity.rollout_begin) took the directory for.
  - When a rollout or a rollback stops or ends, it makes summary, table and page from the records, prints how each
    endpoint ended, where the evidence is and how to go on, and gives back the directory that
    M(mde.connectivity.rollout_begin) took. Before, it makes them where they are old.
  - Used by the playbooks C(mde.connectivity.rollout) and C(mde.connectivity.rollback), once per batch, with
    C(run_once). Runs on the controller and reaches no endpoint.
options:
  evidence:
    description: The directory on the controller with the records of evidence.
    type: path
    required: true
  batches:
    description:
      - The sizes of the batches, as in the keyword C(serial), so that the evidence says in which of them a rollout
        stopped.
    type: list
    elements: str
    default: []
  max_failures:
    description: How many endpoints of the rollout may end other than V(ok).
    type: int
    default: 0
  work:
    description: What the endpoints went through. With V(rollback) an endpoint ended well that ended V(rolled_back).
    type: str
    choices: [rollout, rollback]
    default: rollout
attributes:
  check_mode:
    details: Ends as the run would, prints what would happen on each endpoint, and writes nothing.
    support: full
  diff_mode:
    support: none
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes.rollout
  - ansible.builtin.action_common_attributes
seealso:
  - module: mde.connectivity.rollout_apply
  - module: mde.connectivity.rollout_undo
  - module: mde.connectivity.evidence_report
"""

EXAMPLES = r"""
- name: Let the next batch begin only when all is well
  mde.connectivity.rollout_gate:
    evidence: /srv/change/CHG0001
  run_once: true
  any_errors_fatal: true

- name: Two of all may end other than well
  mde.connectivity.rollout_gate:
    evidence: /srv/change/CHG0001
    max_failures: 2
  run_once: true
  any_errors_fatal: true

- name: Fail where an endpoint was not restored
  mde.connectivity.rollout_gate:
    evidence: /srv/change/CHG0001
    work: rollback
  run_once: true
"""

RETURN = r"""
endings:
  description: Each endpoint that did not end well, and how it ended.
  type: dict
  returned: success
  sample:
    pc-0001: "rolled_back: the service is not reached: winatp-gw-weu.microsoft.com proxy_denied"
lines:
  description: What was printed.
  type: list
  elements: str
  returned: success
  sample: ["pc-0001  rolled_back  direct  direct  0 of 12  the service is not reached"]
"""
