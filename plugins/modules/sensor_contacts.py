# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: sensor_contacts
short_description: Report what the Defender for Endpoint sensor says of its own contacts
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Reads the sensor's own log, C(Microsoft-Windows-SENSE/Operational), and says for each URI when the sensor last
    reached it, when it last failed, and with which error.
  - Reads besides whether the endpoint is onboarded, whether the sensor's services run, and when the sensor was last
    connected. All of it takes one batch.
  - Changes nothing.
options:
  count:
    description:
      - How many of the newest events about contacts are read, from 1 to 1000.
      - A sensor that runs writes such an event for each URI a few times an hour.
    type: int
    default: 200
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes
  - mde.connectivity.attributes.reads
  - ansible.builtin.action_common_attributes
requirements:
  - The Python package C(defusedxml) on the controller.
notes:
  - Runs C(reg.exe), C(sc.exe) and C(wevtutil.exe). Events are told apart by their ids and read by
    their data, and states of services by their numbers, so the language of Windows does not matter.
  - The connecting user must be an administrator or a member of Event Log Readers. Where the log is missing or can't
    be read, the task fails.
  - A contact that fails does not make the task fail. What is not known is V(unknown), and never V(ok).
  - A URI is shown without its query, and without what stands before an at sign, as both may hold something secret.
seealso:
  - module: mde.connectivity.endpoint_info
  - plugin: mde.connectivity.service_urls
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Read what the sensor says of its contacts
  mde.connectivity.sensor_contacts:
  register: sensor

- name: Stop where the sensor does not reach its service
  ansible.builtin.assert:
    that:
      - sensor.contacts | length > 0
      - sensor.contacts | rejectattr('state', 'equalto', 'ok') | length == 0
    fail_msg: "{{ sensor.hints | join(' ') }}"

- name: Which contacts fail, and with which error
  ansible.builtin.debug:
    msg: "{{ item.uri }}: {{ item.error_name or item.error }} at {{ item.last_failure }}"
  loop: "{{ sensor.contacts | selectattr('state', 'equalto', 'failing') }}"
  loop_control:
    label: "{{ item.uri }}"

- name: Look further back
  mde.connectivity.sensor_contacts:
    count: 1000
"""

RETURN = r"""
contacts:
  description: What the events say of each URI, in the order of the URIs.
  returned: success
  type: list
  elements: dict
  contains:
    uri:
      description: The URI, without its query.
      returned: success
      type: str
      sample: https://winatp-gw-weu.microsoft.com/commands
    state:
      description:
        - V(ok) when the newest event of the URI reports successes and no failure, V(failing) when it reports any
          failure.
        - V(unknown) when the newest event tells neither, or when a newer event about contacts is not understood.
      returned: success
      type: str
      sample: failing
    last_success:
      description: Time of the newest event that reports a success (ISO 8601, UTC), null when there is none.
      returned: success
      type: str
      sample: "2026-11-23T06:00:00Z"
    last_failure:
      description: Time of the newest event that reports a failure (ISO 8601, UTC), null when there is none.
      returned: success
      type: str
      sample: "2026-11-23T07:00:00Z"
    attempts:
      description: How many contacts the newest event counts, null when it counts none, as in Windows 10 1607.
      returned: success
      type: int
      sample: 12
    failed:
      description: How many of them failed, null when the event does not tell.
      returned: success
      type: int
      sample: 12
    error:
      description:
        - The last error of the event in RV(contacts[].last_failure), a number of WinHTTP or an HTTP status.
        - Null when there is no such event, or when it has no number.
      returned: success
      type: int
      sample: 12007
    error_name:
      description: The name of that number, null when it is not a known one.
      returned: success
      type: str
      sample: ERROR_WINHTTP_NAME_NOT_RESOLVED
sensor:
  description: The state of the sensor.
  returned: success
  type: dict
  contains:
    onboarded:
      description: Whether the endpoint is onboarded, which is when C(OnboardingState) is 1.
      returned: success
      type: bool
      sample: true
    onboarding_state:
      description: The value C(OnboardingState), null when absent.
      returned: success
      type: int
      sample: 1
    service_start:
      description: How the service C(Sense) starts, null when there is none.
      returned: success
      type: str
      sample: auto
    service_state:
      description:
        - V(running), V(stopped), V(start_pending), V(stop_pending), V(continue_pending), V(pause_pending),
          V(paused), or V(absent) when there is no service C(Sense).
        - Null when it could not be read.
      returned: success
      type: str
      sample: running
    diagtrack_state:
      description: The same for the service C(DiagTrack), which the sensor needs before Windows 10 1809.
      returned: success
      type: str
      sample: running
    last_connected:
      description: When the sensor was last connected, by the registry (ISO 8601, UTC), null when absent.
      returned: success
      type: str
      sample: "2026-11-23T06:00:00Z"
notices:
  description: The newest event of each other kind that has to do with connectivity, newest first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id of the event.
      returned: success
      type: int
      sample: 50
    time:
      description: Its time (ISO 8601, UTC).
      returned: success
      type: str
      sample: "2026-11-23T06:00:00Z"
    meaning:
      description: What such an event means.
      returned: success
      type: str
      sample: A new cloud configuration was applied.
events:
  description: The events that RV(contacts) rests on.
  returned: success
  type: dict
  contains:
    considered:
      description: How many were read, at most O(count).
      returned: success
      type: int
      sample: 13
    not_understood:
      description: How many of them name no URI in a place or form that is known.
      returned: success
      type: int
      sample: 0
    oldest:
      description: Time of the oldest (ISO 8601, UTC), null when there is none.
      returned: success
      type: str
      sample: "2026-11-22T06:00:00Z"
    newest:
      description: Time of the newest (ISO 8601, UTC), null when there is none.
      returned: success
      type: str
      sample: "2026-11-23T07:00:00Z"
hints:
  description: What to look at, a sentence each; empty when nothing stands out.
  returned: success
  type: list
  elements: str
  sample:
    - The service Sense is stopped, and a sensor that does not run contacts nothing.
"""
