# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The code is the action plugin of the same name, which takes its argument spec from this documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: reachability
short_description: Test from a Windows endpoint, through WinHTTP, which service URLs it reaches
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Asks the service URLs of Defender for Endpoint, and URLs of your own, from the endpoint itself through WinHTTP,
    which the sensor uses, on one path or on several.
  - Says for each URL and path whether the service was reached, by way of which proxy, and if not, for which reason
    and what to do.
  - All URLs and paths take one remote call and about the time of the slowest of them. Where automatic detection is
    what the sensor is expected to use, it is two. With O(regions=auto) or O(generation=auto) it is one more, since what
    is asked follows from what the endpoint says of itself.
  - A URL that is not reached does not fail the task. A test that could not run does. To stop at a URL that is not
    reached, assert RV(summary.reachable), or use the role C(mde.connectivity.endpoint_verify).
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.attributes
  - mde.connectivity.attributes.asks
  - mde.connectivity.reachability
  - mde.connectivity.service_urls
  - ansible.builtin.action_common_attributes
notes:
  - The test is a plain script, C(probe.ps1) or C(probe.js) in C(plugins/plugin_utils/_probe), that an administrator
    can read and allow by its hash. For the time of the task it lies in a directory C(mde.connectivity), with
    O(run_as=connection) in the temporary directory of the user, with O(run_as=system) in the Windows directory, in
    which only SYSTEM and administrators may write. What a lost connection leaves there is removed by the next run,
    so two runs at a time on one endpoint disturb each other. The one that is disturbed fails.
  - No credentials are sent, neither to a proxy nor to a server, and no redirect is followed.
  - An inspecting proxy whose authority the endpoint trusts is not seen. The sensor, which pins certificates, would
    not accept it.
  - That WinHTTP hands a proxy's refusal of a tunnel over as a status is an assumption. Should it be an error on
    your Windows, the reason is that error.
  - The script host can't ask automatic detection, so with O(engine=wsh) that path is V(path_unknown).
  - Automatic detection is asked through .NET, by the settings of the account that asks, among them a manual proxy and
    a setup script. The sensor is LocalSystem. Where automatic detection is what it is expected to use, ask with
    O(run_as=system), since the connecting user may get another answer. The first of the two calls then asks each URL
    without a proxy.
  - A certificate that is not trusted is asked about once more, with an unknown authority allowed, to tell an
    inspecting proxy from other failures. Such a URL can take twice the O(timeout), and what it holds is sent over a
    connection that is not trusted, so put nothing secret into it.
  - The path that the sensor is expected to take is derived from documentation. See
    M(mde.connectivity.endpoint_info).
seealso:
  - module: mde.connectivity.endpoint_info
  - plugin: mde.connectivity.service_urls
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Does the sensor reach the service of a European tenant?
  mde.connectivity.reachability:
    regions: [eu]
    generation: streamlined
    run_as: system
  register: reached

- name: Stop where it does not
  ansible.builtin.assert:
    that: reached.summary.reachable
    fail_msg: "{{ reached.rows | map(attribute='advice') | unique | join(' ') }}"

- name: Would a proxy that is not set yet let the service through?
  mde.connectivity.reachability:
    regions: [us]
    paths: [proxy.example.com:8080, effective, direct]

- name: Does the antivirus reach cloud protection by its own proxy?
  mde.connectivity.reachability:
    paths: [antivirus]

- name: Ask two addresses of our own and nothing else
  mde.connectivity.reachability:
    service_urls: false
    urls:
      - https://updates.example.com/ping
      - url: http://crl.example.com/
        statuses: [200, 403]
        html: true
"""

RETURN = r"""
onboarding:
  description: How the endpoint is onboarded, as in RV(mde.connectivity.endpoint_info#module:onboarding).
  type: dict
  returned: success
  sample: {connectivity: streamlined, cloud: commercial, region: eu, agent: built_in, missing: ""}
effective:
  description: The path that the sensor is expected to take, as in M(mde.connectivity.endpoint_info).
  type: dict
  returned: success
  sample: {method: direct, proxy: null, set_by: nothing, why: "No proxy is set, and there is no automatic detection."}
engine:
  description: What ran the test, V(powershell) or V(wsh); null where O(paths) is V(antivirus) alone.
  type: str
  returned: success
  sample: powershell
run_as:
  description: Who asked, V(connection) or V(system).
  type: str
  returned: success
  sample: system
rows:
  description: A row for each URL and path, in the order of the URLs and then of O(paths).
  type: list
  elements: dict
  returned: success
  contains:
    url:
      description: The address, or the command of the path V(antivirus), which chooses the address itself.
      type: str
      returned: always
      sample: https://winatp-gw-weu.microsoft.com/commands/test
    host:
      description: Its host, V(MAPS) for the path V(antivirus).
      type: str
      returned: always
      sample: winatp-gw-weu.microsoft.com
    port:
      description: Its port.
      type: int
      returned: always
      sample: 443
    path:
      description: The path, as it was asked for.
      type: str
      returned: always
      sample: effective
    via:
      description: The proxy as C(host:port), V(direct), or null where it is not known. For the path V(antivirus) it
        is the antivirus' own proxy where it has one.
      type: str
      returned: always
      sample: proxy.example.com:8080
    verdict:
      description: V(ok), V(failed), V(unknown), or V(skipped) where the endpoint has no such proxy.
      type: str
      returned: always
      sample: failed
    reason:
      description:
        - Why, one of V(ok), V(name_not_resolved), V(refused), V(reset), V(timeout), V(proxy_denied),
          V(proxy_auth_required), V(proxy_failed), V(proxy_tls_failed), V(proxy_certificate_required),
          V(tls_intercepted), V(tls_failed), V(blocked_page), V(unexpected_status), V(bad_answer), V(bad_header),
          V(protocol_mismatch), V(winhttp_reserved), V(winhttp_callback), V(winhttp_disabled), V(winhttp_unsupported),
          V(winhttp_error), V(maps_failed), V(no_antivirus), V(not_tried), V(path_unknown) and V(no_such_proxy).
      type: str
      returned: always
      sample: proxy_denied
    answered_by:
      description: V(origin), V(proxy), or null where nobody answered or it is not known who did.
      type: str
      returned: always
      sample: proxy
    status:
      description: The HTTP status code, null without a response.
      type: int
      returned: always
      sample: 403
    error:
      description: The number of WinHTTP's error, or of the antivirus', null without one.
      type: int
      returned: always
      sample: 12007
    error_name:
      description: Its name, null where it has none.
      type: str
      returned: always
      sample: ERROR_WINHTTP_NAME_NOT_RESOLVED
    milliseconds:
      description: How long it took.
      type: int
      returned: always
      sample: 84
    required:
      description: Whether the URL counts in RV(summary.reachable).
      type: bool
      returned: always
      sample: true
    purpose:
      description: What the URL is for.
      type: str
      returned: always
      sample: Command and control of the sensor
    advice:
      description: What to do, empty where there is nothing to do.
      type: str
      returned: always
      sample: Allow winatp-gw-weu.microsoft.com:443 in the proxy proxy.example.com:8080.
summary:
  description: How many rows there are, how many of each verdict, and how many of each reason.
  type: dict
  returned: success
  sample: {rows: 2, ok: 1, failed: 1, unknown: 0, skipped: 0, reasons: {ok: 1, proxy_denied: 1}, reachable: false}
  contains:
    reachable:
      description: Whether every required URL was reached on every path that counts and that the endpoint has.
      type: bool
      returned: always
      sample: false
findings:
  description:
    - What the rows say together.
    - V(one_cause) where none of several URLs is reached on a way, all for the same reason. RV(findings[].count) is how
      many there are.
    - V(only_direct) for a URL that is reached directly, but not on another path, where the sensor falls back in
      silence.
    - V(asked_directly) for a URL that cannot be used through a proxy, as those of live response wake-up, where the
      others go through one. Such a URL is asked directly on every path.
  type: list
  elements: dict
  returned: success
  contains:
    url:
      description: The URL, null where the finding is about several.
      type: str
      returned: always
      sample: https://winatp-gw-weu.microsoft.com/commands/test
    path:
      description: The path, as in RV(rows[].path).
      type: str
      returned: always
      sample: effective
    via:
      description: The proxy, as in RV(rows[].via).
      type: str
      returned: always
      sample: proxy.example.com:8080
    finding:
      description: What kind of finding it is.
      type: str
      returned: always
      sample: only_direct
    reason:
      description: The reason of the rows.
      type: str
      returned: always
      sample: proxy_denied
    count:
      description: How many rows it is about.
      type: int
      returned: always
      sample: 1
    text:
      description: The finding as a sentence.
      type: str
      returned: always
      sample: winatp-gw-weu.microsoft.com is reached directly, but not by way of proxy.example.com:8080. ...
  sample:
    - url: https://winatp-gw-weu.microsoft.com/commands/test
      path: effective
      via: proxy.example.com:8080
      finding: only_direct
      reason: proxy_denied
      count: 1
      text: winatp-gw-weu.microsoft.com is reached directly, but not by way of proxy.example.com:8080. ...
unprobed:
  description: Wildcards of the service that were left out because no host below them is known to answer.
  type: list
  elements: str
  returned: success
  sample: ["*.update.microsoft.com"]
"""
