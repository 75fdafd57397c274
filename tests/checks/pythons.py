# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Pythons of this machine, and one of a newer Debian, unpacked beside them: nothing of it is installed."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
from pathlib import Path

from windows_lab.wine import newer

from tests.checks.runner import ROOT

_SUITE, _VERSION = "forky", "3.14"
_FOLDER = ROOT / ".cache" / "python"
_USR = _FOLDER / "root" / "usr"
_INTERPRETER = _USR / "bin" / f"python{_VERSION}"
_LIBRARIES = _USR / "lib" / "x86_64-linux-gnu"
# For programs of others that read our source. Debian compiles its Pythons with optimisations that pyenv leaves out.
FASTEST = (_VERSION, "3.12", "3.13")


def find(versions: tuple[str, ...]) -> str | None:
    """Return the first interpreter that there is, and say which versions are missing."""
    for version in versions:
        for interpreter in _interpreters(version):
            if _starts(interpreter, version):
                return interpreter
        print(f"Python {version} is not here", flush=True)
    return None


def _interpreters(version: str) -> list[str]:
    """Return what may be an interpreter of that version: the system's, on the search path, unpacked, and of pyenv."""
    found = [path for path in map(shutil.which, (f"/usr/bin/python{version}", f"python{version}")) if path]
    if version == _VERSION and not found:
        _unpack_once()
        found = [str(_INTERPRETER)] if _INTERPRETER.exists() else []
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return [*found, *map(str, sorted(pyenv.glob(f"{version}.*/bin/python")))]


def _starts(interpreter: str, version: str) -> bool:
    """Whether the interpreter starts, is of that version, and can make environments; a shim may not."""
    probe = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    result = subprocess.run([interpreter, "-c", probe], capture_output=True, text=True, check=False)
    return result.stdout.strip() == version


def _unpack_once() -> None:
    """Fetch the interpreter with the C library that it was built for, if that was not done; may end without it."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    # The checks that look for it start side by side.
    with (_FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _INTERPRETER.exists():
            _unpack()


def _unpack() -> None:
    if platform.machine() != "x86_64" or not shutil.which("patchelf") or not shutil.which("apt-get"):
        return
    try:
        newer.unpack(_FOLDER, {"Debian": (_SUITE, "main")}, [f"python{_VERSION}-venv"])
    except newer.NotFetched as error:
        print(f"Python {_VERSION} was not fetched: {error}")
        return
    # What venv copies from lies elsewhere than where it was built for.
    for file in {path.resolve() for path in _USR.glob("lib/python3.*/_sysconfig*")}:
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("/usr/share/python-wheels/", f"{_USR}/share/python-wheels/"), encoding="utf-8")
    patch = ["patchelf", "--set-interpreter", str(_LIBRARIES / "ld-linux-x86-64.so.2"), "--force-rpath"]
    subprocess.run([*patch, "--set-rpath", str(_LIBRARIES), str(_INTERPRETER)], check=True)
