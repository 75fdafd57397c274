# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: winhttp_advproxy
short_description: Set or remove the advanced proxy of WinHTTP
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Manages what C(netsh winhttp set advproxy) sets for the machine, a proxy with its bypass list, a setup script (PAC)
    and automatic detection, on Windows 11, Windows Server 2022 and later.
  - Whether the endpoint has it is found out from the endpoint. On an older Windows the task fails with a sentence that
    says so, and with O(state=absent) there is nothing to remove.
  - All of it is one setting, since C(netsh) takes nothing less. What is not given is off afterwards, but for
    O(bypass).
options:
  state:
    description: Whether there is an advanced proxy. With V(absent), no other option can be given.
    type: str
    choices: [present, absent]
    default: present
  proxy:
    description:
      - A string such as V(proxy.example.com:8080), or a dictionary of V(http), V(https) and V(ftp).
      - This, O(pac_url) or O(auto_detect=true) is required if O(state=present).
    type: raw
  bypass:
    description: A list or one string of hosts that need no proxy. If left out, the list stays as it is where
      O(proxy) is given.
    type: raw
  pac_url:
    description: The URL of a setup script (PAC), beginning with V(http://) or V(https://), without a query.
    type: str
  auto_detect:
    description: Whether the proxy is detected.
    type: bool
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes
  - mde.connectivity.attributes.writes
  - ansible.builtin.action_common_attributes
notes:
  - Writing needs an administrator.
  - Microsoft does not document where Windows keeps these settings, so they are read with C(netsh winhttp show advproxy)
    and not in the registry. What it shows where each user has settings of his own is not documented either. If it does
    not show what was written, the task fails and the old settings are put back.
  - Whether the sensor uses them, and whether they come before the proxy of M(mde.connectivity.winhttp_proxy), is not
    documented. So they are no part of RV(mde.connectivity.endpoint_info#module:effective); ask with
    M(mde.connectivity.reachability) what is reached.
  - RV(snapshot) holds them as one text, which M(mde.connectivity.endpoint_proxy) does not restore. Give RV(before) as
    options instead.
seealso:
  - module: mde.connectivity.winhttp_proxy
  - module: mde.connectivity.wpad
  - module: mde.connectivity.winhttp_import_ie
  - name: Netsh commands for WinHTTP
    description: The command and its JSON.
    link: https://learn.microsoft.com/en-us/windows/win32/winhttp/netsh-exe-commands
"""

EXAMPLES = r"""
- name: A setup script for WinHTTP, which no other setting of WinHTTP can have
  mde.connectivity.winhttp_advproxy:
    pac_url: http://pac.example.com/proxy.pac

- name: A proxy, and detection beside it
  mde.connectivity.winhttp_advproxy:
    proxy: proxy.example.com:8080
    bypass:
      - <local>
    auto_detect: true

- name: No advanced proxy
  mde.connectivity.winhttp_advproxy:
    state: absent
"""

RETURN = r"""
before:
  description: The settings that were read.
  returned: when the settings could be read
  type: dict
  contains:
    advproxy:
      description: The advanced proxy of WinHTTP.
      returned: success
      type: dict
      contains:
        supported:
          description: Whether this Windows has one.
          returned: success
          type: bool
          sample: true
        proxy:
          description: The proxy list, null when there is none.
          returned: success
          type: str
          sample: proxy.example.com:8080
        bypass:
          description: The bypass list.
          returned: success
          type: list
          elements: str
          sample: ["<local>"]
        pac_url:
          description: The URL of the setup script, null when there is none.
          returned: success
          type: str
          sample: http://pac.example.com/proxy.pac
        auto_detect:
          description: Whether the proxy is detected.
          returned: success
          type: bool
          sample: false
        effect:
          description: What is known of who uses it, empty where nothing is set.
          returned: success
          type: str
          sample: Programs that use WinHTTP's advanced settings take this. ...
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
    - netsh winhttp set advproxy setting-scope=machine
      settings={\"Proxy\":\"\",\"ProxyBypass\":\"\",\"AutoconfigUrl\":\"http://pac.example.com/proxy.pac\",\"AutoDetect\":false}
snapshot:
  description: What restores every value that a command touches, byte by byte, in the shape of
    RV(mde.connectivity.endpoint_proxy#module:snapshot).
  returned: when the settings could be read
  type: list
  elements: dict
  sample:
    - key: netsh winhttp
      name: advproxy
      view: 64
      absent: false
      type: REG_SZ
      data: "7b0022005000..."
warnings:
  description: What the task could not see to, a sentence each.
  returned: when there are any
  type: list
  elements: str
  sample:
    - The same settings were written before and have been reverted by policy (GPO, MDM) or another tool since;
      they will not last until that is changed at its source.
reboot_required:
  description: Always V(false), since Microsoft documents no restart for it.
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
      sample: {'netsh winhttp\advproxy': 5f1c0a7e3b2d9c41}
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
