# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_undo
short_description: Restore an endpoint to what it was before a rollout
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Puts the exact bytes back that the record of evidence of an endpoint holds, and takes a value away that was not
    there before.
  - Leaves an endpoint alone that somebody changed since the rollout.
  - Changes nothing when the endpoint is as it was, so it can be run again after a failure.
  - Never fails for what is found on the endpoint. RV(verdict) says how it ended, and M(mde.connectivity.rollout_gate)
    after it fails where an endpoint was not restored. The record says what the endpoint holds then.
  - Needs the directory in O(evidence) to be this run's, which M(mde.connectivity.rollout_begin) sees to.
  - Removes the scheduled task as well that O(mde.connectivity.rollout_apply#module:confirm_within) may have left.
  - Used by the playbook C(mde.connectivity.rollback).
options:
  evidence:
    description: The directory on the controller with the records of evidence.
    type: path
    required: true
  deadline:
    description: Minutes that all of this may take on one endpoint, from 1 to 1440.
    type: int
    default: 30
  force:
    description: Whether an endpoint that somebody changed since is restored all the same.
    type: bool
    default: false
  migration:
    description:
      - Options of M(mde.connectivity.onboarding_package) for endpoints that were moved to streamlined connectivity,
        with the package for standard connectivity as C(package). Without it, such an endpoint fails.
    type: dict
attributes:
  check_mode:
    details: Says which values would be restored.
    support: full
  diff_mode:
    support: none
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes
  - mde.connectivity.attributes.rollout
  - ansible.builtin.action_common_attributes
seealso:
  - module: mde.connectivity.rollout_apply
"""

EXAMPLES = r"""
- name: Restore the endpoint
  mde.connectivity.rollout_undo:
    evidence: /srv/change/CHG0001
"""

RETURN = r"""
verdict:
  description: How it ended. V(rolled_back), or V(unverified) or V(failed) where it was not restored.
  type: str
  returned: success
  sample: rolled_back
restored:
  description: The values that were restored, or would be in check mode.
  type: list
  elements: str
  returned: success
  sample: ["HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\DataCollection\\TelemetryProxyServer"]
reason:
  description: Why it ended so, in a sentence.
  type: str
  returned: success
  sample: restored by a rollback
"""
