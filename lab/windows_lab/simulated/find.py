# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""find.exe of a simulated endpoint: the lines with a text in them, or with /v those without it."""

from __future__ import annotations

import ntpath

from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import Process

_NOTHING_FOUND = 1
_WRONG = 2


def main(process: Process) -> int:
    """Run find.exe; gives its exit code."""
    switches = [word.lower() for word in process.argv[1:] if word.startswith("/")]
    words = [word for word in process.argv[1:] if not word.startswith("/")]
    if set(switches) - {"/v"}:
        raise NotModelled(f"find {' '.join(switches)}")
    if not words:
        process.complain("FIND: Parameter format not correct")
        return _WRONG
    text, names, without = words[0], words[1:], "/v" in switches
    if not names:
        return 0 if _print_lines(process, process.streams.read(), text, without) else _NOTHING_FOUND
    found = [_print_file(process, name, text, without) for name in names]
    return 0 if any(found) else _NOTHING_FOUND


def _print_file(process: Process, name: str, text: str, without: bool) -> bool:
    content = process.machine.text(process.path(name))
    if content is None:
        process.complain(f"File not found - {ntpath.basename(name).upper()}")
        return False
    process.print("", f"---------- {name.upper()}")
    return _print_lines(process, content, text, without)


def _print_lines(process: Process, content: str, text: str, without: bool) -> bool:
    # An empty text is in no line. Line ends stay as they are, so nothing relies on find.exe to make them right.
    chosen = [line for line in _lines(content) if (text != "" and text in line) != without]
    process.streams.out.extend(chosen)
    return bool(chosen)


def _lines(content: str) -> list[str]:
    # Not splitlines(), which also ends lines where Windows does not.
    lines = [f"{line}\n" for line in content.split("\n")]
    lines[-1] = lines[-1][:-1]
    return [line for line in lines if line]
