# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: winhttp_import_ie
short_description: Take the WinHTTP proxy over from Internet Explorer settings
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Copies the manual proxy and the bypass list from the Internet Explorer (WinINet) settings of a named
    source into WinHTTP.
  - Without any option the settings of the user who connects are copied.
  - It is a copy and no link. When the source changes, the next run takes the change over.
  - WinHTTP takes neither a setup script (PAC) nor automatic detection (WPAD) over, so the module fails when
    the source uses one of them, or warns if O(on_loss=warn).
options:
  source:
    description:
      - Whose settings are copied.
      - V(connection) is the user who connects, and is imported by C(netsh) itself.
      - V(system) is the account SYSTEM, and V(machine) stands for the settings that all users share.
      - Anything else is the SID or the name of an account, whose profile is looked up on the endpoint. A name
        is compared with the name of the profile folder.
      - The registry hive of the source has to be loaded, which that of a user is while signed in. If it is
        not, the module fails and names the ones that are.
    type: str
    default: connection
  on_loss:
    description:
      - What happens when the source uses a setup script or automatic detection, which an import would lose.
        M(mde.connectivity.winhttp_advproxy) sets either for WinHTTP, and M(mde.connectivity.antivirus_proxy) a script
        for the antivirus.
      - With V(fail) nothing is changed. With V(warn) the manual proxy alone is imported, and a warning names
        the loss.
    type: str
    choices:
      - fail
      - warn
    default: fail
  allow_direct:
    description:
      - Whether a source without a manual proxy may remove the WinHTTP proxy of the endpoint.
      - With V(false) such a source is a failure, and nothing is changed.
    type: bool
    default: false
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.winhttp_views
  - mde.connectivity.attributes
  - mde.connectivity.attributes.writes
  - ansible.builtin.action_common_attributes
notes:
  - Writing needs an administrator. Windows answers error 5 to anybody else, and the task fails.
  - Check mode reads the source itself and shows what the import will give.
seealso:
  - module: mde.connectivity.winhttp_proxy
  - module: mde.connectivity.wpad
  - module: mde.connectivity.endpoint_proxy
  - name: Netsh.exe commands
    description: What Windows offers for the WinHTTP proxy on its command line.
    link: https://learn.microsoft.com/en-us/windows/win32/winhttp/netsh-exe-commands
"""

EXAMPLES = r"""
- name: Import the settings of the user who connects
  mde.connectivity.winhttp_import_ie:
    source: connection

- name: Import the settings of SYSTEM, and accept that its setup script is not taken over
  mde.connectivity.winhttp_import_ie:
    source: system
    on_loss: warn

- name: Import the settings of an account, and go direct when it has no proxy
  mde.connectivity.winhttp_import_ie:
    source: EXAMPLE\operator
    allow_direct: true

- name: What an import of the settings that all users share would give
  mde.connectivity.winhttp_import_ie:
    source: machine
  check_mode: true
  register: preview
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
    wininet:
      description: The Internet Explorer (WinINet) settings of the source, which is the key, as
        RV(mde.connectivity.endpoint_info#module:wininet).
      returned: success
      type: dict
      sample:
        connection:
          {auto_detect: true, auto_config_url: null, proxy_enabled: false, proxy: null, bypass: [], counter: 6,
           readable: true, raw: null, auto_detect_value: 1, proxy_enable_value: null, auto_config_url_value: null,
           saved_legacy_settings:
             {auto_detect: true, proxy_enabled: false, script_enabled: false, counter: 6, readable: true}}
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
    - netsh winhttp import proxy source=ie
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
    - The IE settings of SYSTEM use a setup script (PAC), which WinHTTP does not take over.
      mde.connectivity.winhttp_advproxy sets a script or detection for WinHTTP, and mde.connectivity.antivirus_proxy a
      script for the antivirus.
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
