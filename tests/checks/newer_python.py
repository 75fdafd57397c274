# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python of a newer Debian, unpacked beside that of this one: nothing of it is installed."""

from __future__ import annotations

import fcntl
import platform
import shutil
import subprocess

from tests.checks.runner import ROOT

_SUITE, VERSION = "forky", "3.14"
_FOLDER = ROOT / ".cache" / "python"
_USR = _FOLDER / "root" / "usr"
INTERPRETER = _USR / "bin" / f"python{VERSION}"
_SOURCE = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {address} {suite} main\n"
_LIBRARIES = _USR / "lib" / "x86_64-linux-gnu"


def unpack() -> None:
    """Fetch the interpreter with the C library that it was built for, if that was not done; may end without it."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    # The checks that look for it start side by side.
    with (_FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not INTERPRETER.exists():
            _unpack()


def _address() -> str:
    """Where this Debian has its packages from; empty where it is none."""
    command = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(COMPONENT) $(REPO_URI)"]
    targets = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    return next((words[3] for line in targets if (words := line.split())[:3] == ["Debian", "Debian", "main"]), "")


def _fetch(address: str) -> None:
    """Fetch the packages with all that they need, as if nothing was installed, and lay them out below `root`."""
    apt = _FOLDER / "apt"
    for place in ("lists/partial", "archives/partial"):
        (apt / place).mkdir(parents=True, exist_ok=True)
    (apt / "sources.list").write_text(_SOURCE.format(address=address, suite=_SUITE), encoding="ascii")
    (apt / "status").touch()
    places = {"Etc::sourcelist": apt / "sources.list", "Etc::sourceparts": "-", "State": apt, "Cache": apt}
    places |= {"State::lists": apt / "lists", "State::status": apt / "status"}
    options = [f"-oDir::{name}={place}" for name, place in places.items()]
    wanted = ["install", "--yes", "--download-only", "--no-install-recommends", f"python{VERSION}-venv"]
    for command in (["update"], wanted):
        subprocess.run(["apt-get", "-qq", "-oDebug::NoLocking=1", *options, *command], check=True)
    for package in sorted((apt / "archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "--extract", str(package), str(_USR.parent)], check=True)
    shutil.rmtree(apt)


def _unpack() -> None:
    if platform.machine() != "x86_64" or not shutil.which("patchelf") or not shutil.which("apt-get"):
        return
    _USR.parent.mkdir(exist_ok=True)
    try:
        if not (address := _address()):
            return
        _fetch(address)
    except subprocess.CalledProcessError as error:
        print(f"Python {VERSION} was not fetched: {error}")
        return
    # What venv copies from lies elsewhere than where it was built for.
    for file in {path.resolve() for path in _USR.glob("lib/python3.*/_sysconfig*")}:
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("/usr/share/python-wheels/", f"{_USR}/share/python-wheels/"), encoding="utf-8")
    patch = ["patchelf", "--set-interpreter", str(_LIBRARIES / "ld-linux-x86-64.so.2"), "--force-rpath"]
    subprocess.run([*patch, "--set-rpath", str(_LIBRARIES), str(INTERPRETER)], check=True)
