# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: allowlist_files
short_description: Write the service URLs of Defender for Endpoint for the administrators of a proxy
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Writes the rows of P(mde.connectivity.service_urls#lookup) into files on the controller, in the formats of
    P(mde.connectivity.service_allowlist#filter). What has not changed is not written again.
  - Used by the role C(mde.connectivity.service_allowlist). Runs on the controller, whatever connection the host has,
    and reaches no endpoint.
options:
  directory:
    description: The directory on the controller. It is made where it does not exist.
    type: path
    required: true
  formats:
    description: Which formats are written, as O(mde.connectivity.service_allowlist#filter:format).
    type: list
    elements: str
    choices: [squid, plain, csv, palo_alto, pac, tls_exempt]
    default: [squid, plain, csv, palo_alto, pac, tls_exempt]
  squid_clients:
    description: The networks that squid serves. By default the private ones of IPv4 and IPv6.
    type: list
    elements: str
    default: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, "fc00::/7", "fe80::/10"]
  squid_port:
    description: The port at which squid listens. Needed only where no other file of its configuration says it.
    type: int
  service_tags:
    description:
      - A file C(ServiceTags_Public_*.json) on the controller that you downloaded from Microsoft. With it, IP rules for
        the streamlined service are written as well, for nftables, for Cisco and as a list of networks, as
        P(mde.connectivity.service_tag_rules#filter) renders them.
    type: path
  pac_via:
    description: What the function for the PAC file returns for these hosts.
    type: str
    default: DIRECT
attributes:
  platform:
    support: full
    platforms: posix
  idempotent:
    description: Changes nothing when run again.
    support: full
  check_mode:
    details: Says which files would change, and writes none.
    support: full
  diff_mode:
    support: full
extends_documentation_fragment:
  - mde.connectivity.attributes.group
  - mde.connectivity.service_urls
  - ansible.builtin.action_common_attributes
seealso:
  - plugin: mde.connectivity.service_urls
    plugin_type: lookup
  - plugin: mde.connectivity.service_allowlist
    plugin_type: filter
"""

EXAMPLES = r"""
- name: The allow-list of a European tenant, in all formats
  mde.connectivity.allowlist_files:
    directory: /srv/allowlist
    regions: [eu]

- name: Rules for squid, for one network
  mde.connectivity.allowlist_files:
    directory: /srv/allowlist
    formats: [squid]
    squid_clients: [10.20.0.0/16]
    squid_port: 3128

- name: The part of a PAC file that sends the sensor past the proxy that asks for passwords
  mde.connectivity.allowlist_files:
    directory: /srv/allowlist
    formats: [pac]
    pac_via: PROXY anonymous.example.com:3128
"""

RETURN = r"""
files:
  description: All files.
  type: list
  elements: str
  returned: success
  sample: [/srv/allowlist/squid.conf, /srv/allowlist/hosts.txt]
written:
  description: Those of them that were written, or would be outside of check mode.
  type: list
  elements: str
  returned: success
  sample: [/srv/allowlist/squid.conf]
changes:
  description:
    - Of each file that was there and is written, what it has now and had not before, in words, as
      P(mde.connectivity.allowlist_changes#filter) says it.
  type: dict
  returned: success
  sample:
    /srv/allowlist/hosts.txt: ["Added: ecs.office.com", "Gone: *.wdcpalt.microsoft.com"]
"""
