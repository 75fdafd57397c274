# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rounds of FOR in the simulated cmd.exe: which values its variables take, one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from windows_lab.simulated.gaps import NotModelled

Bound = dict[str, str]


def of_words(variable: str, source: str) -> Iterator[Bound]:
    """FOR without a switch: one round for each word."""
    for word in re.findall(r'"[^"]*"|[^\s,;=]+', source):
        if set(word) & set("*?"):
            raise NotModelled(f"for over the files of a pattern such as {word}")
        yield {variable: word}


def of_numbers(variable: str, source: str) -> Iterator[Bound]:
    """FOR /L: from the first number in steps of the second to the third; what is no number is 0."""
    words = [*re.split(r"[\s,;=]+", source.strip()), "", "", ""][:3]
    number, step, last = (int(word) if re.fullmatch(r"[+-]?\d+", word) else 0 for word in words)
    while number <= last if step >= 0 else number >= last:
        yield {variable: str(number)}
        number += step


def of_lines(variable: str, options: str, lines: Iterable[str]) -> Iterator[Bound]:
    """FOR /F: one round for each line that has something in it."""
    chosen = _options(options)
    for line in list(lines)[int(chosen.get("skip", "0")) :]:
        if bound := _tokens(line, variable, chosen):
            yield bound


def _options(text: str) -> dict[str, str]:
    found = re.findall(r"(delims)=(.*)$|(\w+)=(\S+)", text)
    return {(first or second).lower(): (value if first else other) for first, value, second, other in found}


def _tokens(line: str, variable: str, options: Mapping[str, str]) -> Bound:
    """The variables that one line sets; none for a line that FOR passes over."""
    delimiters = options.get("delims", " \t")
    line = line.lstrip(delimiters) if delimiters else line
    if not line or line.startswith(options.get("eol", ";")):
        return {}
    bound: Bound = {}
    for number in re.findall(r"\d+-\d+|\d+|\*", options.get("tokens", "1")):
        for token in _one_token(line, number, delimiters, options.get("tokens", "1")):
            bound[chr(ord(variable) + len(bound))] = token
    return bound


def _one_token(line: str, number: str, delimiters: str, wanted: str) -> list[str]:
    words = re.findall(f"[^{re.escape(delimiters)}]+", line) if delimiters else [line]
    if number == "*":
        last = max((int(digits) for digits in re.findall(r"\d+", wanted)), default=0)
        parts = re.split(f"[{re.escape(delimiters)}]+", line, maxsplit=last) if delimiters else [line]
        return [parts[last] if last < len(parts) else ""]
    first, _dash, last_number = number.partition("-")
    span = range(int(first), int(last_number or first) + 1)
    return [words[index - 1] if index <= len(words) else "" for index in span]
