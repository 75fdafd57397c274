# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_apply
short_description: Carry out what was planned and approved for an endpoint, verify it, and restore it where that fails
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Brings an endpoint into the state that a plan of M(mde.connectivity.rollout_plan) says, as
    M(mde.connectivity.endpoint_proxy) would, and asks the service URLs from it, as M(mde.connectivity.reachability)
    does.
  - Refuses a plan that is too old, was edited, is for other settings, or is not the one that
    M(mde.connectivity.rollout_begin) took the directory for, and an endpoint that is not as it was when the plan was
    made.
  - Where the service is not reached after the write, the exact bytes from before are restored.
  - Never fails for what is found on the endpoint. RV(verdict) says how it ended, and
    M(mde.connectivity.rollout_gate) after it decides whether the rollout goes on. So an endpoint that can't be
    reached stays in the count.
  - Writes a record of the endpoint on the controller before the write, and completes it afterwards. Run again with
    the same plan, it goes on where an earlier run ended. An endpoint that ended V(ok) then is read, and ends V(failed)
    where it has moved since.
  - Needs the directory in O(evidence) to be this run's, which M(mde.connectivity.rollout_begin) sees to. Ends before
    its next write when the run that began it is gone.
  - Used by the playbook C(mde.connectivity.rollout).
options:
  plan:
    description: The file of the plan.
    type: path
    required: true
  evidence:
    description: The directory on the controller for the records of evidence.
    type: path
    required: true
  change:
    description: The number of the change that the approval belongs to.
    type: str
    required: true
  verify:
    description:
      - Options of M(mde.connectivity.reachability) for the verification.
      - Without it nothing is verified.
    type: dict
  verify_role:
    description:
      - Whether the variables of the role C(mde.connectivity.endpoint_verify) say what is verified, instead of
        O(verify).
      - In a fleet that is much cheaper, as each option that is a template is compiled for each endpoint.
    type: bool
    default: false
  migration:
    description:
      - Options of M(mde.connectivity.onboarding_package), for a plan of a move to streamlined connectivity. They have
        to be those of the plan, and O(verify) says what has to be reached before the package runs.
    type: dict
  batches:
    description: The sizes of the batches, as in the keyword C(serial), so that the record names the batch.
    type: list
    elements: str
    default: []
  confirm_within:
    description:
      - Minutes after which the endpoint restores the old state by itself, unless the verification has succeeded by
        then. V(0) leaves no such task on the endpoint.
      - It needs an administrator, and refuses a change to the settings of a user, which are loaded only while the user
        is logged on.
      - A restart of the endpoint begins the minutes anew. Choose more minutes than the verification can take, for an
        endpoint that was faster ends as V(rolled_back).
      - A later run with the same records, or with this option, takes the place of a task that an earlier run left. A
        run with neither does not know of it, so wait until the minutes are over.
    type: int
    default: 0
  deadline:
    description:
      - Minutes that all of this may take on one endpoint, from 1 to 1440. What is under way then is given up, and the
        endpoint ends as V(unverified).
    type: int
    default: 30
  replan:
    description: Whether an endpoint whose state has moved since the plan is brought into the planned state as well.
    type: bool
    default: false
attributes:
  check_mode:
    details: Reads the endpoint and says what would happen, and neither writes nor verifies.
    support: full
  diff_mode:
    support: full
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes
  - mde.connectivity.attributes.rollout
  - ansible.builtin.action_common_attributes
notes:
  - With O(confirm_within), a scheduled task C(mde.connectivity.undo) and a directory of that name in the Windows
    directory are on the endpoint from before the write until the verification has succeeded.
seealso:
  - module: mde.connectivity.rollout_plan
  - module: mde.connectivity.rollout_gate
  - module: mde.connectivity.rollout_undo
"""

EXAMPLES = r"""
- name: Carry out the plan, and verify
  mde.connectivity.rollout_apply:
    plan: /srv/change/plan.json
    evidence: /srv/change/CHG0001
    change: CHG0001
    verify:
      regions: [eu]
      unprobed: omit
      run_as: system
    confirm_within: 15
"""

RETURN = r"""
verdict:
  description:
    - How it ended. V(ok), V(rolled_back), V(unverified) where it is not known what the endpoint holds, or V(failed).
  type: str
  returned: success
  sample: ok
reason:
  description: Why, in a sentence.
  type: str
  returned: success
  sample: changed as planned
change:
  description: The number of the change.
  type: str
  returned: the record of the endpoint can be read
  sample: CHG0001
plan_digest:
  description: The digest of the plan.
  type: str
  returned: the record of the endpoint can be read
  sample: 4b0d0a3f7f9c0f6f2f7a4c7c1b8e6d5a4f3e2d1c0b9a8f7e6d5c4b3a29180706
record:
  description: The file of evidence on the controller.
  type: str
  returned: the record of the endpoint can be read
  sample: /srv/change/CHG0001/hosts/pc-0001.json
reboot_reason:
  description: Why the endpoint has to be restarted, empty where it need not be.
  type: str
  returned: the record of the endpoint can be read
  sample: ""
"""
