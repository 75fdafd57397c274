# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: datacollection_proxy
short_description: Set or remove the static proxy of the Defender for Endpoint sensor
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Manages the policy values that give the sensor a proxy of its own, which it prefers to the one of WinHTTP.
  - C(TelemetryProxyServer) and C(DisableEnterpriseAuthProxy) below C(DataCollection) are one unit, and both are
    written. With O(state=absent) the first is deleted, and the second only if O(disable_enterprise_auth_proxy) says
    so, because Microsoft's onboarding script sets it on every endpoint. Other values of that key are left alone.
  - A value of the wrong type is a change, even if its text is right.
options:
  state:
    description: Whether the sensor has a static proxy. With V(absent), O(server) can't be given.
    type: str
    choices:
      - present
      - absent
    default: present
  server:
    description:
      - The proxy as V(host:port), where the host is a name, an IPv4 address or an IPv6 address in brackets,
        and the port a number from 1 to 65535. Required if O(state=present).
      - There must be no scheme, no blank and no user name in it, since the sensor does not accept them.
    type: str
  disable_enterprise_auth_proxy:
    description:
      - Whether the sensor's data keeps away from a proxy that asks for a sign-in.
      - With V(true) C(DisableEnterpriseAuthProxy) is 1. With V(false) it is 0 where it exists, which means the
        same as absent. With V(absent) it is removed.
      - If left out, it is V(true) with O(state=present), and stays as it is with O(state=absent), since Microsoft's
        onboarding script sets it on every endpoint.
    type: str
    choices:
      - "true"
      - "false"
      - absent
  prefer_static_proxy:
    description:
      - Whether the sensor prefers its static proxy for its HTTP requests. It is meant for endpoints that
        can't reach certificate revocation lists and Windows Update without it.
      - With V(true) C(PreferStaticProxyForHttpRequest) is 1. With V(false) it is 0 where it exists, which means
        the same as absent. With V(absent) it is removed.
      - If left out, it stays as it is, also with O(state=absent).
    type: str
    choices:
      - "true"
      - "false"
      - absent
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes
  - mde.connectivity.attributes.writes
  - ansible.builtin.action_common_attributes
notes:
  - Writing needs an administrator.
  - The sensor goes direct when its static proxy can't be reached, so that a wrong value does not show as a
    failure.
  - Do not set the same values by group policy or device management as well, or the two will undo each other's
    work.
  - Microsoft's documentation for early releases wants a restart when the proxy is set after onboarding, and
    the current one is silent about it. The result asks for the restart when the sensor is onboarded, and the
    module itself never restarts anything.
seealso:
  - module: mde.connectivity.winhttp_proxy
  - module: mde.connectivity.endpoint_info
  - module: mde.connectivity.endpoint_proxy
  - module: ansible.windows.win_reboot
  - name: Configure your devices to connect to the Defender for Endpoint service using a proxy
    description: The policy values and their meaning.
    link: https://learn.microsoft.com/en-us/defender-endpoint/configure-proxy-internet
"""

EXAMPLES = r"""
- name: A static proxy for the sensor
  mde.connectivity.datacollection_proxy:
    server: proxy.example.com:8080
  register: sensor_proxy

- name: Restart where the change needs it
  ansible.windows.win_reboot:
  when: sensor_proxy.reboot_required

- name: A static proxy by address, preferred for HTTP requests
  mde.connectivity.datacollection_proxy:
    server: "[2001:db8::10]:8080"
    prefer_static_proxy: true

- name: No static proxy, with the other values left as they are
  mde.connectivity.datacollection_proxy:
    state: absent

- name: No static proxy, and nothing that came with it
  mde.connectivity.datacollection_proxy:
    state: absent
    disable_enterprise_auth_proxy: absent
    prefer_static_proxy: absent
"""

RETURN = r"""
before:
  description: The settings that were read, in the shape that M(mde.connectivity.endpoint_info) returns.
  returned: when the settings could be read
  type: dict
  contains:
    datacollection:
      description: The policy values of the sensor's static proxy, as
        RV(mde.connectivity.endpoint_info#module:datacollection).
      returned: success
      type: dict
      sample:
        {telemetry_proxy_server: "proxy.example.com:8080", disable_enterprise_auth_proxy: true,
         prefer_static_proxy: null}
    sensor:
      description: The Defender for Endpoint sensor, as RV(mde.connectivity.endpoint_info#module:sensor).
      returned: success
      type: dict
      sample:
        {onboarded: true, service_start: auto}
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
  description: What restores every value that a command touches, byte by byte, in the shape of
    RV(mde.connectivity.endpoint_proxy#module:snapshot).
  returned: when the settings could be read
  type: list
  elements: dict
  sample:
    - key: HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection
      name: DisableEnterpriseAuthProxy
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
    - The same settings were written before and have been reverted by policy (GPO, MDM) or another tool since;
      they will not last until that is changed at its source.
reboot_required:
  description: Whether the change needs a restart of the endpoint to take effect.
  returned: when the settings could be read
  type: bool
  sample: true
reboot_reason:
  description: Why a restart is needed, empty when it is not.
  returned: when the settings could be read
  type: str
  sample:
    The sensor is onboarded, and a static proxy that changes after onboarding takes effect when the
    machine has been restarted.
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
