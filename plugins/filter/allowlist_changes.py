# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: allowlist_changes
short_description: Say in words what differs between two renderings of an allow-list
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Takes an earlier and a later text of one format of P(mde.connectivity.service_allowlist#filter) or
    P(mde.connectivity.service_tag_rules#filter), and returns a sentence for each entry that was added or is gone, for
    the change ticket.
  - The order of the entries and comments do not matter, but for the change number of Azure's service tags.
positional: after
options:
  _input:
    description: The earlier text.
    type: str
    required: true
  after:
    description: The later text, in the same format.
    type: str
    required: true
seealso:
  - plugin: mde.connectivity.service_allowlist
    plugin_type: filter
  - plugin: mde.connectivity.service_tag_rules
    plugin_type: filter
"""

EXAMPLES = r"""
- name: What the firewall would get that it has not
  ansible.builtin.debug:
    msg: "{{ lookup('ansible.builtin.file', '/srv/allowlist/hosts.txt', rstrip=false)
             | mde.connectivity.allowlist_changes(
               query('mde.connectivity.service_urls') | mde.connectivity.service_allowlist('plain')) }}"
"""

RETURN = r"""
_value:
  description: The sentences, those about what was added first. Empty where nothing differs.
  type: list
  elements: str
  returned: success
  sample: ["Added: ecs.office.com", "Gone: *.wdcpalt.microsoft.com"]
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._changes import changes


def allowlist_changes(before: Any, after: Any) -> list[str]:
    """Return what differs between two texts, a sentence each."""
    if not isinstance(before, str) or not isinstance(after, str):
        raise AnsibleFilterError("The filter allowlist_changes takes two texts, the earlier and the later one.")
    return list(changes(before, after))


class FilterModule:
    """What the collection offers to templates."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Return the filters of this file by name."""
        return {"allowlist_changes": allowlist_changes}
