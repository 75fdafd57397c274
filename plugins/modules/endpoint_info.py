# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoint_info
short_description: Report the proxy settings of a Windows endpoint and which one wins
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Reads every setting that decides how a Windows endpoint reaches the Defender for Endpoint service, in one
    batch.
  - Says which proxy the sensor is expected to use, who set it, and which settings contradict or hide each
    other.
  - Says how it is onboarded, and to which cloud and region it reports. Of C(OnboardedInfo), which has the
    organisation's identifiers in it, nothing else is shown or kept.
  - Changes nothing.
options: {}
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes
  - mde.connectivity.attributes.reads
  - ansible.builtin.action_common_attributes
notes:
  - An administrator sees everything. For another user, a scope that may not be read is reported with
    RV(wininet.system.readable) set to V(false).
  - That a static proxy comes before the one of WinHTTP is documented. That detection comes after both is an
    assumption.
  - Only a test of the service's addresses from the endpoint shows that they can be reached.
seealso:
  - module: mde.connectivity.endpoint_proxy
  - module: mde.connectivity.winhttp_proxy
  - module: mde.connectivity.wpad
  - module: mde.connectivity.datacollection_proxy
  - module: mde.connectivity.antivirus_proxy
"""

EXAMPLES = r"""
- name: Read the settings
  mde.connectivity.endpoint_info:
  register: endpoint

- name: Which proxy wins, and why
  ansible.builtin.debug:
    msg: "{{ endpoint.effective.method }} {{ endpoint.effective.proxy }}: {{ endpoint.effective.why }}"

- name: Stop at settings that contradict each other
  ansible.builtin.assert:
    that: endpoint.conflicts | length == 0
    fail_msg: "{{ endpoint.conflicts | join(' ') }}"

- name: Keep the settings of all endpoints in files on the controller
  ansible.builtin.copy:
    content: "{{ endpoint | to_nice_json }}"
    dest: "/var/tmp/{{ inventory_hostname }}.json"
    mode: "0600"
  delegate_to: localhost
  connection: local
"""

RETURN = r"""
winhttp:
  description: The proxy of WinHTTP.
  returned: success
  type: dict
  contains:
    native:
      description: What 64-bit programs see.
      returned: success
      type: dict
      contains: &winhttp_view
        direct:
          description: Whether WinHTTP goes direct. Null when the value is not readable.
          returned: success
          type: bool
          sample: false
        proxy:
          description: The proxy list as it is stored, null when there is none.
          returned: success
          type: str
          sample: proxy.example.com:8080
        bypass:
          description: The bypass list. Null when the value is not readable.
          returned: success
          type: list
          elements: str
          sample: ["<local>", "*.corp.example.com"]
        readable:
          description: Whether the value could be decoded. An absent one counts as readable.
          returned: success
          type: bool
          sample: true
        raw:
          description: The bytes of the value as hex digits, null where there is no value.
          returned: success
          type: str
          sample: "1800000000000000010000000000000000000000"
    wow64:
      description: What 32-bit programs see, in the same form.
      returned: success
      type: dict
      contains: *winhttp_view
wininet:
  description:
    - The Internet Explorer (WinINet) settings of each scope that was read.
    - The keys are V(system), V(local_service), V(network_service), V(machine), V(connection), and the SID of
      every person whose registry hive is loaded.
  returned: success
  type: dict
  contains:
    system:
      description: The settings of SYSTEM. All scopes have this form.
      returned: success
      type: dict
      contains:
        auto_detect:
          description: Whether automatic detection is on. Null when there is no value or it is not readable.
          returned: success
          type: bool
          sample: true
        auto_config_url:
          description: The address of the setup script, null when none is on.
          returned: success
          type: str
          sample: http://pac.example.com/proxy.pac
        proxy_enabled:
          description: Whether the manual proxy is on. Null when there is no value or it is not readable.
          returned: success
          type: bool
          sample: false
        proxy:
          description: The manual proxy, which is stored even while it is off.
          returned: success
          type: str
          sample: proxy.example.com:8080
        bypass:
          description: The bypass list of the manual proxy.
          returned: success
          type: list
          elements: str
          sample: ["<local>"]
        counter:
          description: How often Windows has counted a change.
          returned: success
          type: int
          sample: 6
        readable:
          description: Whether the settings could be read and decoded. Absent ones count as readable.
          returned: success
          type: bool
          sample: true
        raw:
          description: The bytes of C(DefaultConnectionSettings) as hex digits, null where there is no value.
          returned: success
          type: str
          sample: "460000000600000009000000..."
        saved_legacy_settings:
          description: The flags of C(SavedLegacySettings), null when there is no such value.
          returned: success
          type: dict
          contains:
            auto_detect:
              description: Whether automatic detection is on.
              returned: success
              type: bool
              sample: false
            proxy_enabled:
              description: Whether the manual proxy is on.
              returned: success
              type: bool
              sample: false
            script_enabled:
              description: Whether the setup script is on.
              returned: success
              type: bool
              sample: false
            counter:
              description: How often Windows has counted a change.
              returned: success
              type: int
              sample: 5
            readable:
              description: Whether the value could be decoded.
              returned: success
              type: bool
              sample: true
        auto_detect_value:
          description: The value C(AutoDetect) beside the binary ones, null when absent.
          returned: success
          type: int
          sample: 1
        proxy_enable_value:
          description: The value C(ProxyEnable), null when absent.
          returned: success
          type: int
          sample: 0
        auto_config_url_value:
          description: The value C(AutoConfigURL), null when absent.
          returned: success
          type: str
          sample: http://pac.example.com/proxy.pac
wpad:
  description: The switches of the machine that matter to automatic detection.
  returned: success
  type: dict
  contains:
    disable_wpad:
      description: Whether C(DisableWpad) turns detection off for WinHTTP.
      returned: success
      type: bool
      sample: false
    disable_wpad_policy:
      description: Whether the same value is set as a policy.
      returned: success
      type: bool
      sample: false
    service_start:
      description: How the service C(WinHttpAutoProxySvc) starts, null when there is none.
      returned: success
      type: str
      sample: demand
    per_user:
      description: Whether each account has settings of its own, which is the default of Windows.
      returned: success
      type: bool
      sample: true
datacollection:
  description:
    - The policy values of the sensor's static proxy, each null when absent.
    - A value of an unexpected type is shown as V(TYPE:text).
  returned: success
  type: dict
  contains:
    telemetry_proxy_server:
      description: The static proxy.
      returned: success
      type: str
      sample: proxy.example.com:8080
    disable_enterprise_auth_proxy:
      description: Whether the sensor's data keeps away from a proxy that asks for a sign-in.
      returned: success
      type: bool
      sample: true
    prefer_static_proxy:
      description: Whether the sensor prefers the static proxy for its HTTP requests.
      returned: success
      type: bool
      sample: true
antivirus:
  description:
    - The policy values of the proxy of Microsoft Defender Antivirus, each null when absent.
    - A value of an unexpected type is shown as V(TYPE:text).
  returned: success
  type: dict
  contains:
    proxy_server:
      description: The proxy.
      returned: success
      type: str
      sample: http://proxy.example.com:8080
    proxy_pac_url:
      description: The URL of the setup script.
      returned: success
      type: str
      sample: http://pac.example.com/proxy.pac
    proxy_bypass:
      description: The hosts that the antivirus reaches without its proxy.
      returned: success
      type: list
      elements: str
      sample: ["*.corp.example.com"]
    effective:
      description: Which of them the antivirus is expected to use.
      returned: success
      type: dict
      contains:
        method:
          description:
            - V(static) is the proxy, V(pac) the setup script.
            - V(inherited) is none of its own. The antivirus then goes on, in this order, to no proxy, to the
              settings of Internet Explorer and to detection; whose settings these are is not documented.
          returned: success
          type: str
          sample: static
        proxy:
          description: The proxy or the URL of the script, null when there is neither.
          returned: success
          type: str
          sample: http://proxy.example.com:8080
        set_by:
          description: Which setting decides.
          returned: success
          type: str
          sample: the policy value ProxyServer
        why:
          description: Why that one.
          returned: success
          type: str
          sample: ProxyServer is the first in the antivirus' order.
sensor:
  description: The Defender for Endpoint sensor.
  returned: success
  type: dict
  contains:
    onboarded:
      description: Whether the endpoint is onboarded.
      returned: success
      type: bool
      sample: true
    service_start:
      description: How the service C(Sense) starts, null when there is none.
      returned: success
      type: str
      sample: auto
onboarding:
  description:
    - How the endpoint is onboarded, out of C(OnboardingState), C(OnboardedInfo) and whether there is a C(SenseId).
    - What Microsoft's client analyzer decides by counts here, that C(partnerGeoLocation) begins with C(GW_) where it is
      streamlined. That everything else which is onboarded is standard is an assumption.
  returned: success
  type: dict
  contains:
    connectivity:
      description: V(streamlined), V(standard), V(not_onboarded), or V(unknown) where the state does not say.
      returned: success
      type: str
      sample: streamlined
    cloud:
      description:
        - V(commercial), V(gcc), V(gcc_high) or V(dod). Null where the state does not say.
        - GCC is told by its data center. No value that is known tells GCC High from DoD.
      returned: success
      type: str
      sample: commercial
    region:
      description: The region, as in P(mde.connectivity.service_urls#lookup). Null where it is not known.
      returned: success
      type: str
      sample: eu
    agent:
      description:
        - V(built_in) is the sensor that is part of Windows, V(unified) the one that is installed on Windows Server 2012
          R2 and 2016, V(mma) the Microsoft Monitoring Agent, V(none) none of them, and V(unknown) an unknown one.
        - They are told apart by the services C(Sense) and C(HealthService), the build and the product name, which is an
          assumption.
      returned: success
      type: str
      sample: built_in
    missing:
      description: What the state does not say, in a sentence. Empty where it says all.
      returned: success
      type: str
      sample: ""
windows:
  description: The Windows of the endpoint.
  returned: success
  type: dict
  contains:
    build:
      description: The build number.
      returned: success
      type: str
      sample: "20348"
    product:
      description: The product name in the registry, where a Windows 11 calls itself Windows 10.
      returned: success
      type: str
      sample: Windows Server 2022 Standard
effective:
  description: The proxy that the sensor is expected to use.
  returned: success
  type: dict
  contains:
    method:
      description: V(static), V(winhttp), V(wpad), V(direct), or V(unknown) when a setting that decides can't
        be decoded.
      returned: success
      type: str
      sample: winhttp
    proxy:
      description: The proxy, null when there is none or when it is detected.
      returned: success
      type: str
      sample: proxy.example.com:8080
    set_by:
      description: Which setting decides.
      returned: success
      type: str
      sample: the machine's WinHTTP proxy (netsh winhttp)
    why:
      description: Why that one.
      returned: success
      type: str
      sample: No static proxy is set, and WinHTTP has a proxy.
conflicts:
  description: Settings that contradict or hide each other, a sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - A static proxy and a WinHTTP proxy are both set; the sensor prefers the static one.
"""
