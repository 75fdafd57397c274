# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A molecule scenario for others to copy: its files lie beside this one."""

from __future__ import annotations

import shutil
from pathlib import Path

_FILES = ("molecule.yml", "create.yml", "prepare.yml", "converge.yml", "verify.yml", "destroy.yml")
_TESTS = "tests/test_endpoints.py"


def copy(project: Path) -> Path:
    """Copy the scenario to `project`/molecule/default and say where it is; raises FileExistsError."""
    target = project / "molecule" / "default"
    target.mkdir(parents=True)
    (target / "tests").mkdir()
    for name in (*_FILES, _TESTS):
        shutil.copyfile(Path(__file__).with_name("files") / name, target / name)
    return target
