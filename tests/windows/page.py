# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/evidence-windows.md out of the recordings: python -m tests.windows.page [--check]."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator

from windows_lab.recording import Exchange, Look, Machine, Recording
from windows_lab.recording.files import Entry

from tests.checks.runner import ROOT
from tests.recordings import stored
from tests.windows.questions import QUESTIONS, Question

PAGE = ROOT / "docs" / "evidence-windows.md"
_HEAD = """\
# What is known of a real Windows, and what is not

This page is made from the recordings in `tests/recordings` (`python -m tests.windows.page`). A recording is what one
machine answered to everything that `make windows` asks; CONTRIBUTING.md says how to make one.

Only a recording of a `windows` answers a question. What `wine` and the `simulated` endpoints of the lab say stands
beside it, since the collection was made with them.
"""


def described(name: str, machine: Machine) -> str:
    """A row of the table of recordings."""
    what = f"{machine.product} {machine.build}".strip()
    cells = (f"`{name}`", machine.evidence, what, machine.language, machine.codepage, machine.connection)
    return f"| {' | '.join(cells)} |"


def page(recordings: dict[str, Recording]) -> str:
    """The page as text."""
    rows = [described(name, one.machine) for name, one in recordings.items()]
    table = ["| recording | evidence | product and build | language | code page | over |", "|---|---|---|---|---|---|"]
    real = [one for one in recordings.values() if one.machine.evidence == "windows"]
    count = sum(not any(map(question.answer, real)) for question in QUESTIONS)
    lines = [_HEAD, *table, *rows, "", f"## Questions: {count} of {len(QUESTIONS)} are open", ""]
    for question in QUESTIONS:
        lines += _section(question, recordings)
    lines += ["## Where recordings of the contract differ", "", *differences(recordings), ""]
    lines += ["In these places they use other words:", "", *sentences(recordings)]
    return "\n".join(lines).rstrip() + "\n"


def _section(question: Question, recordings: dict[str, Recording]) -> Iterable[str]:
    answers = {name: (one.machine.evidence, question.answer(one)) for name, one in recordings.items()}
    closed = any(evidence == "windows" and answer for evidence, answer in answers.values())
    yield f"### {question.text}"
    yield ""
    yield f"`{question.name}`: {'answered' if closed else 'open'}."
    if question.needs and not closed:
        yield f"It takes {question.needs}."
    yield ""
    said = [f"- `{name}` ({evidence}): {answer}" for name, (evidence, answer) in answers.items() if answer]
    if said:
        yield from (*said, "")


def _said(exchange: Exchange) -> list[str]:
    """The sentences of an answer: no values, no keys, and not the marks between its commands."""
    lines = exchange.stdout.decode("utf-8", "replace").split("\r\n")
    return [line for line in map(str.rstrip, lines) if line and not re.match(r"\{token\}|HKEY_| {4}.* {4}REG_", line)]


def _read(entries: Iterable[Entry]) -> dict[str, str]:
    """What counts of a part: exit codes and values of its first answer, and the bytes that are in the registry then."""
    read = {}
    for entry in entries:
        if isinstance(entry, Look) and entry.name:
            read[f"the bytes of {entry.name} ({entry.view} bit)"] = f"{entry.type} {entry.data.hex()}"
        elif isinstance(entry, Exchange) and "the values" not in read:
            text = entry.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
            rows = re.findall(r"^ {4}(.*?) {4}(REG_\w+) {4}(.*)$", text, re.MULTILINE)
            read["the exit code of the whole line"] = str(entry.rc)
            read["the exit codes of its commands"] = " ".join(re.findall(r"^\{token\} (-?\d+)", text, re.MULTILINE))
            read["the values"] = "; ".join(" ".join((name.lower(), kind, data)) for name, kind, data in rows)
    return read


def _contract(recordings: dict[str, Recording]) -> Iterator[tuple[str, dict[str, list[Entry]]]]:
    """Each part of the contract, and what every recording has there."""
    for part in sorted({part for one in recordings.values() for part in one.parts if part.startswith("contract/")}):
        yield part.partition("/")[2], {name: one.parts.get(part, []) for name, one in recordings.items()}


def differences(recordings: dict[str, Recording]) -> Iterator[str]:
    """A line for each part of the contract in which recordings differ, sentences aside."""
    for part, entries in _contract(recordings):
        read = {name: found for name, own in entries.items() if (found := _read(own))}
        for what in next(iter(read.values()), {}):
            said = {name: found.get(what, "") for name, found in read.items()}
            if len(set(said.values())) > 1:
                shown = ", ".join(f"`{name}` {text[:60] or 'nothing'}" for name, text in said.items())
                yield f"- `{part}`, {what}: {shown}"


def sentences(recordings: dict[str, Recording]) -> Iterator[str]:
    """Rows of a table: what each recording says in the same place of the contract, where that differs."""
    rows = set()
    for _part, entries in _contract(recordings):
        said = [_said(own[0]) if own and isinstance(own[0], Exchange) else [] for own in entries.values()]
        if len({*map(len, said)}) == 1:
            rows |= {row for row in zip(*said, strict=True) if len(set(row)) > 1}
    names = [f"`{name}`" for name in recordings]
    if rows:
        yield from (f"| {' | '.join(names)} |", f"|{'---|' * len(names)}")
    for row in sorted(rows):
        yield f"| {' | '.join(f'`{line}`'.replace('|', chr(92) + '|') for line in row)} |"


def main() -> int:
    """Write the page, or (--check) return 1 where it is not what the recordings say."""
    text = page({name: stored.recording(name) for name in stored.names()})
    if sys.argv[1:] != ["--check"]:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    return int(PAGE.read_text(encoding="utf-8") != text)


if __name__ == "__main__":
    sys.exit(main())
