# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The molecule scenario for a real Windows machine, rehearsed on a simulated endpoint."""

from __future__ import annotations

import os
import subprocess
import sys

from windows_lab import auth
from windows_lab.lab import Lab

from tests.checks.runner import ROOT


def main() -> int:
    """Return the exit code of molecule."""
    with Lab(profiles={"clean": 1}) as lab:
        environment = {
            **os.environ,
            "MDE_WINDOWS_HOST": "127.0.0.1",
            "MDE_WINDOWS_PORT": str(lab.ports["clean-1"]),
            "MDE_WINDOWS_SCHEME": "http",
            "MDE_WINDOWS_USER": auth.USER,
            "MDE_WINDOWS_PASSWORD": auth.PASSWORD,
        }
        command = [sys.executable, "-m", "molecule", "test", "--scenario-name", "windows"]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
