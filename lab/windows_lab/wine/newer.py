# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Wine of a newer Debian or Ubuntu beside that of this one: python -m windows_lab.wine.newer FOLDER [SUITE].

Its packages, with all that they need, are unpacked into a folder of their own, and nothing is installed. Its programs
run in a mount namespace in which they lie where Wine looks for them; without root in a user namespace, which
a machine may forbid. LAB_WINE=FOLDER/bin has the lab take that Wine, and LAB_WINE_CACHE should name a cache of its own.
A folder in which it lies already stays as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
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
# The suite whose Wine is newer, and the parts of it that have Wine.
_SUITES = {"Debian": ("trixie", "main"), "Ubuntu": ("resolute", "main universe")}
_SOURCE = "deb [signed-by=/usr/share/keyrings/{keyring}-archive-keyring.gpg] {address} {suite} {parts}\n"
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
[ "$(id -u)" = 0 ] || own="--user --map-current-user --keep-caps"
exec unshare $own --mount sh -c '
for place in usr/lib/wine {libraries}/wine usr/share/wine; do mount --bind "$0/$place" "/$place"; done
exec "$@"' "$root" /usr/lib/wine/{program} "$@"
"""


class NotFetched(Exception):
    """Packages of a newer suite are not to be had here; the message says why."""


def unpack(folder: Path, suites: Mapping[str, tuple[str, str]], packages: Sequence[str], suite: str = "") -> None:
    """Unpack packages with all that they need below FOLDER/root, and keep none of them; raises NotFetched.

    suites are the suite of each distribution and the parts of it that have them; suite is another one.
    """
    try:
        _fetch(folder, suites, packages, suite)
        root = folder / "root"
        root.mkdir(exist_ok=True)
        for package in sorted((folder / "apt" / "archives").glob("*.deb")):
            subprocess.run(["dpkg-deb", "--extract", str(package), str(root)], check=True)
    except subprocess.CalledProcessError as error:
        raise NotFetched(str(error)) from error
    shutil.rmtree(folder / "apt")


def _origin(known: Mapping[str, object]) -> tuple[str, str]:
    """Which of the known distributions this is, and where it has its packages from; raises NotFetched."""
    command = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(RELEASE) $(REPO_URI)"]
    for _attempt in range(2):
        said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        for line in said.splitlines():
            origin, release, address = line.split(maxsplit=2)
            # Updates come from elsewhere.
            if origin in known and "-" not in release:
                return origin, address
        # Until lists were fetched, apt-get knows of no origin.
        subprocess.run(["apt-get", "-qq", "update"], check=True)
    raise NotFetched(f"its packages come from neither {' nor '.join(known)}")


def _fetch(folder: Path, suites: Mapping[str, tuple[str, str]], packages: Sequence[str], suite: str) -> None:
    apt = folder / "apt"
    for place in ("lists/partial", "archives/partial"):
        (apt / place).mkdir(parents=True, exist_ok=True)
    origin, address = _origin(suites)
    own, parts = suites[origin]
    source = _SOURCE.format(keyring=origin.lower(), address=address, suite=suite or own, parts=parts)
    (apt / "sources.list").write_text(source, encoding="ascii")
    (apt / "status").touch()
    configuration = apt / "apt.conf"
    configuration.write_text(_APT.format(folder=folder), encoding="ascii")
    environment = {**os.environ, "APT_CONFIG": str(configuration)}
    fetch = ["install", "--yes", "--download-only", "--no-install-recommends", "-o", "Debug::NoLocking=1", *packages]
    for command in (["update"], fetch):
        subprocess.run(["apt-get", "-qq", *command], env=environment, check=True, stdin=subprocess.DEVNULL)


def _link(folder: Path) -> None:
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


def prepare(folder: Path, suite: str = "") -> Path:
    """The folder of its programs, which are fetched where they are not there yet; raises NotFetched."""
    programs, ready = folder / "bin", folder / "ready"
    if ready.exists():
        return programs
    if not shutil.which("apt-get") or not shutil.which("patchelf"):
        raise NotFetched("it takes apt-get and patchelf")
    unpack(folder, _SUITES, _PACKAGES, suite)
    _link(folder)
    ready.touch()
    return programs


if __name__ == "__main__":
    where, *named = sys.argv[1:]
    print(prepare(Path(where).resolve(), *named))
