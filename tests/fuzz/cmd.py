# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzz the quoting and the exit codes of a batch on every cmd.exe there is: python -m tests.fuzz.cmd [--strings N].

A cmd.exe runs thousands of commands, as it would run what is typed. They say each string in both ways of quoting (once
where these are one), and what stands between its marks is compared with that; of each thousand strings a program says
what it got of 400 as its arguments, of 100 of them in a line of its own behind /c. What broke is printed: it belongs
into the kept strings beside this file. The strings are those of the day, so that other ones come up tomorrow;
--extend N goes on with those that the ledger has not yet, and counts them.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import itertools
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import quote, quoted
from windows_lab import wine
from windows_lab.profiles import PROFILES
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.wine import WineEndpoint
from windows_lab.wine.newer import NotFetched
from windows_lab.wine.prefix import version

from tests.checks.runner import SKIPPED
from tests.checks.wine_newer import environment
from tests.fuzz import ledger

KEPT = Path(__file__).with_name("cmd_corpus.txt")
# What means something to cmd.exe or to the C runtime, and words that do where a command begins.
_MARKS = "&|<>()^\\ ;,=@'`~*?:/$#{}[]+-._aB0"
_WORDS = (
    "&&", "||", "2>&1", ">nul", "<nul", "^^", "^&", "rem ", "::", "exit", "call ", "& exit 9", ")&(", "\\\\", " /f",
)  # fmt: skip
_PLAIN = [chr(code) for code in range(32, 127) if chr(code) not in '"%!']
_TOKEN = "5eaf00d5"
_LIMIT = 7900
# Without them Wine's `call` looks for a program in far fewer places, and takes a third of the time.
_ALONE = ("set PATH=", "set PATHEXT=.X")
Run = Callable[[Sequence[str]], str]
# Of each list of arguments a program is given one after the other: all that it got.
Handed = Callable[[list[list[str]]], list[str]]
# What is called with each thousand strings that held.
Held = Callable[[int], None]


class Broken(Exception):
    """A string did not come out as it went in, or an exit code was not that of its command; `item` is the string."""

    def __init__(self, item: str, message: str) -> None:
        super().__init__(message)
        self.item = item


def kept() -> list[str]:
    """The strings that broke one once, or look as if they could."""
    return KEPT.read_text(encoding="ascii").splitlines()


def drawn(seed: int, count: int) -> list[str]:
    """Strings, the same for the same seed."""
    rng = random.Random(seed)
    lines = []
    for _number in range(count):
        pieces = rng.choices((_MARKS, _WORDS, _PLAIN), (6, 2, 3), k=rng.randrange(1, 30))
        lines.append("".join(rng.choice(pool) for pool in pieces))
    return lines


def _batches(items: Sequence[str]) -> Iterator[tuple[list[tuple[str, str]], str]]:
    """Lines as the product sends them, with the string of each of their commands and what it is to print."""
    line = f"echo {_TOKEN}"
    expected: list[tuple[str, str]] = []
    for item in items:
        for written in dict.fromkeys((quote(item), quoted(item))):
            # A builtin that meets this prints its help.
            if "/?" in item:
                continue
            part = f"&echo [{written}&call echo {_TOKEN} %^errorlevel%"
            if len(line) + len(part) > _LIMIT:
                yield expected, line
                line, expected = f"echo {_TOKEN}", []
            line += part
            expected.append((item, f"[{written}"))
    if expected:
        yield expected, line


def said(items: Sequence[str], run: Run) -> None:
    """Raise Broken where cmd.exe does not say every string as it was quoted, or has an exit code of its own."""
    batches = list(_batches(items))
    output = run([line for _expected, line in batches]).replace("\r\n", "\n")
    parts = re.split(rf"^.*{_TOKEN} ?(-?\d*) *\n", output, flags=re.MULTILINE)
    got = [(text.removesuffix("\n"), code) for text, code in zip(parts[2::2], parts[3::2], strict=False) if code]
    wanted = [entry for expected, _line in batches for entry in expected]
    for number, (item, printed) in enumerate(wanted):
        if number >= len(got) or got[number] != (printed, "0"):
            came = got[number] if number < len(got) else "nothing"
            raise Broken(item, f"{item!r}, which is to print {printed!r}, came out as {came!r}")
    if len(got) != len(wanted):
        raise Broken(items[-1], f"{len(wanted)} answers were due, and {len(got)} came")


def fuzz(blocks: Iterable[list[str]], run: Run, handed: Handed, held: Held, at_once: int = 1) -> None:
    """Raise Broken where a string did not hold. `handed` is what a program gets as its arguments.

    So many blocks at once go to one cmd.exe, and count when all of them held.
    """
    rest = iter(blocks)
    while several := list(itertools.islice(rest, at_once)):
        said([*itertools.chain(*several)], run)
        groups = [block[start : start + 100] for block in several for start in range(0, len(block), 250)]
        pairs = itertools.zip_longest(itertools.chain(*groups), handed(groups))
        if other := [(item or "", got) for item, got in pairs if item != got]:
            raise Broken(other[0][0], "{!r} arrived as {!r}".format(*other[0]))
        for block in several:
            held(len(block))


def on_model(blocks: Iterable[list[str]], held: Held) -> None:
    """Fuzz the cmd.exe of the simulated endpoint, where reg.exe is the program."""
    endpoint = SimulatedEndpoint("model", PROFILES["clean"])

    def handed(groups: list[list[str]]) -> list[str]:
        got = []
        for item in itertools.chain(*groups):
            if item == "/?":
                # Wherever this stands, reg.exe prints its help.
                got.append(item)
                continue
            endpoint.run(rf"reg add HKCU\Software\Lab /v name /d {quoted(item)} /f")
            value = endpoint.value(r"HKCU\Software\Lab", "name")
            got.append(value[1].decode("utf-16-le")[:-1] if value else "")
        return got

    fuzz(blocks, lambda lines: "".join(endpoint.run(line).stdout.decode() for line in lines), handed, held)


def on_wine(blocks: Iterable[list[str]], held: Held) -> None:
    """Fuzz Wine's cmd.exe, where a program of the lab shows its arguments."""
    with contextlib.closing(WineEndpoint("fuzz", PROFILES["clean"])) as endpoint:
        endpoint.time_limit = 300.0
        folder = endpoint.prefix / "drive_c" / "lab"

        def run(lines: Sequence[str]) -> str:
            # Wine cuts lines that come through a pipe where its reads end.
            text = "".join(f"{line}\r\n" for line in (*_ALONE, *lines, "exit"))
            (folder / "typed").write_text(text, encoding="ascii")
            (folder / "said").unlink(missing_ok=True)
            # Into a pipe it says them half as fast.
            endpoint.run(r"cmd /d /q <C:\lab\typed >C:\lab\said")
            return (folder / "said").read_bytes().decode("ascii", "replace")

        def words(output: str) -> list[str]:
            found = re.findall(r"^arg ([0-9a-f]*)\r?$", output, re.MULTILINE)
            return [bytes.fromhex(word).decode("utf-16-be") for word in found]

        def handed(groups: list[list[str]]) -> list[str]:
            lines = [" ".join([r"C:\lab\args.exe", *map(quoted, group)]) for group in groups]
            typed = iter(words(run([line for number, line in enumerate(lines) if number % 4])))
            got: list[str] = []
            for number, (group, line) in enumerate(zip(groups, lines, strict=True)):
                # One in four as the product has a line started, the others as if typed.
                own = number % 4 == 0
                got += words(endpoint.run(line).stdout.decode()) if own else itertools.islice(typed, len(group))
            return [*got, *typed]

        # A start of a program takes Wine as long as hundreds of strings.
        fuzz(blocks, run, handed, held, at_once=5)


def _blocks(seeds: Iterable[int], count: int) -> Iterator[list[str]]:
    """The kept strings, then those of each seed, no more than a thousand of each and `count` in all."""
    yield kept()
    for seed, first in zip(seeds, range(0, count, ledger.BLOCK), strict=False):
        yield drawn(seed, min(ledger.BLOCK, count - first))


def attack(where: str, given: argparse.Namespace) -> int:
    """Return 1 where the cmd.exe broke a string, which then is kept if the ledger was to be extended."""
    name = version() if where == "wine" else where
    first = ledger.blocks().get(name, 0) + 1 if given.extend else given.seed
    counted = []

    def held(count: int) -> None:
        counted.append(count)
        # The kept ones come first, and are no block.
        if given.extend and len(counted) > 1:
            ledger.add(name)

    blocks = _blocks(itertools.count(first), given.extend or given.strings)
    try:
        {"model": on_model, "wine": on_wine}[where](blocks, held)
    except Broken as error:
        print(f"BROKE  {name}, seeds from {first} on: {error}")
        if given.extend and error.item not in kept():
            with KEPT.open("a", encoding="ascii") as file:
                file.write(f"{error.item}\n")
        return 1
    print(f"held  {name}: {sum(counted)} strings, seeds from {first} on", flush=True)
    return 0


def on_newer_wine(given: argparse.Namespace) -> int:
    """Do the same in a process of its own with the newer Wine; raises NotFetched."""
    command = [sys.executable, "-m", "tests.fuzz.cmd", "wine", "--seed", str(given.seed)]
    more = ["--strings", str(given.strings), "--extend", str(given.extend)]
    return subprocess.run([*command, *more], env=environment(), check=False).returncode


def main() -> int:
    """Return 1 where a cmd.exe broke one, and SKIPPED where one of them is not there."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.cmd", description=__doc__)
    parser.add_argument("--strings", type=int, default=10_000, help="for each cmd.exe, beside the kept ones")
    parser.add_argument("--seed", type=int, default=datetime.date.today().toordinal(), help="without it, that of today")
    parser.add_argument("--extend", type=int, default=0, metavar="N", help="N further strings, which the ledger counts")
    parser.add_argument("where", nargs="*", default=["model", "wine"], help="model, wine, wine-newer")
    given = parser.parse_args()
    codes = []
    for where in given.where:
        reason = "" if where == "model" else wine.missing() or ""
        try:
            codes.append(SKIPPED if reason else on_newer_wine(given) if where == "wine-newer" else attack(where, given))
        except NotFetched as error:
            reason = f"There is no newer Wine here: {error}."
            codes.append(SKIPPED)
        print(reason, end="\n" * bool(reason))
    return 1 if 1 in codes else SKIPPED if SKIPPED in codes else 0


if __name__ == "__main__":
    sys.exit(main())
