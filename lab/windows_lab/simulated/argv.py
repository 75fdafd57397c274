# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command line as a Microsoft C program receives it: the backslash and quote rules of its start-up code."""

from __future__ import annotations

_BLANKS = " \t"


def _program(line: str) -> tuple[str, int]:
    # The name of the program knows no escapes: a quote only switches.
    name, quoted, index = "", False, 0
    while index < len(line) and (quoted or line[index] not in _BLANKS):
        if line[index] == '"':
            quoted = not quoted
        else:
            name += line[index]
        index += 1
    return name, index


def _argument(line: str, index: int) -> tuple[str, int]:
    text, quoted = "", False
    while index < len(line) and (quoted or line[index] not in _BLANKS):
        end = index
        while end < len(line) and line[end] == "\\":
            end += 1
        slashes, index = end - index, end
        if index == len(line) or line[index] != '"':
            text += "\\" * slashes
            if index < len(line) and (quoted or line[index] not in _BLANKS):
                text += line[index]
                index += 1
            continue
        text += "\\" * (slashes // 2)
        if slashes % 2:
            text += '"'
        elif quoted and line[index + 1 : index + 2] == '"':
            text += '"'
            index += 1
        else:
            quoted = not quoted
        index += 1
    return text, index


def split_argv(line: str) -> list[str]:
    """The arguments of `line`, the program's name first."""
    name, index = _program(line)
    argv = [name]
    while True:
        while index < len(line) and line[index] in _BLANKS:
            index += 1
        if index >= len(line):
            return argv
        argument, index = _argument(line, index)
        argv.append(argument)
