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
  - Refuses an endpoint that somebody changed since the rollout.
  - Changes nothing when the endpoint is as it was, so it can be run again after a failure.
  - Removes the scheduled task as well that O(mde.connectivity.rollout_apply#module:confirm_within) may have left.
  - Used by the playbook C(mde.connectivity.rollback).
options:
  evidence:
    description: The directory on the controller with the records of evidence.
    type: path
    required: true
  force:
    description: Whether an endpoint that somebody changed since is restored all the same.
    type: bool
    default: false
attributes:
  check_mode:
    description: Says which values would be restored.
    support: full
  diff_mode:
    description: Shows what changes.
    support: none
extends_documentation_fragment:
  - mde.connectivity.attributes
  - mde.connectivity.attributes.rollout
seealso:
  - module: mde.connectivity.rollout_apply
"""

EXAMPLES = r"""
- name: Restore the endpoint
  mde.connectivity.rollout_undo:
    evidence: /srv/change/CHG0001
"""

RETURN = r"""
restored:
  description: The values that were restored.
  type: list
  elements: str
  returned: success
  sample: ["HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\DataCollection\\TelemetryProxyServer"]
reason:
  description: Why nothing had to be restored, else empty.
  type: str
  returned: success
  sample: nothing was written
"""
