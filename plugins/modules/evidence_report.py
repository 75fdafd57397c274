# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: evidence_report
short_description: Make summary, table and page from records of evidence, and say how it ended
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Reads the records that a rollout, an audit or a verification left in a directory, and writes C(summary.json),
    C(summary.csv) and C(index.html) beside them.
  - Works at any time, also on the directory of a run that was interrupted or killed, and needs no callback.
  - Prints a line per endpoint, what went wrong by its cause, and where the page is.
  - Runs on the controller and reaches no endpoint. Run it once for a play, with C(run_once).
options:
  directory:
    description:
      - The directory with the records.
      - When left out, the one that M(mde.connectivity.audit) or M(mde.connectivity.endpoint_verify) has written to in
        this run, as O(kind) says.
    type: path
  kind:
    description: Which records are meant where O(directory) is left out.
    type: str
    choices: [audit, verify]
    default: audit
  batch:
    description:
      - The hosts of a batch that has just ended. The task fails where none of them could be read, so that a wrong
        password is not tried on the whole fleet. Before the last batch it does nothing else.
      - An audit or a verification has to be one of this run of C(ansible-playbook) then, also where the list is empty.
      - When left out, all hosts are meant.
    type: list
    elements: str
  pattern:
    description: The pattern that the hosts were chosen by, to count those of them that C(--limit) left out.
    type: raw
  fail_on:
    description: Endings of which a single one makes the task fail, such as V(unread) and V(drifted).
    type: list
    elements: str
    choices: [rolled_back, unverified, failed, drifted, defeated, unread, not_reached, open]
    default: []
attributes:
  check_mode:
    details: Writes the same, since nothing on an endpoint is changed.
    support: full
  diff_mode:
    support: none
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes.rollout
  - ansible.builtin.action_common_attributes
seealso:
  - module: mde.connectivity.rollout_apply
"""

EXAMPLES = r"""
- name: How a rollout ended, from what it left on the disk
  mde.connectivity.evidence_report:
    directory: CHG0001/evidence
  run_once: true

- name: The same, and an error where an endpoint did not end well
  mde.connectivity.evidence_report:
    directory: CHG0001/evidence
    fail_on: [rolled_back, unverified, failed, open]
  run_once: true

- name: Fail for drift
  mde.connectivity.evidence_report:
    directory: /srv/audit/today
    fail_on: [drifted, defeated, unread]
  run_once: true
"""

RETURN = r"""
page:
  description: The file of the page.
  returned: always, unless the directory holds no records
  type: str
  sample: CHG0001/evidence/index.html
lines:
  description: What was printed.
  returned: success
  type: list
  elements: str
  sample: ["39 of 40 are as desired, 1 drifted.", "The whole of it: /srv/audit/today/index.html"]
summary:
  description: What C(summary.json) holds, without the lines of the endpoints.
  returned: success
  type: dict
  sample:
    kind: audit
    hosts: 40
    not_started: 0
    incomplete: false
    sentence: 39 of 40 are as desired, 1 drifted.
    verdicts: {as_desired: 39, drifted: 1, defeated: 0, unread: 0, open: 0}
"""
