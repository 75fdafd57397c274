# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that gets to an endpoint as standard input and becomes a file there, byte for byte."""

from __future__ import annotations

from itertools import count

from ._endpoint import Command


def absent_from(text: str) -> str:
    """A word that does not occur in the text; the same one for the same text."""
    return next(word for number in count() if (word := f"line{number}") not in text)


def staged(file: str, text: str) -> Command:
    """The command that makes a file, by its quoted path, of lines of ASCII with \\r\\n ends.

    Where the code page is UTF-8, as over winrm, Windows PowerShell 5.1 begins what it hands to cmd.exe with a byte
    order mark (inferred from the source of .NET Framework). So the first line is a word of ours, and find.exe, which
    leaves that line out, leaves the mark out with it.
    """
    word = absent_from(text)
    return Command(f'find /v "{word}" >{file}', compound=True, stdin=f"{word}\r\n{text}")
