# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: audit
short_description: Say whether an endpoint is as its settings want it, and keep the answer
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Reads an endpoint and compares it with its settings, the variables of the role C(mde.connectivity.endpoint_proxy)
    (C(endpoint_proxy_*)). Nothing is changed, and an account that may only read is enough.
  - There are four answers. V(as_desired) is an endpoint that has its settings, and on which the way that they mean
    wins. V(drifted) is one that M(mde.connectivity.endpoint_proxy) would change, or whose state does not allow the
    settings. V(defeated) is one that has its settings, and on which another way wins, such as a static proxy that
    somebody set beside the WinHTTP proxy. V(unread) is one that nobody knows anything of.
  - Which way is meant follows from O(mde.connectivity.endpoint_proxy#module:method), and without it from the blocks, in
    the order in which the sensor looks.
  - What is found is no failure of this task. M(mde.connectivity.evidence_report) decides, after all endpoints.
  - Used by the playbook C(mde.connectivity.audit).
options:
  directory:
    description:
      - The directory on the controller in which the answers are kept, of this run alone.
      - When left out, C(audit-) and the time at which this run began, in the current directory.
    type: path
attributes:
  check_mode:
    details: Runs in check mode as it does outside of it, since it changes nothing on an endpoint.
    support: full
  diff_mode:
    details: Shows the settings in which a drifted endpoint differs, in words.
    support: full
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes.rollout
  - ansible.builtin.action_common_attributes
seealso:
  - module: mde.connectivity.evidence_report
"""

EXAMPLES = r"""
- name: Compare the endpoints with their settings
  mde.connectivity.audit:
    directory: /srv/audit/2026-11-28

- name: Say what was found, and fail for endpoints that could not be read
  mde.connectivity.evidence_report:
    directory: /srv/audit/2026-11-28
    fail_on: [unread]
  run_once: true

- name: Into a directory with the time of this run in its name
  mde.connectivity.audit:
  register: audited
"""

RETURN = r"""
answer:
  description: V(as_desired), V(drifted), V(defeated) or V(unread).
  type: str
  returned: always
  sample: defeated
wins:
  description: The proxy that the sensor is expected to use.
  type: str
  returned: always
  sample: static old.example.com:8080
onboarded:
  description:
    - How the endpoint is onboarded, its cloud, its region and its agent, in the words of
      RV(mde.connectivity.endpoint_info#module:onboarding). V(unknown) where the endpoint could not be read.
  type: str
  returned: always
  sample: streamlined, commercial, eu, built_in
msg:
  description: The answer, and why.
  type: str
  returned: always
  sample: "drifted: WinHTTP proxy of 64-bit programs, 32-bit programs: none -> proxy.example.com:8080"
"""
