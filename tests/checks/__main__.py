# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the checks named on the command line, or all of them, and say what stands on which evidence."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence

from tests.checks.catalogue import CHECKS
from tests.checks.debian import install_missing
from tests.checks.runner import reasons, run_all, statuses, summary


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when every check passed; in CI (`CI=true`) a skipped one is a failure too."""
    parser = argparse.ArgumentParser(prog="python -m tests.checks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(check.name for check in CHECKS))
    parser.add_argument("--kind", choices=("lint", "test", "matrix"))
    # More than there are cores: the longest checks wait half of their time, for an endpoint that never answers, say.
    parser.add_argument("--workers", type=int, default=2 + (os.cpu_count() or 1))
    options = parser.parse_args(arguments)
    unknown = set(options.names) - {check.name for check in CHECKS}
    if unknown:
        parser.error(f"there is no check {', '.join(sorted(unknown))}")
    chosen = [
        check
        for check in CHECKS
        if (not options.names or check.name in options.names) and options.kind in (None, check.kind)
    ]
    started = time.monotonic()
    if any(check.kind != "lint" for check in chosen):
        install_missing()
    outcomes = run_all(chosen, options.workers)
    lines, total = summary(outcomes)
    print(f"\n{len(chosen)} checks in {time.monotonic() - started:.0f} s\n")
    print("\n".join(lines))
    # Of a long log some places keep only its end.
    for outcome in outcomes:
        if statuses(outcome.tally) & {"failed", "skipped"}:
            print(f"\n{outcome.check.name}: {outcome.check.log}")
            print("\n".join(f"  {line}" for line in reasons(outcome)))
    bad = {"failed", "skipped"} if os.environ.get("CI") == "true" else {"failed"}
    return 1 if statuses(total) & bad else 0


if __name__ == "__main__":
    sys.exit(main())
