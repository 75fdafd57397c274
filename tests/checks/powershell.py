# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent to PowerShell, run by a real one: a check for whoever has one, and no part of `make test`."""

from __future__ import annotations

import subprocess
import sys

from windows_lab.wine import powershell

from tests.checks.runner import ROOT, SKIPPED

_NATIVE = ("tests/powershell/test_programs.py",)
_WINDOWS = ("tests/powershell", "tests/integration/wine/test_wine_reachability.py")


def main() -> int:
    """Run the tests; the exit code is pytest's, or SKIPPED where there is no PowerShell."""
    found = powershell.path()
    if found is None:
        print(
            f"This check did not run: {powershell.VARIABLE} is not set. It runs the launcher's lines on every "
            "connection, the role, the reachability tests and Constrained Language in the PowerShell of that path: a "
            "Windows build (pwsh.exe) under Wine, or a native one for what needs neither COM nor cmd.exe."
        )
        return SKIPPED
    if not found.is_file():
        print(f"{powershell.VARIABLE} is {found}, and no file is there.")
        return 1
    tests = _WINDOWS if powershell.is_windows() else _NATIVE
    command = [sys.executable, "-m", "pytest", "-v", *tests]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
