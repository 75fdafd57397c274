# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`sudo python3 -m tests.checks.debian`: what the tests need of a machine, for a suite that is run without root.

That is programs from Debian's packages, ports below 1024 that everybody may listen at and user namespaces that
everybody may make, both until the next start of the machine. It takes nothing but a Python of the machine's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Package, and the file or the program on the search path that shows that it is there.
PACKAGES = {
    "chromium": "/usr/bin/chromium",
    "faketime": "faketime",
    "gcc": "gcc",
    "gcc-mingw-w64-x86-64-win32": "x86_64-w64-mingw32-gcc",
    "krb5-admin-server": "/usr/sbin/kadmin.local",
    "krb5-kdc": "/usr/sbin/krb5kdc",
    "krb5-user": "kinit",
    "libkrb5-dev": "/usr/include/krb5.h",
    "npm": "npm",
    "openssh-server": "/usr/sbin/sshd",
    "patchelf": "patchelf",
    "python3-dev": "/usr/bin/python3-config",
    "shellcheck": "shellcheck",
    "squid": "/usr/sbin/squid",
    "wine64": "/usr/lib/wine/wine64",
}
_LOW_PORTS = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
# A 1 forbids, as on Ubuntu 24.04, to mount in a user namespace, which the newer Wine without root is run in.
_NO_NAMESPACES = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
# The lowest that a test listens at is that of a name server.
_LOWEST = 53


def missing() -> list[str]:
    """Return the packages whose program is not there."""
    return [package for package, program in PACKAGES.items() if not present(program)]


def present(program: str) -> bool:
    """Whether a program is on this machine, by its path or on the search path."""
    return Path(program).exists() if program.startswith("/") else shutil.which(program) is not None


def install_missing() -> None:
    """Install what is missing where this is root on a Debian; say what stays missing otherwise."""
    packages = missing()
    if not packages:
        return
    if os.geteuid() or not shutil.which("apt-get"):
        print(f"not installed, and tests that need it are skipped: {', '.join(packages)}", flush=True)
        return
    print(f"installing {', '.join(packages)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        # A failure shows itself as a check that fails or is skipped, with its name.
        apt = ["apt-get", "-qq", *command]
        quiet = subprocess.DEVNULL
        subprocess.run(apt, env=environment, stdin=quiet, stdout=quiet, check=False)


def main() -> int:
    """Return 1 where something is still missing."""
    if os.geteuid():
        print("This takes root: sudo python3 -m tests.checks.debian")
        return 1
    install_missing()
    if int(_LOW_PORTS.read_text(encoding="ascii")) > _LOWEST:
        _LOW_PORTS.write_text(f"{_LOWEST}\n", encoding="ascii")
    if _NO_NAMESPACES.exists():
        _NO_NAMESPACES.write_text("0\n", encoding="ascii")
    if lacking := missing():
        print(f"still missing: {', '.join(lacking)}")
    return int(bool(lacking))


if __name__ == "__main__":
    sys.exit(main())
