# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""taskkill.exe of a simulated endpoint: ends the programs that hang, by the names of their files."""

from __future__ import annotations

from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import Process

_NOT_FOUND = 128


def main(process: Process) -> int:
    """Run `taskkill /f [/t] /im NAME`; gives its exit code."""
    words = [word.lower() for word in process.argv[1:]]
    if len(words) < 3 or words[-2] != "/im" or sorted(words[:-2]) not in (["/f"], ["/f", "/t"]):
        raise NotModelled(f"taskkill {' '.join(process.argv[1:])}")
    hung = process.machine.hung.get(words[-1])
    if hung is None:
        process.complain(f'ERROR: The process "{process.argv[-1]}" not found.')
        return _NOT_FOUND
    if not process.machine.profile.elevated:
        process.complain(f'ERROR: The process "{process.argv[-1]}" could not be terminated.')
        process.complain("Reason: Access is denied.")
        return 1
    hung.set()
    process.print(f'SUCCESS: The process "{process.argv[-1]}" has been terminated.')
    return 0
