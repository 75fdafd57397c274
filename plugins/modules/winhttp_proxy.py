# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: winhttp_proxy
short_description: Set or remove the WinHTTP proxy of a Windows endpoint
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Sets the proxy and the bypass list of WinHTTP for the whole machine, or removes them, as C(netsh winhttp)
    does.
  - Every program that uses WinHTTP with its defaults follows this setting, and the Defender for Endpoint
    sensor is one of them as long as it has no static proxy of its own.
  - What is on the endpoint is compared by meaning. The order, case, separators and repetition of entries are
    no change.
options:
  state:
    description:
      - With V(present) the proxy is set. With V(absent) proxy and bypass list are removed, and WinHTTP goes
        direct; O(proxy) can't be given then, and O(bypass), which C(module_defaults) may hold, does not count.
    type: str
    choices:
      - present
      - absent
    default: present
  proxy:
    description:
      - The proxy, as a string or as a dictionary. Required if O(state=present).
      - A string is V(host) or V(host:port), which serves all protocols, or items such as
        V(http=a:8080;https=b:8443), separated by semicolons or blanks.
      - A dictionary has the keys V(http), V(https), V(ftp) and V(socks), each with V(host) or V(host:port).
      - Without a port, which one is used depends on the protocol of a request, and a warning says so.
      - A host is a name, an IPv4 address or an IPv6 address in brackets. A leading V(http://) is dropped, and
        any other scheme is refused, because Windows speaks plain HTTP to its proxy.
      - A user name or a password can't be part of it.
    type: raw
  bypass:
    description:
      - The hosts that are reached without the proxy, as a list, or as one string with semicolons, commas or
        blanks between them.
      - An entry is a host, a pattern such as V(*.example.com), an address, or V(<local>) for all names
        without a period.
      - If left out, the list on the endpoint stays as it is. An empty list removes all entries.
    type: raw
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.winhttp_views
  - mde.connectivity.attributes
  - mde.connectivity.attributes.writes
  - ansible.builtin.action_common_attributes
notes:
  - Writing needs an administrator. Windows answers error 5 to anybody else, and the task fails.
  - The settings of C(netsh winhttp set advproxy) are another layer of Windows. The module neither reads nor
    removes them.
  - Without a bypass list, WinHTTP programs of the endpoint use the proxy for internal hosts too. A warning
    says so.
seealso:
  - module: mde.connectivity.winhttp_import_ie
  - module: mde.connectivity.datacollection_proxy
  - module: mde.connectivity.endpoint_info
  - module: mde.connectivity.endpoint_proxy
  - name: Netsh.exe commands
    description: What Windows offers for the WinHTTP proxy on its command line.
    link: https://learn.microsoft.com/en-us/windows/win32/winhttp/netsh-exe-commands
"""

EXAMPLES = r"""
- name: One proxy for all protocols, and internal hosts without it
  mde.connectivity.winhttp_proxy:
    proxy: proxy.example.com:8080
    bypass:
      - <local>
      - "*.corp.example.com"

- name: A proxy for each protocol, with the bypass list left as it is
  mde.connectivity.winhttp_proxy:
    proxy:
      http: proxy.example.com:8080
      https: proxy.example.com:8443

- name: The same proxy without any bypass list
  mde.connectivity.winhttp_proxy:
    proxy: http=proxy.example.com:8080;https=proxy.example.com:8443
    bypass: []

- name: No WinHTTP proxy
  mde.connectivity.winhttp_proxy:
    state: absent

- name: What would change for 64-bit programs alone
  mde.connectivity.winhttp_proxy:
    proxy: proxy.example.com:8080
    include_32bit: false
  check_mode: true
  diff: true
"""

RETURN = r"""
before:
  description: The settings that were read, in the shape that M(mde.connectivity.endpoint_info) returns, except
    that C(raw) is null where the value could be decoded.
  returned: when the settings could be read
  type: dict
  contains:
    winhttp:
      description: The proxy of WinHTTP, as RV(mde.connectivity.endpoint_info#module:winhttp).
      returned: success
      type: dict
      sample:
        native: {direct: false, proxy: "proxy.example.com:8080", bypass: [<local>], readable: true, raw: null}
        wow64: {direct: false, proxy: "proxy.example.com:8080", bypass: [<local>], readable: true, raw: null}
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
    - netsh winhttp set proxy proxy-server="proxy.example.com:8080" bypass-list="<local>;*.corp.example.com"
snapshot:
  description: What restores every value that a command touches, byte by byte, in the shape of
    RV(mde.connectivity.endpoint_proxy#module:snapshot).
  returned: when the settings could be read
  type: list
  elements: dict
  sample:
    - key: HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections
      name: WinHttpSettings
      view: 64
      absent: false
      type: REG_BINARY
      data: "1800000000000000010000000000000000000000"
warnings:
  description: What the task could not see to, a sentence each.
  returned: when there are any
  type: list
  elements: str
  sample:
    - 'The 32-bit view of the WinHTTP proxy differs from the 64-bit one: 32-bit programs use another proxy.'
reboot_required:
  description: Whether the change needs a restart of the endpoint to take effect, which this one does not.
  returned: when the settings could be read
  type: bool
  sample: false
reboot_reason:
  description: Why a restart is needed, empty when it is not.
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
      sample: {'HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection\TelemetryProxyServer': 5f1c0a7e3b2d9c41}
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
