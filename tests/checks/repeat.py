# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.checks.repeat`: the slowest third of the tests again and again, side by side, as a flaky one fails.

They are those of the last `make test` in this environment that together took a third of the time of all its tests; or
those that are named, as pytest is told them.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.checks.catalogue import CHECKS
from tests.checks.runner import ROOT
from tests.checks.times import Case, cases

SHARE = 1 / 3


def slowest(found: Sequence[Case]) -> list[str]:
    """The tests that took a share of the time of all, the slowest first, as pytest names them."""
    ordered = sorted(found, key=lambda case: -case.seconds)
    sums = itertools.accumulate(case.seconds for case in ordered)
    enough = SHARE * sum(case.seconds for case in found)
    count = 1 + sum(taken < enough for taken in sums)  # The last of them is the one that makes it enough.
    return [_identity(case.name) for case in ordered[:count]]


def _identity(name: str) -> str:
    module, _colons, test = name.partition("::")
    return f"{module.replace('.', '/')}.py::{test}"


def _tests() -> list[Case]:
    return [case for check in CHECKS if "pytest" in check.command for case in cases(check.name)]


def run(tests: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Run them once: the name and the status of each."""
    with tempfile.TemporaryDirectory(prefix="mde-repeat-") as folder:
        report = Path(folder) / "report.xml"
        command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={folder}/work")
        # Of a test that fails the report says what it printed.
        printed = ("-o", "junit_logging=system-out", "-o", "junit_log_passing_tests=false")
        done = subprocess.run(
            [*command, *printed, f"--junitxml={report}", *tests], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            raise SystemExit(f"pytest ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        for case in ElementTree.parse(report).iter("testcase"):
            told = {child.tag: child.text for child in case if child.tag != "properties"}
            for word, text in told.items():
                print(f"\n{word} of {case.get('name')}:\n{text}", flush=True)
            status = next((word for word in told if word != "system-out"), "passed")
            yield f"{case.get('classname')}::{case.get('name')}", status


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 1 where a test did not pass each time, where one did not run, and where no check has run here yet."""
    parser = argparse.ArgumentParser(prog="python -m tests.checks.repeat", description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--side-by-side", type=int, default=4)
    parser.add_argument("tests", nargs="*")
    options = parser.parse_args(arguments)
    tests = options.tests or slowest(_tests())
    if not tests:
        print("No check has run here yet: make test", file=sys.stderr)
        return 1
    named = "the slowest tests" if not options.tests else " ".join(tests)
    print(f"{named}, {options.runs} times, {options.side_by_side} side by side", flush=True)
    started, counts, sizes = time.monotonic(), Counter[tuple[str, str]](), set()
    with ThreadPoolExecutor(options.side_by_side) as pool:
        for number, found in enumerate(pool.map(lambda _run: list(run(tests)), range(options.runs)), 1):
            counts.update(found)
            sizes.add(len(found))
            lost = sum(status != "passed" for _name, status in found)
            seconds = time.monotonic() - started
            print(f"run {number}: {len(found)} tests, {lost} not passed, {seconds:.0f} s", flush=True)
    bad = {key: count for key, count in counts.items() if key[1] != "passed"}
    for (name, status), count in sorted(bad.items()):
        print(f"{count:4} times {status}: {name}")
    size = max(sizes, default=0)
    print(f"{counts.total()} runs of {size} tests, {sum(bad.values())} not passed")
    return 1 if bad or len(sizes) > 1 or size < len(tests) else 0


if __name__ == "__main__":
    sys.exit(main())
