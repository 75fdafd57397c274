# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign-in by tickets of a real KDC, in an environment that can be built where Debian's packages of Kerberos are."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.checks.debian import missing
from tests.checks.matrix import Controller, environment
from tests.checks.runner import LOGS, ROOT, SKIPPED

CONTROLLER = Controller("kerberos.txt", ())


def main() -> int:
    """Return 0 when the tests pass, 77 where a package is missing."""
    if absent := {"faketime", "gcc", "krb5-admin-server", "krb5-kdc", "krb5-user", "libkrb5-dev"} & set(missing()):
        print(f"not installed: {', '.join(sorted(absent))}", flush=True)
        return SKIPPED
    # What is compiled for the tickets is used for seconds.
    os.environ.setdefault("CFLAGS", "-O0")
    python = environment("kerberos", CONTROLLER, sys.executable)
    command = [str(python), "-m", "pytest", "-q", f"--junitxml={LOGS / 'kerberos'}.xml", "tests/kerberos"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
