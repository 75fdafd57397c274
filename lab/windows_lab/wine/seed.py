# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of a fresh Wine endpoint: what a simulated one begins with, written into a real registry."""

from __future__ import annotations

from collections.abc import Iterator

from windows_lab.profiles import Profile
from windows_lab.simulated.registry import Node, Path
from windows_lab.simulated.seed import USER_SID as SIMULATED_SID
from windows_lab.simulated.seed import fresh_root
from windows_lab.wine.agent import Agent

# Wine gives every account this SID.
USER_SID = "S-1-5-21-0-0-0-1000"

# Second names of keys: SYSTEM's hive has two on Windows, and netsh.c says what the other one is for.
_LINKS = {
    r"HKU\S-1-5-18": r"\Registry\User\.Default",
    r"HKLM\SYSTEM\Lab\View32\Software": r"\Registry\Machine\Software\Wow6432Node",
}
# Wine reads the version of Windows from these, which Windows has as well.
_VERSION = {"CurrentMajorVersionNumber": 10, "CurrentMinorVersionNumber": 0}
_CURRENT_VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"


def _keys(node: Node, path: Path) -> Iterator[tuple[str, Node]]:
    for child in node.subkeys.values():
        name = child.name.replace(SIMULATED_SID, USER_SID)
        yield "\\".join((*path, name)), child
        yield from _keys(child, (*path, name))


def link(agent: Agent) -> None:
    """Make the second names; to be done once after every start."""
    for key, target in _LINKS.items():
        agent.link_key(key, target)


def fill(agent: Agent, profile: Profile) -> None:
    """Write a profile's registry, at every start: keys under HKU last only as long as the prefix runs."""
    for key, node in _keys(fresh_root(profile), ()):
        if not node.subkeys and not node.values:
            agent.make_key(key)
        for value in node.values.values():
            agent.set_value(key, value.name, value.type, value.data, 64)
    for name, number in _VERSION.items():
        agent.set_value(_CURRENT_VERSION, name, "REG_DWORD", number.to_bytes(4, "little"), 64)
