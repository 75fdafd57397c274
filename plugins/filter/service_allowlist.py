# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: service_allowlist
short_description: Render service URLs for the administrators of a proxy
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Takes the rows of the lookup P(mde.connectivity.service_urls#lookup) and returns the text of a file for a
    proxy or firewall.
  - The same rows give the same text, so a file that is written with it changes only when the list does.
positional: format
options:
  _input:
    description: The rows. Of each, C(host) and C(port) are needed.
    type: list
    elements: dict
    required: true
  format:
    description:
      - V(squid) is a set of access rules for squid. They let everybody in O(clients) reach these hosts at these
        ports, without asking for a name or password, and deny everything else.
      - V(plain) is one host per line.
      - V(csv) is a table with a head.
      - V(palo_alto) is an external dynamic list of the type URL for a Palo Alto firewall.
      - V(pac) is a function for a PAC file that says O(via) for these hosts.
      - V(tls_exempt) is the list of the hosts to exempt from TLS inspection, each below what it is for, with comments
        on those that must not be exempt. What is asked over port 80 alone is not in it.
    type: str
    choices:
      - squid
      - plain
      - csv
      - palo_alto
      - pac
      - tls_exempt
    required: true
  clients:
    description: The networks that squid serves. By default the private ones of IPv4 and IPv6.
    type: list
    elements: str
    default:
      - 10.0.0.0/8
      - 172.16.0.0/12
      - 192.168.0.0/16
      - fc00::/7
      - fe80::/10
  listen:
    description: The port at which squid listens. Needed only where no other file of its configuration says it.
    type: int
  via:
    description: What the function for the PAC file returns for these hosts.
    type: str
    default: DIRECT
notes:
  - At port 443 a proxy that does not decrypt sees names only, so a path counts at port 80 alone.
  - In squid a wildcard stands for the name after it as well.
seealso:
  - plugin: mde.connectivity.service_urls
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Rules for squid
  ansible.builtin.copy:
    content: >-
      {{ query('mde.connectivity.service_urls', regions=['eu'])
         | mde.connectivity.service_allowlist('squid', clients=['10.20.0.0/16']) }}
    dest: /etc/squid/conf.d/defender.conf
    mode: "0644"

- name: The names alone
  ansible.builtin.debug:
    msg: "{{ query('mde.connectivity.service_urls', generation='streamlined')
             | mde.connectivity.service_allowlist('plain') }}"

- name: The part of a PAC file that sends the sensor past the proxy that asks for passwords
  ansible.builtin.debug:
    msg: "{{ query('mde.connectivity.service_urls')
             | mde.connectivity.service_allowlist('pac', via='PROXY anonymous.example.com:3128') }}"
"""

RETURN = r"""
_value:
  description: The text of the file, with a line end after its last line.
  type: str
  returned: success
  sample: "winatp-gw-weu.microsoft.com:443\n"
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import InvalidRowError
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._render import (
    FORMATS,
    PRIVATE,
    Row,
    Settings,
)


def _row(row: Any) -> Row:
    if not isinstance(row, Mapping) or not {"host", "port"} <= set(row):
        raise InvalidRowError(
            f"A row of service URLs has to have a host and a port, and this has not: {row!r}."
        )
    wanted = ("host", "port", "path", "purpose", "required", "unconfirmed", "source", "as_of")
    return Row(**{name: row[name] for name in wanted if name in row})


def service_allowlist(
    rows: Any,
    format: str,  # noqa: A002  # the name that the user writes
    clients: Sequence[str] = PRIVATE,
    listen: int | None = None,
    via: str = "DIRECT",
) -> str:
    """Return rows of service URLs as the text of a file."""
    if format not in FORMATS:
        raise AnsibleFilterError(f"There is no format {format!r}; there are {', '.join(FORMATS)}.")
    if isinstance(rows, str | Mapping) or not isinstance(rows, Sequence) or not rows:
        raise AnsibleFilterError("The filter service_allowlist takes a list of rows, and got none.")
    if isinstance(clients, str):
        raise AnsibleFilterError(f"The clients have to be a list of networks, and not the text {clients!r}.")
    try:
        settings = Settings(tuple(clients), listen, via)
        return FORMATS[format]([_row(row) for row in rows], settings)
    except InvalidRowError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """What the collection offers to templates."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Return the filters of this file by name."""
        return {"service_allowlist": service_allowlist}
