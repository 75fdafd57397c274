# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Environments beside that of development, each made from one file that holds everything in it."""

from __future__ import annotations

from pathlib import Path

from tests.checks import matrix
from tests.checks.kept import kept
from tests.checks.pythons import find


def pinned(name: str, requirements: str, pythons: tuple[str, ...]) -> tuple[Path, bool] | None:
    """Return the interpreter of an environment and whether it was made just now, None without a Python for it."""
    interpreter = find(pythons)
    if interpreter is None:
        return None
    file = matrix.REQUIREMENTS / requirements
    with kept(name, file.read_bytes() + interpreter.encode()) as (where, empty):
        if empty:
            matrix.install(interpreter, where, "--requirement", str(file))
    return where / "bin" / "python", empty
