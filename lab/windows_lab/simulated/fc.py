# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fc.exe of a simulated endpoint: whether two files hold the same bytes."""

from __future__ import annotations

from itertools import zip_longest

from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import Process

_DIFFERENT = 1
_CANNOT_OPEN = 2


def main(process: Process) -> int:
    """Run `fc /b FILE FILE`; gives its exit code."""
    words = process.argv[1:]
    if len(words) != 3 or words[0].lower() != "/b":
        raise NotModelled(f"fc {' '.join(words)}")
    names = words[1:]
    process.print(f"Comparing files {names[0]} and {names[1].upper()}")
    contents = []
    for name in names:
        data = process.machine.files.read(process.path(name))
        if data is None:
            process.complain(f"FC: cannot open {name.upper()} - No such file or folder")
            return _CANNOT_OPEN
        if not data:
            raise NotModelled("fc of an empty file")
        contents.append(data)
    if contents[0] == contents[1]:
        process.print("FC: no differences encountered", "")
        return 0
    for place, (left, right) in enumerate(zip_longest(*contents)):
        if left is None or right is None:
            process.print(f"FC: {names[left is None].upper()} longer than {names[left is not None].upper()}")
            break
        if left != right:
            process.print(f"{place:08X}: {left:02X} {right:02X}")
    process.print("")
    return _DIFFERENT
