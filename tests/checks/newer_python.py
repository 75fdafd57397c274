# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python of a newer Debian, unpacked beside that of this one: nothing of it is installed."""

from __future__ import annotations

import fcntl
import platform
import shutil
import subprocess

from windows_lab.wine import newer

from tests.checks.runner import ROOT

_SUITE, VERSION = "forky", "3.14"
_FOLDER = ROOT / ".cache" / "python"
_USR = _FOLDER / "root" / "usr"
INTERPRETER = _USR / "bin" / f"python{VERSION}"
_LIBRARIES = _USR / "lib" / "x86_64-linux-gnu"


def unpack() -> None:
    """Fetch the interpreter with the C library that it was built for, if that was not done; may end without it."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    # The checks that look for it start side by side.
    with (_FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not INTERPRETER.exists():
            _unpack()


def _unpack() -> None:
    if platform.machine() != "x86_64" or not shutil.which("patchelf") or not shutil.which("apt-get"):
        return
    try:
        newer.unpack(_FOLDER, {"Debian": (_SUITE, "main")}, [f"python{VERSION}-venv"])
    except newer.NotFetched as error:
        print(f"Python {VERSION} was not fetched: {error}")
        return
    # What venv copies from lies elsewhere than where it was built for.
    for file in {path.resolve() for path in _USR.glob("lib/python3.*/_sysconfig*")}:
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("/usr/share/python-wheels/", f"{_USR}/share/python-wheels/"), encoding="utf-8")
    patch = ["patchelf", "--set-interpreter", str(_LIBRARIES / "ld-linux-x86-64.so.2"), "--force-rpath"]
    subprocess.run([*patch, "--set-rpath", str(_LIBRARIES), str(INTERPRETER)], check=True)
