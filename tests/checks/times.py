# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.checks.times`: where the time of the last `make test` went, by check and by test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from tests.checks.runner import LOGS

_SLOWEST = 25


@dataclass(frozen=True)
class Case:
    """A test: its seconds with those of its fixtures, what it started, and how many seconds it slept."""

    name: str
    seconds: float
    playbooks: int
    wine: int
    slept: float


def cases(check: str) -> Iterator[Case]:
    """The tests in the report of a check, as far as it wrote one."""
    path = LOGS / f"{check}.xml"
    if not path.exists():
        return
    for case in ElementTree.parse(path).iter("testcase"):
        told = {entry.get("name"): entry.get("value") or "0" for entry in case.iter("property")}
        yield Case(
            f"{case.get('classname')}::{case.get('name')}",
            float(case.get("time") or 0),
            int(float(told.get("playbooks", "0"))),
            int(float(told.get("wine", "0"))),
            float(told.get("slept", "0")),
        )


def main() -> int:
    """Print two tables; 1 where no check has left its time."""
    took = {path.stem: [*map(float, path.read_text(encoding="ascii").split())] for path in LOGS.glob("*.seconds")}
    if not took:
        print("No check has run here yet: make test", file=sys.stderr)
        return 1
    found = {check: list(cases(check)) for check in took}
    print(f"{'seconds':>8} {'CPU':>6} {'tests':>6} {'in them':>8} {'playbooks':>10} {'Wine':>6} {'slept':>7}  check")
    for check, (seconds, cpu) in sorted(took.items(), key=lambda entry: -entry[1][0]):
        of_check = found[check]
        inside, slept = sum(case.seconds for case in of_check), sum(case.slept for case in of_check)
        playbooks, wine = sum(case.playbooks for case in of_check), sum(case.wine for case in of_check)
        inside_it = f"{len(of_check):6} {inside:8.0f} {playbooks:10} {wine:6} {slept:7.0f}"
        print(f"{seconds:8.0f} {cpu:6.0f} {inside_it}  {check}")
    print(f"\n{'seconds':>8} {'playbooks':>10} {'Wine':>6} {'slept':>7}  test")
    every = (case for of_check in found.values() for case in of_check)
    for case in sorted(every, key=lambda case: -case.seconds)[:_SLOWEST]:
        print(f"{case.seconds:8.1f} {case.playbooks:10} {case.wine:6} {case.slept:7.1f}  {case.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
