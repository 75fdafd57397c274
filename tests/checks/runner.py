# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one check is, how it is run, and what came out of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / ".cache" / "checks"
# A check that ends with this exit code says that it could not run here (as automake's tests do).
SKIPPED = 77

Kind = Literal["lint", "test", "matrix"]
Status = Literal["passed", "failed", "skipped"]
Tally = Counter[tuple[str, Status]]


@dataclass(frozen=True)
class Check:
    """One command, and the evidence that it stands for.

    `command` begins after the interpreter of the environment. A check that writes a JUnit report counts
    each test in it, every other check counts as one. `seconds` is what it took when it was last measured:
    the longest start first, so that the cores stay busy to the end.
    """

    name: str
    command: tuple[str, ...]
    evidence: str
    kind: Kind = "test"
    report: bool = False
    seconds: int = 10

    @property
    def log(self) -> Path:
        """Where the output of the check goes."""
        return LOGS / f"{self.name}.log"

    @property
    def took(self) -> Path:
        """Where its seconds go, and those of CPU that it and what it waited for took."""
        return LOGS / f"{self.name}.seconds"

    @property
    def junit(self) -> Path:
        """Where the check writes its JUnit report."""
        return LOGS / f"{self.name}.xml"


@dataclass(frozen=True)
class Outcome:
    """What came out of a check: its time, its exit code and its tests by evidence and status."""

    check: Check
    rc: int
    seconds: float
    tally: Tally = field(default_factory=Counter)

    @property
    def status(self) -> Status:
        """One word for the whole check."""
        if self.rc == SKIPPED:
            return "skipped"
        return "failed" if self.rc else "passed"


def read_report(path: Path, default: str) -> Tally:
    """Count the tests of a JUnit report by evidence (`default` where a test names none) and status."""
    tally: Tally = Counter()
    for case in ElementTree.parse(path).iter("testcase"):
        evidence = default
        for entry in case.iter("property"):
            if entry.get("name") == "evidence":
                evidence = entry.get("value") or default
        tally[evidence, case_status(case)] += 1
    return tally


def repeated(tally: Tally, evidence: str) -> Tally:
    """Return a tally with everything under one name."""
    renamed: Tally = Counter()
    for (_evidence, status), count in tally.items():
        renamed[evidence, status] += count
    return renamed


def statuses(tally: Tally) -> set[Status]:
    """Return which statuses a tally has at least one test of."""
    return {key[1] for key, count in tally.items() if count}


def case_status(case: ElementTree.Element) -> Status:
    """Status of one test in a JUnit report."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def tally_of(check: Check, rc: int) -> Tally:
    """Count what a finished check stands for; a check that failed never counts without a failure."""
    own: Status = "skipped" if rc == SKIPPED else "failed" if rc else "passed"
    if not check.report or own == "skipped" or not check.junit.exists():
        # Without the report that was due there is nothing to believe.
        return Counter({(check.evidence, "failed" if check.report and own == "passed" else own): 1})
    tally = read_report(check.junit, check.evidence)
    if check.kind == "matrix":
        # The same tests once more: they are no further evidence.
        tally = repeated(tally, check.evidence)
    if rc and "failed" not in statuses(tally):
        tally[check.evidence, "failed"] += 1
    return tally


def run(check: Check) -> Outcome:
    """Run one check with its output in its log."""
    check.junit.unlink(missing_ok=True)
    started = time.monotonic()
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {
        **os.environ,
        "PATH": programs,
        "NO_COLOR": "1",
        "ANSIBLE_NOCOLOR": "1",
        # Nothing that is installed in the home folder may stand in for this checkout.
        "ANSIBLE_HOME": str(ROOT / ".cache" / "ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".venv" / "collections"),
        # What one check has compiled is there for the next one; pytest takes half as long to collect.
        "PYTHONDONTWRITEBYTECODE": "",
    }
    with check.log.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *check.command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        status, used = os.wait4(process.pid, 0)[1:]
        rc = process.returncode = os.waitstatus_to_exitcode(status)
    tally = tally_of(check, rc)
    if not rc and "failed" in statuses(tally):
        rc = 1
    seconds = time.monotonic() - started
    check.took.write_text(f"{seconds:.1f} {used.ru_utime + used.ru_stime:.1f}\n", encoding="ascii")
    return Outcome(check, rc, seconds, tally)


def reasons(outcome: Outcome, most: int = 8) -> list[str]:
    """Say which tests of a check did not pass and why, a line each; where no report tells why, how its log ends."""
    check, lines, told = outcome.check, [], False
    if check.report and check.junit.exists():
        for case in ElementTree.parse(check.junit).iter("testcase"):
            if case_status(case) == "passed":
                continue
            name = "::".join(filter(None, (case.get("classname"), case.get("name"))))
            message = next((entry.get("message") for entry in case if entry.get("message")), "")
            lines.append(f"{case_status(case)}: {name}: {message}".splitlines()[0][:200].rstrip(": "))
            told = told or bool(message)
    shown = lines[:most] + ([f"and {len(lines) - most} more"] if len(lines) > most else [])
    if told:
        return shown
    log = check.log.read_text(errors="replace").splitlines()
    return shown + [line for line in log if line.strip()][-most:]


def announce(outcome: Outcome, lines: int = 60) -> None:
    """Print one line for a check, and the end of its log when it did not pass."""
    print(f"{outcome.status:8}{outcome.check.name:22}{outcome.seconds:7.1f} s", flush=True)
    if outcome.status != "passed":
        tail = outcome.check.log.read_text(errors="replace").splitlines()[-lines:]
        print("\n".join(f"        | {line}" for line in tail), flush=True)


def run_all(checks: Iterable[Check], workers: int) -> list[Outcome]:
    """Run checks side by side, the longest first, and announce each as it ends."""
    LOGS.mkdir(parents=True, exist_ok=True)
    ordered = sorted(checks, key=lambda check: -check.seconds)
    outcomes = []
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for future in as_completed([pool.submit(run, check) for check in ordered]):
            outcomes.append(future.result())
            announce(outcomes[-1])
    return outcomes


def summary(outcomes: Iterable[Outcome]) -> tuple[list[str], Tally]:
    """Return a table of tests per evidence with the closing line last, and the sum that it was made from."""
    total: Tally = Counter()
    for outcome in outcomes:
        total.update(outcome.tally)
    words: tuple[Status, ...] = ("passed", "failed", "skipped")
    lines = [f"{'evidence':22}" + "".join(f"{word:>9}" for word in words)]
    for evidence in sorted({key[0] for key in total}):
        lines.append(f"{evidence:22}" + "".join(f"{total[evidence, word]:>9}" for word in words))
    sums = {word: sum(count for key, count in total.items() if key[1] == word) for word in words}
    lines.append("")
    lines.append(", ".join(f"{count} {word}" for word, count in sums.items()))
    return lines, total
