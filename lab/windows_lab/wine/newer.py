# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Wine of a newer Debian beside that of this one: python -m windows_lab.wine.newer FOLDER [SUITE].

Its packages, with all that they need, are unpacked into a folder of their own, and nothing is installed. Its programs
run in a mount namespace in which they lie where Wine looks for them, which takes root. LAB_WINE=FOLDER/bin has the lab
take that Wine, and LAB_WINE_CACHE should name a cache of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_PACKAGES = ("wine64", "libwine")
_APT = """\
Dir::Etc::sourcelist "{folder}/apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State "{folder}/apt";
Dir::State::lists "{folder}/apt/lists";
Dir::State::status "{folder}/apt/status";
Dir::Cache "{folder}/apt";
"""
_SOURCE = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {address} {suite} main\n"
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
# What Debian links into a prefix when the package is installed.
_PROGRAM = """\
#!/bin/sh
root={folder}/root
if [ "$1" = wineboot ]; then
    for pair in x86_64-w64-mingw32ucrt:system32 i686-w64-mingw32:syswow64; do
        mkdir -p "$WINEPREFIX/drive_c/windows/${{pair#*:}}"
        cp "$root/usr/${{pair%:*}}/lib/zlib1.dll" "$WINEPREFIX/drive_c/windows/${{pair#*:}}/"
    done
fi
exec unshare --mount sh -c '
for place in usr/lib/wine {libraries}/wine usr/share/wine; do mount --bind "$0/$place" "/$place"; done
exec "$@"' "$root" /usr/lib/wine/{program} "$@"
"""


def _address() -> str:
    """Where this Debian has its packages from."""
    command = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(COMPONENT) $(REPO_URI)"]
    targets = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    return next(words[3] for line in targets if (words := line.split())[:3] == ["Debian", "Debian", "main"])


def unpack(folder: Path, suite: str) -> None:
    """Fetch the packages of a suite and unpack them below FOLDER/root."""
    apt, root = folder / "apt", folder / "root"
    for place in ("lists/partial", "archives/partial"):
        (apt / place).mkdir(parents=True, exist_ok=True)
    (apt / "sources.list").write_text(_SOURCE.format(address=_address(), suite=suite), encoding="ascii")
    (apt / "status").touch()
    configuration = apt / "apt.conf"
    configuration.write_text(_APT.format(folder=folder), encoding="ascii")
    environment = {**os.environ, "APT_CONFIG": str(configuration)}
    fetch = ["install", "--yes", "--download-only", "--no-install-recommends", "-o", "Debug::NoLocking=1", *_PACKAGES]
    for command in (["update"], fetch):
        subprocess.run(["apt-get", "-qq", *command], env=environment, check=True)
    root.mkdir(exist_ok=True)
    for package in sorted((apt / "archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "--extract", str(package), str(root)], check=True)


def link(folder: Path) -> None:
    """Let Wine's two programs use the C library that they came with, and make what starts them."""
    libraries = folder / "root" / _LIBRARIES
    (folder / "bin").mkdir(exist_ok=True)
    for program in ("wine64", "wineserver64"):
        with_own = ["--set-interpreter", str(libraries / "ld-linux-x86-64.so.2"), "--force-rpath"]
        binary = folder / "root" / "usr/lib/wine" / program
        subprocess.run(["patchelf", *with_own, "--set-rpath", str(libraries), str(binary)], check=True)
        started = folder / "bin" / program
        started.write_text(
            _PROGRAM.format(folder=folder, libraries=_LIBRARIES, program=program), encoding="ascii"
        )
        started.chmod(0o755)


if __name__ == "__main__":
    where, *named = sys.argv[1:]
    target = Path(where).resolve()
    unpack(target, *named or ["trixie"])
    link(target)
