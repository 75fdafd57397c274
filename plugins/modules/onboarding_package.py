# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: onboarding_package
short_description: Move an onboarded endpoint to streamlined connectivity by running the onboarding package for it
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Runs the onboarding package for streamlined connectivity on an endpoint that is onboarded with standard
    connectivity, as Microsoft documents it for this move, and proves by the sensor's own event 4 and by
    C(OnboardedInfo) that the sensor reports to the new service.
  - Before anything is written, the endpoint has to be onboarded, has to have the versions that Microsoft asks for
    (Windows with its update, sensor, antivirus), and has to reach the URLs for streamlined connectivity through
    WinHTTP. What is missing, or can't be read, is named, and the task fails.
  - An endpoint that is streamlined already is not touched.
  - For whole fleets there is the playbook C(mde.connectivity.streamlined), which does the same after an approval, in
    batches and with evidence.
options:
  package:
    description:
      - The onboarding package for streamlined connectivity, a file on the controller. Microsoft's script (C(.cmd)), or
        the archive (C(.zip)) that holds it and no other script.
      - What is in it is not looked into, and never shown or stored. Results name the file and its SHA-256.
      - The scripts for Group Policy and for Configuration Manager are made to run unattended. The one for local use
        asks first, and gets its answer.
    type: path
    required: true
  previous_package:
    description:
      - The package for standard connectivity, which runs when the sensor does not report after the move.
      - Without it there is no way back by this tool.
    type: path
  restart:
    description:
      - Whether Windows is restarted once the package has run, which Microsoft asks for. Whoever is signed in has
        5 seconds.
      - Without it the task ends with RV(reboot_required), and, unless the sensor has moved by then, without a proof.
        Run it again after the restart to see whether the endpoint is streamlined.
    type: bool
    default: false
  report_within:
    description: Seconds that restart and sensor may take until there is a proof, from 1 to 3600.
    type: int
    default: 900
  verify:
    description:
      - Options of M(mde.connectivity.reachability) for the URLs that have to be reached before.
      - By default those for streamlined connectivity of the endpoint's own cloud and region, asked as LocalSystem. The
        option C(generation) can't be chosen.
    type: dict
attributes:
  facts:
    description: Returns C(ansible_facts), which are added to the facts of the host.
    support: none
  check_mode:
    description: Reads the endpoint, refuses what a run would refuse by its state, and neither asks a URL nor writes.
    support: full
  diff_mode:
    description: Shows the onboarding before and after.
    support: full
  idempotent:
    description: Changes nothing on an endpoint that is streamlined.
    support: full
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes
  - ansible.builtin.action_common_attributes
notes:
  - Needs an administrator, the package C(defusedxml) on the controller, and C(certutil.exe), C(schtasks.exe) and
    C(wevtutil.exe) on the endpoint. Some security software watches C(certutil.exe).
  - The package lies in C(mde.connectivity.onboarding) in the Windows directory, to which only SYSTEM and
    administrators may write, while it runs as SYSTEM. Where the connection is lost meanwhile it may stay there, and the
    next run takes it away.
  - Windows 10 from 1607 to 1803 is refused, since Microsoft has it offboarded first.
  - That the script's exit code is the number of its event, and that the sensor takes the package at its next start,
    are assumptions.
seealso:
  - module: mde.connectivity.endpoint_info
  - module: mde.connectivity.reachability
  - module: mde.connectivity.sensor_contacts
  - name: Migrate devices to use the streamlined connectivity method
    description: The order of the steps, and who has to be offboarded first.
    link: https://learn.microsoft.com/en-us/defender-endpoint/migrate-devices-streamlined
  - name: Onboarding devices using streamlined connectivity
    description: The versions that are needed.
    link: https://learn.microsoft.com/en-us/defender-endpoint/configure-device-connectivity
"""

EXAMPLES = r"""
- name: Move the endpoint, restart it, and go back where the sensor does not report
  mde.connectivity.onboarding_package:
    package: GatewayWindowsDefenderATPOnboardingPackage.zip
    previous_package: WindowsDefenderATPOnboardingPackage.zip
    restart: true

- name: Say what would happen, and what is missing
  mde.connectivity.onboarding_package:
    package: GatewayWindowsDefenderATPOnboardingPackage.zip
  check_mode: true

- name: Run the package, and leave the restart to the maintenance window
  mde.connectivity.onboarding_package:
    package: GatewayWindowsDefenderATPOnboardingPackage.zip
"""

RETURN = r"""
before:
  description: How the endpoint was onboarded, in the shape that M(mde.connectivity.endpoint_info) returns.
  returned: when the state could be read
  type: dict
  contains: &state
    onboarding:
      description: How the endpoint is onboarded.
      returned: success
      type: dict
      contains:
        connectivity:
          description: V(streamlined), V(standard), V(not_onboarded) or V(unknown).
          returned: success
          type: str
          sample: streamlined
        cloud:
          description: The cloud of the service, null when the state does not say.
          returned: success
          type: str
          sample: commercial
        region:
          description: The region in which the tenant keeps its data, null when the state does not say.
          returned: success
          type: str
          sample: eu
        agent:
          description: Which agent it is.
          returned: success
          type: str
          sample: built_in
        missing:
          description: What the state does not say, empty where it says all.
          returned: success
          type: str
          sample: ""
after:
  description:
    - The same after the task, or what a run would come to in check mode. Where a restart is due, what the endpoint
      shows until then. Null when it is unknown.
  returned: when the state could be read
  type: dict
  contains: *state
diff:
  description: The same two states, for display.
  returned: with C(--diff)
  type: dict
  contains:
    before:
      description: As RV(before).
      returned: with C(--diff)
      type: dict
      contains: *state
    after:
      description: As planned.
      returned: with C(--diff)
      type: dict
      contains: *state
commands:
  description: What was run, or would be in check mode, in words.
  returned: when the state could be read
  type: list
  elements: str
  sample:
    - run GatewayWindowsDefenderATPOnboardingPackage.zip as SYSTEM
    - restart Windows
package:
  description: The package.
  returned: when the state could be read
  type: dict
  contains:
    name:
      description: The name of the file.
      returned: success
      type: str
      sample: GatewayWindowsDefenderATPOnboardingPackage.zip
    sha256:
      description: The SHA-256 of the file.
      returned: success
      type: str
      sample: 4b0d0a3f7f9c0f6f2f7a4c7c1b8e6d5a4f3e2d1c0b9a8f7e6d5c4b3a29180706
proof:
  description: What shows that the endpoint has moved, empty where nothing does.
  returned: when the state could be read
  type: str
  sample: >-
    OnboardedInfo says streamlined, and event 4 of 2026-11-28T10:00:00Z shows a contact with
    https://edr-weu3.eu.endpoint.security.microsoft.com/edr/
warnings:
  description: What can't be known beforehand, and whether there is a way back.
  returned: when there are any
  type: list
  elements: str
  sample: ["No way back by this tool: previous_package (in playbooks streamlined_previous_package) is not given."]
reboot_required:
  description: Whether Windows has to be restarted.
  returned: when the state could be read
  type: bool
  sample: false
reboot_reason:
  description: Why, empty where it need not be.
  returned: when the state could be read
  type: str
  sample: ""
unknown:
  description: Whether it is unknown what the endpoint holds now.
  returned: when the task failed after the package was sent
  type: bool
  sample: false
rolled_back:
  description: Whether the previous package has brought the endpoint back.
  returned: when the task failed after the package was sent
  type: bool
  sample: true
expected:
  description: What it should have come to.
  returned: when it did not
  type: dict
  contains: *state
"""
