# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked from an endpoint, on which paths, and how."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  generation:
    description:
      - Which list is meant.
      - V(standard) is the list of single hosts for every supported Windows.
      - V(streamlined) is the consolidated list, for Windows Server 2012 R2 and 2016 with the unified agent, and from
        Windows 10 version 1607 on.
      - The builds 14393 to 17134 need a longer streamlined list, which is meant where O(windows_build) names one of
        them.
      - V(atp_1607) is the list of 2016 for Windows 10 version 1607, in the commercial cloud, for V(us) and V(eu).
      - V(auto) is V(standard) or V(streamlined), as the endpoint is onboarded, for the Windows build that it has unless
        O(windows_build) is given. An endpoint whose state does not say so fails.
    type: str
    choices:
      - atp_1607
      - standard
      - streamlined
      - auto
    default: standard
  regions:
    description:
      - Where the tenant keeps its data, one of V(us), V(eu), V(uk), V(au), V(ch), V(in) and V(ae) each.
      - Switzerland V(ch) and India V(in) have the V(streamlined) list only. Of the United Arab Emirates V(ae) the
        published lists name few hosts.
      - V(auto), which stands alone, is the region that the endpoint reports to, and with it comes its cloud. No known
        state tells GCC High from DoD, and with some data centers none tells which government cloud it is. There
        O(cloud) has to be set to one of those that are possible. Where the state names the cloud, O(cloud) has no
        effect.
      - An endpoint whose state names no region that is known here fails. That the words for V(ch), V(in) and V(ae) are
        those of their host names is an assumption.
      - Without it, all regions that the list has.
    type: list
    elements: str
    default: []
  service_urls:
    description: Whether the URLs of the service are asked. With V(false), only those in O(urls) are.
    type: bool
    default: true
  urls:
    description:
      - URLs of your own, asked after those of the service. One that the service has too is asked once, as it is
        described here.
      - A URL alone may be written in the place of a dictionary, and of the list.
    type: list
    elements: dict
    default: []
    suboptions:
      url:
        description: The address, with http or https. It may not hold a user name, a password or a wildcard.
        type: str
        required: true
      statuses:
        description:
          - The status codes that mean that it was reached.
          - Without it, 200, 400, 404 and 405, as in Microsoft's own analyzer.
        type: list
        elements: int
        default: []
      html:
        description:
          - Whether it answers with a page. Where it does not, a page with status 200 is taken for a block or login
            page.
        type: bool
        default: false
      required:
        description: Whether it counts in RV(summary.reachable).
        type: bool
        default: true
  unprobed:
    description:
      - What happens to a wildcard of the service below which no host is known that would answer.
      - V(fail) is an error that names them. A file of yours in O(files) can name hosts to ask.
      - V(omit) asks the others, and lists these in RV(unprobed).
    type: str
    choices:
      - fail
      - omit
    default: omit
  ports:
    description: Ask only the URLs at these ports. Without it, at all.
    type: list
    elements: int
    default: []
  paths:
    description:
      - The ways on which each URL is asked.
      - V(effective) is the way that the sensor is expected to take, as M(mde.connectivity.endpoint_info) says. Where
        automatic detection decides about it, only O(run_as=system) can tell.
      - V(winhttp) is the machine's WinHTTP proxy or none, V(static) the static proxy of the sensor, V(wpad) what
        automatic detection gives to the account that asks, and V(direct) no proxy.
      - A server such as V(proxy.example.com:8080) is a proxy that need not be set anywhere yet.
      - V(antivirus) asks no URL. It is the test that Microsoft Defender Antivirus has of its own connection to cloud
        protection, C(MpCmdRun.exe -ValidateMapsConnection), as one more row. It runs as LocalSystem whatever O(run_as)
        is, so it needs an administrator, takes a remote call of its own, and is given up after O(deadline).
      - Beside others, V(direct) is asked for comparison, and does not count in RV(summary.reachable).
    type: list
    elements: str
    default:
      - effective
  run_as:
    description:
      - Who asks on the endpoint.
      - V(connection) is the user who connects.
      - V(system) is LocalSystem, as the sensor is. It needs an administrator, since it goes through a scheduled
        task that is removed again.
    type: str
    choices:
      - connection
      - system
    default: connection
  timeout:
    description: Seconds until one URL on one path is given up, from 1 to 120.
    type: int
    default: 10
  deadline:
    description: Seconds until all are given up, from 1 to 900. What was not begun by then is V(not_tried).
    type: int
    default: 120
  parallel:
    description: How many are asked at the same time, from 1 to 64.
    type: int
    default: 32
  engine:
    description:
      - What runs the test on the endpoint.
      - V(powershell) is Windows PowerShell, V(wsh) the Windows Script Host.
      - V(auto) is PowerShell, and the script host where PowerShell does not run or is in Constrained Language Mode.
    type: str
    choices:
      - auto
      - powershell
      - wsh
    default: auto
"""
