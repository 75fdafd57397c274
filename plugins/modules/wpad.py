# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: wpad
short_description: Turn automatic proxy detection (WPAD) on or off
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Turns "Automatically detect settings" on or off for the accounts of a Windows endpoint that are named in
    O(scope).
  - When it is turned on, a manual proxy or a setup script that would compete with it is a failure, unless
    O(manual_settings) says what to do.
  - The switch of the machine that turns detection off for WinHTTP, C(DisableWpad), is set back when
    O(state=enabled). What else would defeat detection is not changed but named in a warning. That is
    C(DisableWpad) as a policy, a disabled service C(WinHttpAutoProxySvc), and settings that count per machine
    while O(scope) does not have V(machine).
options:
  state:
    description: Whether the accounts detect their proxy by themselves.
    type: str
    choices:
      - enabled
      - disabled
    required: true
  scope:
    description:
      - Whose settings are changed.
      - V(system), V(local_service) and V(network_service) are the accounts that services run as. The Defender
        for Endpoint sensor runs as SYSTEM.
      - V(machine) stands for the settings that count for everybody when Windows is told to keep them per
        machine.
      - V(connection) is the user who connects, and V(all_users) is every person whose registry hive is
        loaded.
      - Anything else is a SID whose registry hive has to be loaded. If it is not, the module fails and names
        the ones that are.
    type: list
    elements: str
    default:
      - system
  manual_settings:
    description:
      - What happens to a manual proxy or a setup script that is on in a scope for which detection is turned
        on.
      - With V(fail) nothing is changed. Move the proxy to WinHTTP first, with
        M(mde.connectivity.winhttp_proxy) or M(mde.connectivity.winhttp_import_ie).
      - A setup script can be set for WinHTTP with M(mde.connectivity.winhttp_advproxy) instead, and for the antivirus
        with M(mde.connectivity.antivirus_proxy).
      - With V(clear) both are turned off. With V(keep) they stay on.
      - Does not matter if O(state=disabled).
    type: str
    choices:
      - fail
      - clear
      - keep
    default: fail
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes
  - mde.connectivity.attributes.writes
  - ansible.builtin.action_common_attributes
notes:
  - Writes the flag into C(DefaultConnectionSettings) and C(SavedLegacySettings), and the value C(AutoDetect)
    beside them. Everything else in them is kept, and their counter goes up by one.
  - Scopes other than V(connection) need an administrator.
  - The service C(WinHttpAutoProxySvc) is never disabled.
  - It is not documented which of the flag and C(AutoDetect) Windows follows when they differ, so the module
    keeps them equal. Where only that is a change, a warning says so.
seealso:
  - module: mde.connectivity.winhttp_import_ie
  - module: mde.connectivity.winhttp_proxy
  - module: mde.connectivity.endpoint_info
  - module: mde.connectivity.endpoint_proxy
"""

EXAMPLES = r"""
- name: The sensor's account detects its proxy
  mde.connectivity.wpad:
    state: enabled

- name: All accounts of services do, and a manual proxy of theirs is turned off
  mde.connectivity.wpad:
    state: enabled
    scope:
      - system
      - local_service
      - network_service
    manual_settings: clear

- name: Everybody does on a machine that keeps its proxy settings per machine
  mde.connectivity.wpad:
    state: enabled
    scope:
      - machine

- name: Nobody who is signed in does
  mde.connectivity.wpad:
    state: disabled
    scope:
      - all_users
"""

RETURN = r"""
before:
  description: The settings that were read, in the shape that M(mde.connectivity.endpoint_info) returns, except
    that C(raw) is null where the value could be decoded.
  returned: when the settings could be read
  type: dict
  contains:
    wininet:
      description: The Internet Explorer (WinINet) settings of each account that O(scope) names, as
        RV(mde.connectivity.endpoint_info#module:wininet).
      returned: success
      type: dict
      sample:
        system:
          {auto_detect: true, auto_config_url: null, proxy_enabled: false, proxy: null, bypass: [], counter: 6,
           readable: true, raw: null, auto_detect_value: 1, proxy_enable_value: null, auto_config_url_value: null,
           saved_legacy_settings:
             {auto_detect: true, proxy_enabled: false, script_enabled: false, counter: 6, readable: true}}
    wpad:
      description: The switches of the machine that matter to automatic detection, as
        RV(mde.connectivity.endpoint_info#module:wpad).
      returned: success
      type: dict
      sample:
        {disable_wpad: false, disable_wpad_policy: false, service_start: demand, per_user: true}
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
    - reg add "HKU\S-1-5-18\Software\Microsoft\Windows\CurrentVersion\Internet Settings" /v AutoDetect /t
      REG_DWORD /d 0x1 /f
snapshot:
  description: What restores every value that a command touches, byte by byte, in the shape of
    RV(mde.connectivity.endpoint_proxy#module:snapshot).
  returned: when the settings could be read
  type: list
  elements: dict
  sample:
    - key: HKU\S-1-5-18\Software\Microsoft\Windows\CurrentVersion\Internet Settings
      name: AutoDetect
      view: 64
      absent: false
      type: REG_DWORD
      data: "00000000"
warnings:
  description: What the task could not see to, a sentence each.
  returned: when there are any
  type: list
  elements: str
  sample:
    - 'Automatic detection is on but has no effect: the service WinHttpAutoProxySvc is disabled, and without
      it services can''t auto-detect.'
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
