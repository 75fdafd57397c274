# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzz the quoting and the exit codes of a batch on every cmd.exe there is: python -m tests.fuzz.cmd [--strings N].

One cmd.exe runs thousands of lines, as it would run what is typed. Every line says a string in both ways of quoting,
and what stands between its marks is compared with that; of each hundred strings a program says what it got as its
arguments. What broke is printed: it belongs into the kept strings beside this file.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import quote, quoted
from windows_lab import wine
from windows_lab.profiles import PROFILES
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.wine import WineEndpoint

from tests.checks.runner import SKIPPED

KEPT = Path(__file__).with_name("cmd_corpus.txt")
# What means something to cmd.exe or to the C runtime, and words that do where a command begins.
_MARKS = "&|<>()^\\ ;,=@'`~*?:/$#{}[]+-._aB0"
_WORDS = (
    "&&", "||", "2>&1", ">nul", "<nul", "^^", "^&", "rem ", "::", "exit", "call ", "& exit 9", ")&(", "\\\\", " /f",
)  # fmt: skip
_PLAIN = [chr(code) for code in range(32, 127) if chr(code) not in '"%!']
_TOKEN = "5eaf00d5"
_LIMIT = 7900
Run = Callable[[Sequence[str]], str]


class Broken(Exception):
    """A string did not come out as it went in, or an exit code was not that of its command."""


def strings(seed: int, count: int) -> Iterator[str]:
    """The kept strings, then as many more, the same for the same seed."""
    yield from KEPT.read_text(encoding="ascii").splitlines()
    rng = random.Random(seed)
    for _number in range(count):
        pieces = rng.choices((_MARKS, _WORDS, _PLAIN), (6, 2, 3), k=rng.randrange(1, 30))
        yield "".join(rng.choice(pool) for pool in pieces)


def _batches(items: Sequence[str]) -> Iterator[tuple[list[tuple[str, str]], str]]:
    """Lines as the product sends them, with what each of their commands is to print, and how."""
    line = f"echo {_TOKEN}"
    expected: list[tuple[str, str]] = []
    for item in items:
        for written in (quote(item), quoted(item)):
            # A builtin that meets this prints its help.
            if "/?" in item:
                continue
            part = f"&echo [{written}&call echo {_TOKEN} %^errorlevel%"
            if len(line) + len(part) > _LIMIT:
                yield expected, line
                line, expected = f"echo {_TOKEN}", []
            line += part
            expected.append((f"[{written}", "0"))
    if expected:
        yield expected, line


def said(items: Sequence[str], run: Run) -> None:
    """Raise Broken where cmd.exe does not say every string as it was quoted, or has an exit code of its own."""
    batches = list(_batches(items))
    output = run([line for _expected, line in batches]).replace("\r\n", "\n")
    parts = re.split(rf"^.*{_TOKEN} ?(-?\d*) *\n", output, flags=re.MULTILINE)
    got = [(text.removesuffix("\n"), code) for text, code in zip(parts[2::2], parts[3::2], strict=False) if code]
    wanted = [pair for expected, _line in batches for pair in expected]
    for number, pair in enumerate(wanted):
        if number >= len(got) or got[number] != pair:
            raise Broken(f"{pair!r} came out as {got[number] if number < len(got) else 'nothing'!r}")
    if len(got) != len(wanted):
        raise Broken(f"{len(wanted)} answers were due, and {len(got)} came")


def fuzz(name: str, items: Iterator[str], run: Run, handed: Callable[[list[str]], list[str]]) -> int:
    """How many strings held; raises Broken. `handed` is what a program gets as its arguments."""
    count = 0
    while chunk := [item for _n, item in zip(range(2000), items, strict=False)]:
        said(chunk, run)
        for start in range(0, len(chunk), 100):
            arguments = chunk[start : start + 40 if start else 100]
            if (got := handed(arguments)) != arguments:
                raise Broken(f"{arguments!r} arrived as {got!r}")
        count += len(chunk)
    print(f"held  {name}: {count} strings", flush=True)
    return count


def on_model(items: Iterator[str]) -> int:
    """Fuzz the cmd.exe of the simulated endpoint, where reg.exe is the program."""
    endpoint = SimulatedEndpoint("model", PROFILES["clean"])

    def handed(arguments: list[str]) -> list[str]:
        got = []
        for item in arguments:
            endpoint.run(rf"reg add HKCU\Software\Lab /v name /d {quoted(item)} /f")
            value = endpoint.value(r"HKCU\Software\Lab", "name")
            got.append(value[1].decode("utf-16-le")[:-1] if value else "")
        return got

    return fuzz("model", items, lambda lines: "".join(endpoint.run(line).stdout.decode() for line in lines), handed)


def on_wine(items: Iterator[str]) -> int:
    """Fuzz Wine's cmd.exe, where a program of the lab shows its arguments."""
    with contextlib.closing(WineEndpoint("fuzz", PROFILES["clean"])) as endpoint:
        endpoint.time_limit = 300.0

        def run(lines: Sequence[str]) -> str:
            # Wine cuts lines that come through a pipe where its reads end.
            text = "".join(f"{line}\r\n" for line in (*lines, "exit"))
            (endpoint.prefix / "drive_c" / "lab" / "typed").write_text(text, encoding="ascii")
            return endpoint.run(r"cmd /d /q <C:\lab\typed").stdout.decode("ascii", "replace")

        def handed(arguments: list[str]) -> list[str]:
            done = endpoint.run(" ".join([r"C:\lab\args.exe", *map(quoted, arguments)]))
            words = re.findall(r"^arg ([0-9a-f]*)\r?$", done.stdout.decode("ascii"), re.MULTILINE)
            return [bytes.fromhex(word).decode("utf-16-be") for word in words]

        return fuzz("Wine", items, run, handed)


def main() -> int:
    """Return 1 where a cmd.exe broke one."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.cmd", description=__doc__)
    parser.add_argument("--strings", type=int, default=10_000, help="for each cmd.exe, beside the kept ones")
    parser.add_argument("--seed", type=int, default=1, help="a date, for strings that were not there yet")
    given = parser.parse_args()
    witnesses = {"model": on_model, "Wine": on_wine}
    reason = wine.missing()
    if reason:
        print(reason)
        del witnesses["Wine"]
    for name, witness in witnesses.items():
        try:
            witness(strings(given.seed, given.strings))
        except Broken as error:
            print(f"BROKE  {name}, seed {given.seed}: {error}")
            return 1
    return SKIPPED if reason else 0


if __name__ == "__main__":
    sys.exit(main())
