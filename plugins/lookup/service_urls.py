# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: service_urls
short_description: The service URLs that an endpoint needs for Defender for Endpoint
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Returns the hosts that a Windows endpoint has to reach for Microsoft Defender for Endpoint, with their ports,
    what they are for, and what to ask them to see whether they are reached.
  - The lists come with the collection, so nothing is downloaded. They are what Microsoft has published. Where
    its pages differ or say nothing, the row says so in RV(_list[].unconfirmed). Each row says which page it is from,
    and of which day, in RV(_list[].source) and RV(_list[].as_of).
options:
  _terms:
    description: The lookup takes options only, so no term may be given.
    type: list
    elements: str
    default: []
  unprobed:
    description:
      - What happens to a wildcard below which no host is known that would answer.
      - V(keep) returns it without probes, as an allow-list needs it.
      - V(omit) leaves it out, and V(fail) is an error that names it.
    type: str
    choices:
      - keep
      - omit
      - fail
    default: keep
extends_documentation_fragment:
  - mde.connectivity.service_urls
notes:
  - A probe at port 80 is asked over http, at every other port over https.
  - Where an entry names no status codes, 200, 400, 404 and 405 count as reached, as in Microsoft's own analyzer.
  - No status code has been asked of the service itself for this collection. They are taken from published tables.
seealso:
  - plugin: mde.connectivity.service_allowlist
    plugin_type: filter
"""

EXAMPLES = r"""
- name: What endpoints of a European tenant need
  ansible.builtin.debug:
    msg: "{{ lookup('mde.connectivity.service_urls', regions=['eu']) }}"

- name: The streamlined list, without the hosts of optional features
  ansible.builtin.set_fact:
    service_rows: >-
      {{ lookup('mde.connectivity.service_urls', generation='streamlined', regions=['us', 'uk'],
                windows_build=22631, include_optional=false) }}

- name: Every address that can be asked
  ansible.builtin.debug:
    msg: >-
      {{ query('mde.connectivity.service_urls', cloud='gcc_high', unprobed='omit')
         | map(attribute='probes') | flatten | map(attribute='url') | unique }}

# files/our-urls.yml:
#   services:
#     - hosts: ["*.update.microsoft.com"]
#       ports: [443]
#       purpose: Updates, by the host that our endpoints use
#       required: true
#       probes:
#         - hosts: [fe2.update.microsoft.com]
- name: With hosts of our own
  ansible.builtin.debug:
    msg: "{{ query('mde.connectivity.service_urls', files=['our-urls.yml']) }}"
"""

RETURN = r"""
_list:
  description: A row for each host, port and path.
  type: list
  elements: dict
  returned: success
  contains:
    host:
      description: A name, or C(*.) and a name for every name below it.
      type: str
      returned: always
      sample: winatp-gw-weu.microsoft.com
    port:
      description: The port.
      type: int
      returned: always
      sample: 443
    path:
      description: The only path that the service asks for, null for the whole host.
      type: str
      returned: always
      sample: /pkiops/
    purpose:
      description: What the host is for.
      type: str
      returned: always
      sample: Command and control of the sensor
    required:
      description: Whether the service cannot do without.
      type: bool
      returned: always
      sample: true
    windows_builds:
      description: The Windows builds that the host is for, from the first one on and before another. Null is open.
      type: dict
      returned: always
      sample: {from: 17134, before: null}
    probes:
      description: What to ask. Empty where nothing is known that would answer at this port.
      type: list
      elements: dict
      returned: always
      contains:
        url:
          description: The address.
          type: str
          returned: always
          sample: https://winatp-gw-weu.microsoft.com/commands/test
        statuses:
          description: The status codes that mean that the service was reached.
          type: list
          elements: int
          returned: always
          sample: [200]
        html:
          description:
            - Whether a page may be what the service answers with. Where it is not, a page with status 200 was put
              there by somebody else.
          type: bool
          returned: always
          sample: false
    unconfirmed:
      description: What is not certain about the row, null where nothing is open.
      type: str
      returned: always
      sample: No table says with which status it answers.
    direct:
      description: Whether it cannot be used through a proxy, so that it needs a way past it.
      type: bool
      returned: always
      sample: false
    source:
      description:
        - Where the row is from. A page of Microsoft's documentation is named by the last part of its address.
        - Empty where a file of your own does not say it.
      type: list
      elements: str
      returned: always
      sample: [standard-device-connectivity-urls-commercial]
    as_of:
      description: The day of the copy of its source that was read, of several the oldest. Null where it is not known.
      type: str
      returned: always
      sample: "2026-07-03"
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import (
    probes,
    select,
    unprobed,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import (
    Choice,
    NoProbeError,
    Service,
    ServiceFileError,
    UnknownChoiceError,
)


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no types
    """Service URLs as rows."""

    def run(self, terms: list[Any], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        """Return the rows for the options."""
        self.set_options(var_options=variables, direct=kwargs)
        if terms:
            raise AnsibleLookupError(
                "The lookup service_urls takes options only, such as regions=['eu'], and no term."
            )
        try:
            return [_row(service) for service in self._services(variables or {})]
        except (NoProbeError, ServiceFileError, UnknownChoiceError) as error:
            raise AnsibleLookupError(str(error)) from error

    def _services(self, variables: Mapping[str, Any]) -> tuple[Service, ...]:
        choice = Choice(
            generation=self.get_option("generation"),
            cloud=self.get_option("cloud"),
            regions=tuple(self.get_option("regions")),
            windows_build=self.get_option("windows_build"),
            include_optional=self.get_option("include_optional"),
        )
        services = select(choice, [self._file(variables, name) for name in self.get_option("files")])
        if self.get_option("unprobed") == "fail":
            probes(services)
        left_out = unprobed(services) if self.get_option("unprobed") == "omit" else ()
        return tuple(service for service in services if service.host not in left_out)

    def _file(self, variables: Mapping[str, Any], name: str) -> Path:
        found = self.find_file_in_search_path(variables, "files", name, ignore_missing=True)
        if found is None:
            raise AnsibleLookupError(f"There is no file {name!r} of service URLs where files are searched.")
        return Path(found)


def _row(service: Service) -> dict[str, Any]:
    """Return a service URL as a playbook sees it."""
    return {
        "host": service.host,
        "port": service.port,
        "path": service.path,
        "purpose": service.purpose,
        "required": service.required,
        "windows_builds": {"from": service.builds.first, "before": service.builds.before},
        "probes": [
            {"url": probe.url, "statuses": list(probe.statuses), "html": probe.html} for probe in service.probes
        ],
        "unconfirmed": service.unconfirmed,
        "direct": service.direct,
        "source": list(service.source),
        "as_of": service.as_of,
    }
