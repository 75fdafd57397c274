# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoint_proxy
short_description: Bring all proxy settings of a Windows endpoint into the desired state
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Manages everything that the modules M(mde.connectivity.winhttp_proxy),
    M(mde.connectivity.winhttp_import_ie), M(mde.connectivity.wpad), M(mde.connectivity.datacollection_proxy) and
    M(mde.connectivity.antivirus_proxy) manage, with one batch to read and one to write.
  - Each block has the options of the module of the same name, and a block that is left out changes nothing.
  - With O(method) the task also says which proxy is meant to win, and is warned when another one does.
options:
  method:
    description:
      - The way to the service that is meant to win. If the settings after the task let another one win, a
        warning says which and why.
      - V(wpad) is automatic detection. If O(wpad) is left out, it is enabled for SYSTEM.
      - V(winhttp) is the proxy of WinHTTP, which has to be given in O(winhttp_proxy).
      - V(winhttp_import) is the proxy of WinHTTP taken over from Internet Explorer settings. If
        O(winhttp_import_ie) is left out, the settings of the user who connects are taken.
      - V(static) is the static proxy of the sensor, which has to be given in O(datacollection_proxy).
    type: str
    choices: [wpad, winhttp, winhttp_import, static]
  winhttp_proxy:
    description: The WinHTTP proxy, see M(mde.connectivity.winhttp_proxy). Mutually exclusive with
      O(winhttp_import_ie).
    type: dict
    suboptions:
      state:
        description: Whether there is one.
        type: str
        choices: [present, absent]
        default: present
      proxy:
        description: A string such as V(proxy.example.com:8080), or a dictionary of V(http), V(https), V(ftp) and
          V(socks). Required if O(winhttp_proxy.state=present).
        type: raw
      bypass:
        description: A list or one string of hosts that need no proxy. If left out, the list stays as it is.
        type: raw
      include_32bit:
        description: Whether 32-bit programs get the same proxy.
        type: bool
        default: true
  winhttp_import_ie:
    description:
      - The WinHTTP proxy from Internet Explorer settings, see M(mde.connectivity.winhttp_import_ie). Mutually exclusive
        with O(winhttp_proxy). An empty dictionary, C({}), asks for the import with its defaults.
      - With O(wpad.manual_settings=clear) the manual proxy is moved. Once the source has none any more, WinHTTP keeps
        the proxy that it has, and a warning says so.
    type: dict
    suboptions:
      source:
        description: V(connection), V(system), V(machine), a SID or an account.
        type: str
        default: connection
      on_loss:
        description: What happens when the source uses a setup script or automatic detection.
        type: str
        choices: [fail, warn]
        default: fail
      allow_direct:
        description: Whether a source without a proxy may remove the one of WinHTTP.
        type: bool
        default: false
      include_32bit:
        description: Whether 32-bit programs get the same proxy.
        type: bool
        default: true
  wpad:
    description: Automatic detection of a proxy, see M(mde.connectivity.wpad).
    type: dict
    suboptions:
      state:
        description: Whether the accounts detect their proxy by themselves.
        type: str
        choices: [enabled, disabled]
        required: true
      scope:
        description: Any of V(system), V(local_service), V(network_service), V(machine), V(connection), V(all_users),
          and SIDs.
        type: list
        elements: str
        default: [system]
      manual_settings:
        description: What happens to a manual proxy or a setup script that would compete with detection.
        type: str
        choices: [fail, clear, keep]
        default: fail
  datacollection_proxy:
    description: The static proxy of the sensor, see M(mde.connectivity.datacollection_proxy).
    type: dict
    suboptions:
      state:
        description: Whether there is one.
        type: str
        choices: [present, absent]
        default: present
      server:
        description: The proxy as V(host:port). Required if O(datacollection_proxy.state=present).
        type: str
      disable_enterprise_auth_proxy:
        description: Whether the sensor's data keeps away from a proxy that asks for a sign-in. V(absent) removes the
            value. If left out, it is V(true) with O(datacollection_proxy.state=present), and stays as it is otherwise.
        type: str
        choices: ["true", "false", absent]
      prefer_static_proxy:
        description: Whether the sensor prefers it for its HTTP requests. V(absent) removes the value, and if
          left out, it stays as it is.
        type: str
        choices: ["true", "false", absent]
  antivirus_proxy:
    description: The proxy of Microsoft Defender Antivirus, see M(mde.connectivity.antivirus_proxy).
    type: dict
    suboptions:
      state:
        description: Whether the antivirus has a proxy of its own.
        type: str
        choices: [present, absent]
        default: present
      proxy:
        description: The proxy as V(http://host:port). This or O(antivirus_proxy.pac_url) is required if
          O(antivirus_proxy.state=present).
        type: str
      pac_url:
        description: The URL of a setup script (PAC).
        type: str
      bypass:
        description: A list or one string of hosts that need no proxy. If left out, the list stays as it is.
        type: raw
  role:
    description:
      - Whether the variables of the role C(mde.connectivity.endpoint_proxy) say what is asked for, instead of the other
        options.
      - In a fleet that is cheaper, as each option that is a template is compiled for each endpoint.
    type: bool
    default: false
  verify_role:
    description:
      - Whether the endpoint is verified afterwards as the role C(mde.connectivity.endpoint_verify) does, with the
        variables of that role, over the same connection. In a fleet that is much cheaper than a task of its own.
      - The task fails where the service is not reached, unless C(endpoint_verify_assert) is false. The settings stay.
      - In check mode it asks what is reached with the settings that are there, and does not fail where the run would
        change them.
      - For Ansible a task that fails has changed nothing that it counts, notifies no handler and shows no diff. What
        was written is in its result, RV(before) and RV(after). A task with C(until) is refused, since the result of
        the last attempt would hide what the first one wrote.
    type: bool
    default: false
  restore:
    description:
      - A snapshot to put back, byte for byte, as a result of this or another module of the collection has it in
        RV(snapshot). A value that was not there is taken away.
      - It can't be combined with other options but O(verify_role). For a whole rollout see
        M(mde.connectivity.rollout_undo).
    type: list
    elements: dict
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes
  - mde.connectivity.attributes.writes
  - ansible.builtin.action_common_attributes
notes:
  - Writing needs an administrator.
  - At least O(method) or one block is required.
  - An import is planned before O(wpad), so O(wpad.manual_settings=clear) can turn off the manual proxy that
    was just imported.
seealso:
  - module: mde.connectivity.winhttp_proxy
  - module: mde.connectivity.winhttp_import_ie
  - module: mde.connectivity.wpad
  - module: mde.connectivity.datacollection_proxy
  - module: mde.connectivity.antivirus_proxy
  - module: mde.connectivity.endpoint_info
"""

EXAMPLES = r"""
- name: The sensor detects its proxy
  mde.connectivity.endpoint_proxy:
    method: wpad

- name: The sensor uses the WinHTTP proxy, and has no static one
  mde.connectivity.endpoint_proxy:
    method: winhttp
    winhttp_proxy:
      proxy: proxy.example.com:8080
      bypass:
        - <local>
        - "*.corp.example.com"
    datacollection_proxy:
      state: absent

- name: SYSTEM's manual proxy moves to WinHTTP, and detection takes its place
  mde.connectivity.endpoint_proxy:
    method: winhttp_import
    winhttp_import_ie:
      source: system
      on_loss: warn
    wpad:
      state: enabled
      manual_settings: clear

- name: The sensor has a static proxy, whatever else is set
  mde.connectivity.endpoint_proxy:
    method: static
    datacollection_proxy:
      server: proxy.example.com:8080
  register: sensor

- name: Put back what a snapshot has, here that there was no static proxy
  mde.connectivity.endpoint_proxy:
    restore:
      - key: HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection
        name: TelemetryProxyServer
        view: 64
        absent: true

- name: What would be done on an endpoint for the proxy of the antivirus, command by command
  mde.connectivity.endpoint_proxy:
    antivirus_proxy: {proxy: "http://proxy.example.com:8080"}
  check_mode: true
  diff: true
"""

RETURN = r"""
before:
  description: What the given blocks manage and what wins, in the shape that M(mde.connectivity.endpoint_info) returns,
    except that C(raw) is null where the value could be decoded.
  returned: when the settings could be read
  type: dict
  contains:
    winhttp:
      description: The proxy of WinHTTP, as RV(mde.connectivity.endpoint_info#module:winhttp).
      returned: when a block sets the WinHTTP proxy
      type: dict
      sample:
        native: {direct: false, proxy: "proxy.example.com:8080", bypass: [<local>], readable: true, raw: null}
        wow64: {direct: false, proxy: "proxy.example.com:8080", bypass: [<local>], readable: true, raw: null}
    wininet:
      description: The Internet Explorer (WinINet) settings of each scope, as
        RV(mde.connectivity.endpoint_info#module:wininet).
      returned: when a block reads or sets these
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
      returned: when the block O(wpad) is given
      type: dict
      sample: {disable_wpad: false, disable_wpad_policy: false, service_start: demand, per_user: true}
    datacollection:
      description: The policy values of the sensor's static proxy, as
        RV(mde.connectivity.endpoint_info#module:datacollection).
      returned: when the block O(datacollection_proxy) is given
      type: dict
      sample: {telemetry_proxy_server: null, disable_enterprise_auth_proxy: null, prefer_static_proxy: null}
    sensor:
      description: The Defender for Endpoint sensor, as RV(mde.connectivity.endpoint_info#module:sensor).
      returned: when the block O(datacollection_proxy) is given
      type: dict
      sample: {onboarded: true, service_start: auto}
    antivirus:
      description: The policy values of the proxy of Microsoft Defender Antivirus, as
        RV(mde.connectivity.endpoint_info#module:antivirus).
      returned: when the block O(antivirus_proxy) is given
      type: dict
      sample:
        {proxy_server: null, proxy_pac_url: null, proxy_bypass: null,
         effective: {method: inherited, proxy: null, set_by: nothing, why: "..."}}
    effective:
      description: The proxy that the sensor is expected to use, as
        RV(mde.connectivity.endpoint_info#module:effective).
      returned: success
      type: dict
      sample:
        method: winhttp
        proxy: proxy.example.com:8080
        set_by: the machine's WinHTTP proxy (netsh winhttp)
        why: No static proxy is set, and WinHTTP has a proxy.
    conflicts:
      description: Contradictions, as RV(mde.connectivity.endpoint_info#module:conflicts).
      returned: success
      type: list
      elements: str
      sample: [The 32-bit view of the WinHTTP proxy differs from the 64-bit one.]
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
    - reg add "HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection" /v "TelemetryProxyServer" /t REG_SZ /d
      "proxy.example.com:8080" /f /reg:64
snapshot:
  description: What restores every value that a command touches, byte by byte.
  returned: when the settings could be read
  type: list
  elements: dict
  contains:
    key:
      description: The registry key.
      returned: success
      type: str
      sample: HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection
    name:
      description: The name of the value.
      returned: success
      type: str
      sample: DisableEnterpriseAuthProxy
    view:
      description: The registry view, 64 or 32.
      returned: success
      type: int
      sample: 64
    absent:
      description: Whether there was no such value.
      returned: success
      type: bool
      sample: false
    type:
      description: The type of the value.
      returned: when there was one
      type: str
      sample: REG_DWORD
    data:
      description: The bytes of the value as hex digits.
      returned: when there was one that holds no credentials
      type: str
      sample: "00000000"
    withheld:
      description: Why the bytes are not shown.
      returned: when it may hold credentials, or reg.exe does not show its exact bytes
      type: str
      sample: it may hold credentials
warnings:
  description: What the task could not see to, a sentence each.
  returned: when there are any
  type: list
  elements: str
  sample: ["method is wpad, but static wins (the policy value TelemetryProxyServer): ..."]
reboot_required:
  description: Whether the change needs a restart of the endpoint to take effect.
  returned: when the settings could be read
  type: bool
  sample: true
reboot_reason:
  description: Why a restart is needed, empty when it is not.
  returned: when the settings could be read
  type: str
  sample: A static proxy that changes after onboarding takes effect when the machine has been restarted.
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
verification:
  description: What M(mde.connectivity.endpoint_verify) returns, and where it fails in C(msg) why.
  returned: with O(verify_role), when the endpoint was asked
  type: dict
  sample:
    {msg: ["pc-0001 reaches all 15 required URLs (via proxy.example.com:8080)."], wrong: "",
     summary: {rows: 15, ok: 15, failed: 0, unknown: 0, skipped: 0, reasons: {ok: 15}, reachable: true}}
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
