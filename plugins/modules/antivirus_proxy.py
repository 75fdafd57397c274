# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: antivirus_proxy
short_description: Set or remove the proxy of Microsoft Defender Antivirus
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Manages the policy values that give Microsoft Defender Antivirus a proxy of its own. Cloud protection, security
    intelligence from Microsoft's own service and network protection use it; the sensor does not, and has
    M(mde.connectivity.datacollection_proxy).
  - C(ProxyServer) and C(ProxyPacUrl) are one unit. The antivirus takes the first that is set, in that order, so the
    one that is not given is removed. With O(state=absent) both and C(ProxyBypass) are deleted. Other values of that
    key are left alone.
  - A value of the wrong type is a change, even if its text is right.
options:
  state:
    description: Whether the antivirus has a proxy of its own. With V(absent), no other option can be given.
    type: str
    choices:
      - present
      - absent
    default: present
  proxy:
    description:
      - The proxy as V(http://host:port) or V(https://host:port), where the host is a name, an IPv4 address or an IPv6
        address in brackets, and the port a number from 1 to 65535.
      - This or O(pac_url) is required if O(state=present). If both are given, both are written, and the antivirus
        uses the proxy.
    type: str
  pac_url:
    description: The URL of a setup script (PAC), beginning with V(http://) or V(https://), without a query.
    type: str
  bypass:
    description:
      - A list, or one string that is split at semicolons, commas and blanks, of hosts that the antivirus reaches
        without its proxy. An empty list removes the value.
      - If left out, it stays as it is with O(state=present).
      - The entries are stored with semicolons between them. Microsoft's description of the policy does not say what
        separates several.
    type: raw
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes
  - mde.connectivity.attributes.writes
  - ansible.builtin.action_common_attributes
notes:
  - Writing needs an administrator.
  - The antivirus keeps using the last proxy that worked, and Windows Update uses none of these settings.
  - Do not set the same values by group policy or device management as well, or the two will undo each other's
    work. What C(Set-MpPreference) sets is stored elsewhere, and is neither read nor changed.
seealso:
  - module: mde.connectivity.datacollection_proxy
  - module: mde.connectivity.endpoint_info
  - module: mde.connectivity.endpoint_proxy
  - name: Configure your devices to connect to the Defender for Endpoint service using a proxy
    description: The proxy of the antivirus.
    link: https://learn.microsoft.com/en-us/defender-endpoint/configure-proxy-internet
"""

EXAMPLES = r"""
- name: A proxy for the antivirus, which internal hosts do not need
  mde.connectivity.antivirus_proxy:
    proxy: http://proxy.example.com:8080
    bypass:
      - "*.corp.example.com"

- name: A setup script for the antivirus, and no proxy before it
  mde.connectivity.antivirus_proxy:
    pac_url: http://pac.example.com/proxy.pac

- name: No proxy of its own
  mde.connectivity.antivirus_proxy:
    state: absent
"""

RETURN = r"""
before:
  description: The settings that were read, in the shape that M(mde.connectivity.endpoint_info) returns.
  returned: when the settings could be read
  type: dict
  contains:
    antivirus:
      description: The policy values of the proxy of Microsoft Defender Antivirus, as
        RV(mde.connectivity.endpoint_info#module:antivirus).
      returned: success
      type: dict
      sample:
        proxy_server: http://proxy.example.com:8080
        proxy_pac_url: null
        proxy_bypass: ["*.corp.example.com"]
        effective: {method: static, proxy: "http://proxy.example.com:8080", set_by: the policy value ProxyServer,
                    why: ProxyServer is the first in the antivirus' order.}
after:
  description: The settings after the task, or those that a run would leave in check mode, in the shape of RV(before).
    Null when they are unknown.
  returned: when the settings could be read
  type: dict
diff:
  description: C(before) and C(after) for display, both in the shape of RV(before).
  returned: with C(--diff)
  type: dict
commands:
  description: The command lines that were run, or that a run would send in check mode, in their order.
  returned: when the settings could be read
  type: list
  elements: str
  sample:
    - reg add "HKLM\SOFTWARE\Policies\Microsoft\Windows Defender" /v "ProxyServer" /t REG_SZ /d
      "http://proxy.example.com:8080" /f /reg:64
snapshot:
  description: What restores every value that a command touches, byte by byte, in the shape of
    RV(mde.connectivity.endpoint_proxy#module:snapshot).
  returned: when the settings could be read
  type: list
  elements: dict
  sample:
    - key: HKLM\SOFTWARE\Policies\Microsoft\Windows Defender
      name: ProxyServer
      view: 64
      absent: false
      type: REG_SZ
      data: "680074007400700000"
warnings:
  description: What the task could not see to, a sentence each.
  returned: when there are any
  type: list
  elements: str
  sample:
    - The same settings were written before and have been reverted by policy (GPO, MDM) or another tool since;
      they will not last until that is changed at its source.
reboot_required:
  description: Always V(false), since Microsoft documents no restart for these values.
  returned: when the settings could be read
  type: bool
  sample: false
reboot_reason:
  description: Always empty.
  returned: when the settings could be read
  type: str
  sample: ""
reverted:
  description: Whether the same settings had been written before, and something has undone them since.
  returned: when the settings could be read
  type: bool
  sample: false
ansible_facts:
  description: What tells a later task that these settings were written.
  returned: when something was written
  type: dict
  contains:
    mde_connectivity_written:
      description: A digest of each value that was written in this play, or earlier where facts are cached.
      returned: when something was written
      type: dict
      sample: {'HKLM\SOFTWARE\Policies\Microsoft\Windows Defender\ProxyServer': 5f1c0a7e3b2d9c41}
unknown:
  description: Whether it is unknown what the endpoint holds now.
  returned: when a write failed or could not be read back
  type: bool
  sample: false
rolled_back:
  description: Whether the values from before are in place again.
  returned: when a write failed or could not be read back
  type: bool
  sample: true
expected:
  description: The settings that should have been there, in the shape of RV(before).
  returned: when the endpoint does not hold what was written, or it is unknown
  type: dict
observed:
  description: The settings that were there instead, in the shape of RV(before).
  returned: when the endpoint does not hold what was written
  type: dict
"""
