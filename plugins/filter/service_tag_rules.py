# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: service_tag_rules
short_description: Render Azure service tags as IP rules for Defender for Endpoint
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Takes what a file C(ServiceTags_Public_*.json) says, which you download from Microsoft, and returns the networks of
    the streamlined service as rules for a firewall that knows no names.
  - The networks are those of C(MicrosoftDefenderForEndpoint) and of C(OneDsCollector), since the first has no cyber
    data. Where one of them is missing it is an error.
  - The change number of the file stands in the head, and the same file gives the same text.
positional: format
options:
  _input:
    description: The content of the file, as P(ansible.builtin.from_json#filter) returns it.
    type: dict
    required: true
  format:
    description:
      - V(nftables) are commands for C(nft -f). They fill the chain C(mde_defender) of the table C(inet filter) and hang
        it nowhere; jump to it from a chain of yours.
      - V(cisco) are access lists for Cisco IOS that permit these networks. What they do not permit they deny.
      - V(cidr) is one network per line.
    type: str
    choices:
      - nftables
      - cisco
      - cidr
    required: true
notes:
  - Certificates, updates and SmartScreen are not in these networks.
seealso:
  - plugin: mde.connectivity.service_allowlist
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Networks for a firewall
  ansible.builtin.copy:
    content: >-
      {{ lookup('ansible.builtin.file', 'ServiceTags_Public_20261123.json') | from_json
         | mde.connectivity.service_tag_rules('cidr') }}
    dest: /srv/allowlist/ip.txt
    mode: "0644"

- name: Rules for nftables
  ansible.builtin.debug:
    msg: >-
      {{ lookup('ansible.builtin.file', 'ServiceTags_Public_20261123.json') | from_json
         | mde.connectivity.service_tag_rules('nftables') }}
"""

RETURN = r"""
_value:
  description: The text of the file, with a line end after its last line.
  type: str
  returned: success
  sample: "# ...\n20.8.195.0/24\n20.8.196.0/24\n"
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._service_tags import (
    IP_FORMATS,
    InvalidServiceTags,
    read_service_tags,
)


def service_tag_rules(content: Any, format: str) -> str:  # noqa: A002  # the name that the user writes
    """Return the content of a file of service tags as rules."""
    if format not in IP_FORMATS:
        raise AnsibleFilterError(f"There is no format {format!r}; there are {', '.join(IP_FORMATS)}.")
    try:
        return IP_FORMATS[format](read_service_tags(content))
    except InvalidServiceTags as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """What the collection offers to templates."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Return the filters of this file by name."""
        return {"service_tag_rules": service_tag_rules}
