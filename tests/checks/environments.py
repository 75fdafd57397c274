# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Environments beside that of development, each made from one file that holds everything in it."""

from __future__ import annotations

import fcntl
import hashlib
from pathlib import Path

from tests.checks import matrix
from tests.checks.runner import ROOT


def pinned(name: str, requirements: str, pythons: tuple[str, ...]) -> tuple[Path, bool] | None:
    """Return the interpreter of an environment and whether it was made just now, None without a Python for it."""
    interpreter = matrix.find(pythons)
    if interpreter is None:
        return None
    file, where = matrix.REQUIREMENTS / requirements, ROOT / ".cache" / name
    where.parent.mkdir(exist_ok=True)
    # Checks that share an environment start side by side.
    with where.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return where / "bin" / "python", _made(interpreter, where, file)


def _made(interpreter: str, where: Path, file: Path) -> bool:
    stamp = where / "made-from"
    digest = hashlib.sha256(file.read_bytes() + f"{interpreter} {where}".encode()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        return False
    matrix.install(interpreter, where, "--requirement", str(file))
    stamp.write_text(digest, encoding="utf-8")
    return True
