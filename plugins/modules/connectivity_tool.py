# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: connectivity_tool
short_description: Run Microsoft's own connectivity verifier as LocalSystem
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Starts one of Microsoft's verifiers on the endpoint through PsExec, as LocalSystem, and returns what it says as
    one row per URL.
  - For those who have to use that tool. It needs two programs of Microsoft on the endpoint, which this collection
    neither brings nor copies there.
  - A URL that the verifier calls unreachable does not fail the task, see RV(summary.reachable). The task fails
    when the verifier did not run or its report can't be read.
options:
  tool:
    description:
      - V(client_analyzer) is C(MDEClientAnalyzer.exe) of today's client analyzer.
      - V(client_analyzer_previous) is C(MDEClientAnalyzerPreviousVersion.exe) beside it, which is for Windows that is
        onboarded with the Microsoft Monitoring Agent, and tests command and control.
      - V(test_cloud_connection) is C(TestCloudConnection.exe) of that agent, which tests its own service.
      - V(sense_snapshot) is C(SenseSnapshot.exe) of 2016, which writes C(Snapshot.zip).
    type: str
    required: true
    choices: [sense_snapshot, client_analyzer, client_analyzer_previous, test_cloud_connection]
  directory:
    description:
      - The absolute path of the directory on the endpoint that the verifier was unpacked to.
      - It holds C(SenseSnapshot.exe), or C(Tools\MDEClientAnalyzer.exe) and
        C(Tools\MDEClientAnalyzerPreviousVersion.exe). For V(test_cloud_connection) it is that of the agent, such as
        C(C:\Program Files\Microsoft Monitoring Agent\Agent).
      - Choose one that only administrators can write to, because what lies there runs as LocalSystem.
    type: str
    required: true
  psexec:
    description: The absolute path of C(PsExec.exe) or C(PsExec64.exe) on the endpoint.
    type: str
    required: true
  accept_eula:
    description:
      - Whether you accept Microsoft's licence terms of PsExec and of the verifier.
      - Without it the task fails before it contacts the endpoint.
    type: bool
    default: false
  regions:
    description:
      - The regions that the endpoint has to reach. SenseSnapshot checks all of them.
      - A row for another known region is returned with C(ignored) set and counts for nothing. A URL that serves
        several regions, or whose region is not known, always counts.
      - Without it every row counts.
    type: list
    elements: str
    choices: [us, eu, uk, au, ch, in, ae]
  timeout:
    description:
      - After how many seconds a verifier that has not ended is stopped, from 1 to 3600.
      - Programs of the same file name that somebody else started at the same time are stopped with it.
    type: int
    default: 300
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details:
      - Says what it would run and runs nothing.
      - It does not contact the endpoint, returns no rows, and leaves RV(summary.reachable) null.
  diff_mode:
    support: N/A
    details:
      - The module changes no settings, so there is nothing to compare.
  idempotent:
    description: Changes nothing when run again.
    support: N/A
    details:
      - The module changes nothing that lasts.
notes:
  - The connecting user must be an administrator of the endpoint.
  - "Besides the two programs of Microsoft it uses C(cmd.exe), C(ping.exe) and, when the time is over,
    C(taskkill.exe). For V(sense_snapshot) it also uses C(certutil.exe) to turn the archive into text, which some
    detection rules report."
  - An attack surface reduction rule of Defender blocks processes that are started through PsExec. Where it is in
    force, use M(mde.connectivity.reachability).
  - PsExec makes the service C(PSEXESVC) for as long as it runs.
  - Nothing is left behind. A C(Snapshot.zip) that lies in O(directory) is deleted before the verifier starts, so
    that an old one is never taken for the answer, and the new one is deleted once it was read.
  - Microsoft publishes no schema of C(Snapshot.xml). The module looks for a section C(Connections) with a C(URL)
    and a C(Result), elements or attributes, in any case and nesting, whose words say resolved and listening. This
    was never compared with a real file. Where nothing is understood, the task fails and names the elements it
    found.
  - No whole output of C(TestCloudConnection.exe) is published. The module looks for host names in lines that say passed
    or failed. This was never compared with a real output.
  - Archives over 8 MiB, reports that unpack to more than 4 MiB, and XML that defines entities are refused.
requirements:
  - defusedxml on the controller, for V(sense_snapshot)
seealso:
  - module: mde.connectivity.reachability
  - module: mde.connectivity.sensor_contacts
  - name: Client analyzer
    description: How Microsoft's client analyzer is obtained and run.
    link: https://learn.microsoft.com/defender-endpoint/overview-client-analyzer
  - name: PsExec
    description: Microsoft's page on PsExec.
    link: https://learn.microsoft.com/sysinternals/downloads/psexec
"""

EXAMPLES = r"""
- name: Ask the client analyzer
  mde.connectivity.connectivity_tool:
    tool: client_analyzer
    directory: C:\Program Files\MDEClientAnalyzer
    psexec: C:\Program Files\SysinternalsSuite\PsExec.exe
    accept_eula: true
  register: analyzer

- name: Stop where it does not reach the service
  ansible.builtin.assert:
    that: analyzer.summary.reachable
    fail_msg: "{{ analyzer.rows | selectattr('verdict', 'ne', 'ok') | map(attribute='url') | join(', ') }}"

- name: Ask SenseSnapshot, for the European service only
  mde.connectivity.connectivity_tool:
    tool: sense_snapshot
    directory: C:\Program Files\SenseSnapshot
    psexec: C:\Program Files\SysinternalsSuite\PsExec.exe
    accept_eula: true
    regions: [eu]
    timeout: 600

- name: See which command would run
  mde.connectivity.connectivity_tool:
    tool: sense_snapshot
    directory: C:\Program Files\SenseSnapshot
    psexec: C:\Program Files\SysinternalsSuite\PsExec.exe
    accept_eula: true
  check_mode: true
"""

RETURN = r"""
tool:
  description: The verifier, as in O(tool).
  returned: success
  type: str
  sample: client_analyzer
ran:
  description: Whether the verifier was started. False in check mode.
  returned: success
  type: bool
  sample: true
command:
  description: The command line that starts it.
  returned: success
  type: str
  sample: >-
    "C:\Tools\PsExec.exe" -accepteula -nobanner -s -w "C:\MDE\Tools" "C:\MDE\Tools\MDEClientAnalyzer.exe" <nul
exit_code:
  description: The exit code of PsExec, which passes on that of the verifier. Null in check mode.
  returned: success
  type: int
  sample: 0
proxy:
  description: What the analyzer says about the proxy of the sensor. Null where it says nothing.
  returned: success
  type: dict
  contains:
    method:
      description: How the proxy was found, in the words of the analyzer.
      returned: success
      type: str
      sample: TelemetryProxyServer
    address:
      description: The proxy, empty where there is none. A user name and password are masked.
      returned: success
      type: str
      sample: proxy.example.com:8080
rows:
  description: One row per URL, in the order of the report.
  returned: success
  type: list
  elements: dict
  contains:
    url:
      description: The URL.
      returned: success
      type: str
      sample: https://winatp-gw-weu.microsoft.com/test
    region:
      description: The region that it serves. Null for several or an unknown one.
      returned: success
      type: str
      sample: eu
    ignored:
      description: Whether the row does not count because O(regions) leaves its region out.
      returned: success
      type: bool
      sample: false
    verdict:
      description:
        - V(ok), V(failed), or V(unknown) where the report does not say enough.
        - For SenseSnapshot V(ok) means resolved and listening.
        - For the analyzer it is the analyzer's own rule. One of its ways to the URL gave code 200, 400 or 404, or
          succeeded with 405. That may be the direct one, so look at C(methods) too.
      returned: success
      type: str
      sample: ok
    resolved:
      description: Whether SenseSnapshot resolved the name. Null where it does not say.
      returned: success
      type: bool
      sample: true
    listening:
      description: Whether SenseSnapshot found the service listening. Null where it does not say.
      returned: success
      type: bool
      sample: true
    methods:
      description: The ways to the URL that the analyzer tried. Empty for SenseSnapshot.
      returned: success
      type: list
      elements: dict
      contains:
        method:
          description: The way, in the words of the analyzer.
          returned: success
          type: str
          sample: Named proxy
        proxy:
          description: The proxy of a named way, otherwise empty. A user name and password are masked.
          returned: success
          type: str
          sample: proxy.example.com:8080
        result:
          description: V(succeeded), V(failed), V(absent) for a way that does not exist, or V(other).
          returned: success
          type: str
          sample: succeeded
        code:
          description: The HTTP status or the error number. Null where there is none.
          returned: success
          type: int
          sample: 200
    said:
      description: What the Result in Snapshot.xml says, shortened. Empty for the analyzer.
      returned: success
      type: str
      sample: name=resolved status=listening
summary:
  description: What the rows add up to.
  returned: success
  type: dict
  contains:
    rows:
      description: How many rows there are.
      returned: success
      type: int
      sample: 19
    ok:
      description: How many of those that count are V(ok).
      returned: success
      type: int
      sample: 8
    failed:
      description: How many of those that count are V(failed).
      returned: success
      type: int
      sample: 0
    unknown:
      description: How many of those that count are V(unknown).
      returned: success
      type: int
      sample: 0
    ignored:
      description: How many do not count.
      returned: success
      type: int
      sample: 11
    reachable:
      description: Whether at least one row counts and all that count are V(ok). Null in check mode.
      returned: success
      type: bool
      sample: true
"""
