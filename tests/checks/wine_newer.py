# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contract and strings for cmd.exe on a newer Wine than that of the system, which is fetched the first time."""

from __future__ import annotations

import os
import subprocess
import sys

from windows_lab import wine
from windows_lab.wine.newer import NotFetched, prepare

from tests.checks.runner import LOGS, ROOT, SKIPPED

PLACE = ROOT / ".cache" / "wine-newer"


def environment() -> dict[str, str]:
    """What has the lab take the newer Wine; raises NotFetched."""
    return {**os.environ, "LAB_WINE": str(prepare(PLACE)), "LAB_WINE_CACHE": str(PLACE / "cache")}


def main() -> int:
    """Return 1 where one of the two failed, and SKIPPED where there is no such Wine to be had."""
    if reason := wine.missing():
        print(reason)
        return SKIPPED
    try:
        newer = environment()
    except NotFetched as error:
        print(f"There is no newer Wine here: {error}.")
        return SKIPPED
    report = f"--junitxml={LOGS / 'wine-newer'}.xml"
    contract = ["tests/integration/modules/test_contract.py", "-m", "wine", "-k", "not recorded"]
    pytest = [sys.executable, "-m", "pytest", "-q", report, *contract]
    fuzz = [sys.executable, "-m", "tests.fuzz.cmd", "wine", "--strings", "500"]
    codes = [subprocess.run(command, cwd=ROOT, env=newer, check=False).returncode for command in (pytest, fuzz)]
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
