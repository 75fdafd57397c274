# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a playbook says which service URLs it means."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  generation:
    description:
      - Which list is meant.
      - V(standard) is the list of single hosts for every supported Windows.
      - V(streamlined) is the consolidated list, for Windows Server 2012 R2 and 2016 with the unified agent, and from
        Windows 10 version 1607 on.
      - The builds 14393 to 17134 need a longer streamlined list, which is meant where O(windows_build) names one of
        them.
      - V(atp_1607) is the list of 2016 for Windows 10 version 1607, in the commercial cloud, for V(us) and V(eu).
    type: str
    choices:
      - atp_1607
      - standard
      - streamlined
    default: standard
  cloud:
    description: The cloud of the tenant. The three government clouds have the region V(us) only.
    type: str
    choices:
      - commercial
      - gcc
      - gcc_high
      - dod
    default: commercial
  regions:
    description:
      - Where the tenant keeps its data, one of V(us), V(eu), V(uk), V(au), V(ch), V(in) and V(ae) each.
      - Switzerland V(ch) and India V(in) have the V(streamlined) list only. Of the United Arab Emirates V(ae) the
        published lists name few hosts.
      - Without it, all regions that the list has.
    type: list
    elements: str
    default: []
  windows_build:
    description:
      - The Windows build of the endpoints, such as V(17763). Hosts that it does not need are left out.
      - Without it, the hosts of all builds are meant, except those that only an old Windows needs.
    type: int
  include_optional:
    description: Whether the hosts of optional features are meant too.
    type: bool
    default: true
  files:
    description:
      - YAML or JSON files of your own on the controller, whose hosts are added. They are searched where the playbook
        and the role keep their files.
      - A file has a list C(services). Each entry has C(hosts), C(ports), C(purpose) and C(required). It may
        have C(path), C(builds) with C(from), C(before) and C(only_when_known), which leaves the host out where no build
        is given, C(clouds), C(regions), C(generations), C(unconfirmed), C(direct), which says that it cannot be used
        through a proxy, C(source), a list, with C(as_of), a day such as C(2026-09-03), and C(probes), a list of
        C(hosts) (below a wildcard), C(ports), C(path), C(statuses) and C(html), which says that a page may be what the
        service answers with.
      - An entry for a wildcard that is already there adds its probes to it.
    type: list
    elements: str
    default: []
"""
