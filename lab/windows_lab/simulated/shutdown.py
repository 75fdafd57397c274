# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""shutdown.exe of a simulated endpoint: a restart that begins when the line that asked for it has been answered."""

from __future__ import annotations

from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import Process

_ACCESS_DENIED = 5
_PENDING = 1190
_WITH_VALUE = ("/t", "/c", "/d")


def main(process: Process) -> int:
    """Run `shutdown /r [/t SECONDS] [/c TEXT] [/d REASON]`; gives its exit code."""
    words = [word.lower() for word in process.argv[1:]]
    names = words[:1] + words[1::2]
    if words[:1] != ["/r"] or len(words) % 2 == 0 or set(names[1:]) - set(_WITH_VALUE):
        raise NotModelled(f"shutdown {' '.join(process.argv[1:])}")
    if not process.machine.profile.elevated:
        process.complain("Access is denied.(5)")
        return _ACCESS_DENIED
    if process.machine.boot.ends:
        process.complain("A system shutdown has already been scheduled.(1190)")
        return _PENDING
    process.machine.boot.ends = True
    return 0
