# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_begin
short_description: Take a directory of evidence for one run, and for the approved plan, before anything is written
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Refuses a plan that is not the approved one, is too old, was edited, or names hosts that are not in the inventory.
  - Refuses a directory of evidence that belongs to another plan or another change, and one in which another run is at
    work. It says whose it is. A run that was killed on this machine is recognised, and the directory goes to the next.
  - The directory is this run's until M(mde.connectivity.rollout_gate) gives it back, or the run has ended.
  - Used by the playbooks C(mde.connectivity.rollout) and C(mde.connectivity.rollback), with C(run_once). Runs on the
    controller and reaches no endpoint.
options:
  evidence:
    description: The directory on the controller for the records of evidence. It is made where it is missing.
    type: path
    required: true
  plan:
    description:
      - The file of the plan.
      - Without it the directory is taken for a rollback, whatever plan it belongs to.
    type: path
  plan_digest:
    description: The digest that was approved. Without it the plan is compared with none.
    type: str
  change:
    description: The number of the change that the approval belongs to.
    type: str
    default: ""
  slice:
    description:
      - Whether the inventory holds some of the plan's hosts only, as that of a slice of a job does.
      - Hosts of the plan that are not in the inventory are then no part of this rollout.
    type: bool
    default: false
attributes:
  check_mode:
    details: Refuses what it would refuse, and takes and writes nothing.
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
  - module: mde.connectivity.rollout_gate
"""

EXAMPLES = r"""
- name: Take the directory for the plan that was approved
  mde.connectivity.rollout_begin:
    plan: /srv/change/plan.json
    plan_digest: "{{ approved }}"
    change: CHG0001
    evidence: /srv/change/CHG0001
  run_once: true

- name: Take it for one slice of a job
  mde.connectivity.rollout_begin:
    plan: /srv/change/plan.json
    change: CHG0001
    evidence: /srv/change/CHG0001/pc-0001
    slice: true
  run_once: true

- name: Take it for a rollback
  mde.connectivity.rollout_begin:
    evidence: /srv/change/CHG0001
  run_once: true
"""

RETURN = r"""
hosts:
  description: The hosts that the directory is about, empty for a rollback.
  type: list
  elements: str
  returned: success
  sample: [pc-0001, pc-0002]
"""
