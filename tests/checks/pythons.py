# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Pythons of this machine, and one of a newer Debian, unpacked beside them: nothing of it is installed."""

from __future__ import annotations

import functools
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from windows_lab.wine import newer

from tests.checks.kept import kept

_SUITE, _VERSION = "forky", "3.14"
# For programs of others that read our source. Debian compiles its Pythons with optimisations that pyenv leaves out.
FASTEST = (_VERSION, "3.13", "3.12")


def find(versions: tuple[str, ...]) -> str | None:
    """Return the first interpreter that there is, and say which versions are missing."""
    for version in versions:
        for interpreter in _interpreters(version):
            if _starts(interpreter, version):
                return interpreter
        print(f"Python {version} is not here", flush=True)
    return None


def _interpreters(version: str) -> Iterator[str]:
    """What may be an interpreter of that version: the system's, on the search path, unpacked, and of pyenv."""
    yield from filter(None, map(shutil.which, (f"/usr/bin/python{version}", f"python{version}")))
    if version == _VERSION and (unpacked := _unpacked()):
        yield str(unpacked)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from map(str, sorted(pyenv.glob(f"{version}.*/bin/python")))


def _starts(interpreter: str, version: str) -> bool:
    """Whether the interpreter starts, is of that version, and can make environments; a shim may not."""
    probe = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    result = subprocess.run([interpreter, "-c", probe], capture_output=True, text=True, check=False)
    return result.stdout.strip() == version


@functools.cache
def _unpacked() -> Path | None:
    """Fetch the interpreter with the C library that it was built for, if that was not done; None where it can't be."""
    if platform.machine() != "x86_64" or not shutil.which("patchelf") or not shutil.which("apt-get"):
        return None
    try:
        with kept("python", f"{_SUITE} {_VERSION}".encode()) as (where, empty):
            if empty:
                _unpack(where)
    except newer.NotFetched as error:
        print(f"Python {_VERSION} was not fetched: {error}")
        return None
    return _interpreter(where)


def _interpreter(where: Path) -> Path:
    return where / "root" / "usr" / "bin" / f"python{_VERSION}"


def _unpack(where: Path) -> None:
    newer.unpack(where, {"Debian": (_SUITE, "main")}, [f"python{_VERSION}-venv"])
    usr = where / "root" / "usr"
    # What venv copies from lies elsewhere than where it was built for.
    for file in {path.resolve() for path in usr.glob("lib/python3.*/_sysconfig*")}:
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("/usr/share/python-wheels/", f"{usr}/share/python-wheels/"), encoding="utf-8")
    libraries = usr / "lib" / "x86_64-linux-gnu"
    patch = ["patchelf", "--set-interpreter", str(libraries / "ld-linux-x86-64.so.2"), "--force-rpath"]
    subprocess.run([*patch, "--set-rpath", str(libraries), str(_interpreter(where))], check=True)
