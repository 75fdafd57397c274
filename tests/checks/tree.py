# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of the collection as `git` sees it, in the folders that Ansible's tools ask for."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.checks.runner import ROOT


def tracked() -> list[str]:
    """Return the files of the repository, those that are new and not ignored included."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sorted({name for name in listed.split("\0") if name and (ROOT / name).is_file()})


def copy_tree(where: Path) -> Path:
    """Lay the collection out anew under `where`/ansible_collections and return its root."""
    shutil.rmtree(where, ignore_errors=True)
    root = where / "ansible_collections" / "mde" / "connectivity"
    for name in tracked():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    return root
