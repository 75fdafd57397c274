# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzz every target for a while, from the kept corpus on: python -m tests.fuzz [--seconds N] [TARGET ...]."""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import subprocess
import sys
from pathlib import Path

from tests.checks.runner import SKIPPED
from tests.fuzz.targets import CORPUS, TARGETS

WORK = Path(".cache/fuzz")
# Of one target at a time, where there is no end.
ROUND = 60
# An input that takes longer is taken for one that does not end.
SLOWEST = 20
LONGEST = 20_000


def fuzz(name: str, seconds: int) -> bool:
    """Whether a target held for so many seconds; what broke it lies below WORK, beside what was found on the way."""
    grown = WORK / name
    grown.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "tests.fuzz.one", name, f"-max_total_time={seconds}", f"-timeout={SLOWEST}",
        f"-max_len={LONGEST}", f"-artifact_prefix={WORK}/{name}-", "-rss_limit_mb=2048", "-verbosity=0",
        str(grown), str(CORPUS / name),
    ]  # fmt: skip
    finished = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    held = finished.returncode == 0
    print(f"{'held' if held else 'BROKE'}  {name}", flush=True)
    if not held:
        print(finished.stdout.decode("utf-8", "replace")[-4000:], flush=True)
    return held


def main() -> int:
    """Return 1 where a target raised what it does not document, did not end, or took too much memory."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, help="for all targets together; without it, until Ctrl-C")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    given = parser.parse_args()
    names = given.targets or list(TARGETS)
    if strange := sorted(set(names) - set(TARGETS)):
        parser.error(f"there is no target {strange[0]}; there are {', '.join(TARGETS)}")
    if importlib.util.find_spec("atheris") is None:
        print("atheris, of which there are wheels for Linux only, is not installed (requirements/fuzz.txt).")
        return SKIPPED
    if given.seconds is not None:
        share = max(1, given.seconds // len(names))
        held = [fuzz(name, share) for name in names]
        return 0 if all(held) else 1
    try:
        return next(1 for name in itertools.cycle(names) if not fuzz(name, ROUND))
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
