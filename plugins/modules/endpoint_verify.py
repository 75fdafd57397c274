# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoint_verify
short_description: Verify that an endpoint reaches the service, say what is not reached, and keep the answer
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Asks the service URLs from the endpoint, as M(mde.connectivity.reachability) does, prints one line where all of them
    are reached and otherwise a table of what is not, why, and what to do, and fails.
  - With O(record), as in the playbook C(mde.connectivity.verify), it does not fail for what it finds, also not where
    the endpoint can't be reached. It keeps a record, and M(mde.connectivity.evidence_report) after it prints one table
    for all endpoints and decides. The table of one endpoint is printed where it is the only one.
  - Changes no setting. The role C(mde.connectivity.endpoint_verify) stands before it.
options:
  run_as:
    description:
      - Who asks on the endpoint.
      - V(system) is LocalSystem, as the sensor is. It needs an administrator, since it goes through a scheduled
        task that is removed again.
      - V(connection) is the user who connects.
    type: str
    choices:
      - connection
      - system
    default: system
  sensor:
    description:
      - Whether the sensor's own log is read too, as M(mde.connectivity.sensor_contacts) does.
      - A contact that failed does not count, as it may be older than the settings. A log that can't be read does.
    type: bool
    default: false
  assert:
    description: Whether the task fails where a required URL is not reached. O(record) comes before it.
    type: bool
    default: true
  pending:
    description: Whether settings are still to be written, as in check mode. Then nothing that is found is a failure.
    type: bool
    default: false
  report_directory:
    description:
      - A directory on the controller for one JSON file per host, which only the user who runs Ansible can read.
      - Without it, and in check mode, none is written.
    type: path
  role:
    description:
      - Whether the variables of the role C(mde.connectivity.endpoint_verify) say what is asked for, instead of the
        other options.
      - In a fleet that is much cheaper, as each option that is a template is compiled for each endpoint.
    type: bool
    default: false
  record:
    description: Whether a record of the endpoint is kept in O(directory).
    type: bool
    default: false
  table:
    description:
      - Whether M(mde.connectivity.site_report) follows, which says in one table what was found. Of a play with more
        than one host nothing is printed here then.
    type: bool
    default: false
  directory:
    description:
      - The directory on the controller for the records, of this run alone.
      - When left out, C(verify-) and the time at which this run began, in the current directory.
    type: path
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes
  - mde.connectivity.attributes.asks
  - mde.connectivity.reachability
  - mde.connectivity.service_urls
  - ansible.builtin.action_common_attributes
seealso:
  - module: mde.connectivity.reachability
  - module: mde.connectivity.sensor_contacts
  - module: mde.connectivity.evidence_report
"""

EXAMPLES = r"""
- name: Fail where the service of a European tenant is not reached
  mde.connectivity.endpoint_verify:
    regions: [eu]
    generation: streamlined

- name: Verify a fleet in which every endpoint says itself which list it needs
  mde.connectivity.endpoint_verify:
    regions: auto
    generation: auto

- name: Keep a record of each endpoint instead
  mde.connectivity.endpoint_verify:
    regions: [eu]
    record: true
    directory: /srv/verify/2026-01-31

- name: Say for all of them what was found, and fail
  mde.connectivity.evidence_report:
    directory: /srv/verify/2026-01-31
    fail_on: [not_reached, unread]
  run_once: true
"""

RETURN = r"""
msg:
  description:
    - What was found, a list of lines, as it is printed without O(table).
    - Where the task fails, and with O(record), the answer in a sentence.
  type: raw
  returned: always
  sample: ["pc-0001 reaches all 15 required URLs (via proxy.example.com:8080)."]
answer:
  description: V(reached), V(not_reached), or V(unread) where it is not known.
  type: str
  returned: with O(record)
  sample: reached
wrong:
  description: Why the task would fail with O(assert), in a sentence. Empty where all is well, and with O(pending).
  type: str
  returned: without O(record), unless the task fails
  sample: ""
onboarding:
  description: How the endpoint is onboarded, as in RV(mde.connectivity.endpoint_info#module:onboarding).
  type: dict
  returned: without O(record)
  sample: {connectivity: streamlined, cloud: commercial, region: eu, agent: built_in, missing: ""}
effective:
  description: As in M(mde.connectivity.reachability).
  type: dict
  returned: without O(record)
  sample: {method: direct, proxy: null, set_by: nothing, why: "No proxy is set, and there is no automatic detection."}
engine:
  description: What ran the test, V(powershell) or V(wsh).
  type: str
  returned: without O(record)
  sample: powershell
run_as:
  description: Who asked, V(connection) or V(system).
  type: str
  returned: without O(record)
  sample: system
rows:
  description: As in M(mde.connectivity.reachability).
  type: list
  elements: dict
  returned: without O(record), and with O(assert=false)
  sample: [{url: "https://winatp-gw-weu.microsoft.com/commands/test", path: effective, verdict: ok, reason: ok}]
summary:
  description: As in M(mde.connectivity.reachability).
  type: dict
  returned: without O(record)
  sample: {rows: 2, ok: 1, failed: 1, unknown: 0, skipped: 0, reasons: {ok: 1, proxy_denied: 1}, reachable: false}
  contains:
    reachable:
      description: Whether every required URL was reached on every path that counts and that the endpoint has.
      type: bool
      returned: always
      sample: false
findings:
  description: As in M(mde.connectivity.reachability).
  type: list
  elements: dict
  returned: without O(record)
  sample: []
unprobed:
  description: Wildcards of the service that were left out because no host below them is known to answer.
  type: list
  elements: str
  returned: without O(record)
  sample: ["*.update.microsoft.com"]
sensor:
  description:
    - What M(mde.connectivity.sensor_contacts) returns, or only C(msg), which says why the log can't be read.
    - Empty without O(sensor).
  type: dict
  returned: without O(record)
  sample: {}
"""
