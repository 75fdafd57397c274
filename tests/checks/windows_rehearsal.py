# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make windows` from a clean clone against a simulated endpoint, over WinRM, PSRP and SSH, and against Wine.

What the runs write names nobody.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from windows_lab import wine
from windows_lab.profiles import ORGANISATION
from windows_lab.recording import Exchange, Recording

from tests.checks.runner import ROOT, SKIPPED
from tests.windows.facts import here

# On Wine, where a command takes its time, a part of each kind.
_ON_WINE = "views-differ or show-absent or datacollection or taken_back or switch or hex"
# A line, a value, a module, a rollout with its rollback and what is staged, over each other connection.
_BY_ANOTHER = "add-marks or wpad or taken_back or switch"
_OTHERS = ("winrm", "psrp", "ssh")
# Of the lab's endpoints: host, account and another account.
_THERE = ("clean-1", "anna", "lab-password")
# Fewer digits of base64 come up by chance.
_TELLING = 7
# What every Windows has, and begins or ends like a name.
_PLAIN = re.compile(r"%?SystemRoot%?|_ROOT\b|\\Root\b", re.IGNORECASE)


def _rehearse(backend: str, folder: Path, root: Path, *more: str) -> bool:
    """Whether all of a rehearsal passed that runs the files below a root."""
    # What lies there comes before what the environment has.
    paths = os.pathsep.join(map(str, (root, root / "lab", root / ".venv" / "collections")))
    command = [sys.executable, "-m", "tests.windows.rehearsal", backend, str(folder), *more]
    return subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": paths}, check=False).returncode == 0


def _clone(into: Path) -> Path:
    """A clone of what is committed here, in which the collection is found as `make` sees to it."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(into)], check=True)
    link = into / ".venv" / "collections" / "ansible_collections" / "mde" / "connectivity"
    link.parent.mkdir(parents=True)
    link.symlink_to("../../../..")
    return into


def spellings(name: str) -> set[str]:
    """How a name stands in a text as UTF-16LE in escapes, and in hex and base64 of UTF-8 and of UTF-16LE."""
    found = {"".join(f"{letter}\\x00" for letter in name)}
    for data in (name.encode(), name.encode("utf-16-le")):
        found.add(data.hex())
        for before in range(3):
            text = base64.b64encode(bytes(before) + data).decode().rstrip("=")
            # What stands before and behind a name has a part in the digits at its ends.
            inner = text[(0, 2, 3)[before] : -1]
            if len(inner) >= _TELLING:
                found.add(inner)
    return found


def named_in(folder: Path, root: Path) -> list[str]:
    """Names and paths of this machine, of the endpoint and of its organisation that stand in a recording."""
    whole = "\n".join(file.read_text(encoding="utf-8") for file in folder.glob("*.yml"))
    text, digits = _PLAIN.sub("", whole), re.sub(r"[ ,:\\-]|\r?\n *", "", whole)
    names = {name for name, _kind in here()} | {str(root), str(Path.home()), str(folder), ORGANISATION, *_THERE}
    with contextlib.suppress(KeyError):
        names.add(os.environ["USER"])
    found = [name for name in names if name and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)]
    told = [name for name in names if len(name) > 3]
    hidden = [name for name in told if any(one in whole or one in digits.lower() for one in spellings(name))]
    return sorted({*found, *hidden})


def problems(folder: Path, root: Path) -> list[str]:
    """What is wrong with a recording that was written just now."""
    found = [f"{name} stands in it" for name in named_in(folder, root)]
    entries = [entry for part in Recording.read(folder).parts.values() for entry in part]
    if not any(isinstance(entry, Exchange) and entry.stdout for entry in entries):
        found.append("there is no output in it")
    return found


def main() -> int:
    """Return 1 where a rehearsal failed or its recording is not what it should be."""
    wrong = []
    with tempfile.TemporaryDirectory() as scratch:
        clone = _clone(Path(scratch) / "clone")
        runs: list[tuple[str, Path, tuple[str, ...]]] = [("simulated", clone, ("winrs",))]
        runs += [("simulated", clone, (other, "-k", _BY_ANOTHER)) for other in _OTHERS]
        if not wine.missing():
            runs.append(("wine", ROOT, ("winrs", "-k", _ON_WINE)))
        for backend, root, more in runs:
            folder = Path(scratch) / f"{backend}-{more[0]}"
            if not _rehearse(backend, folder, root, *more):
                wrong.append(f"{folder.name}: it failed")
            else:
                wrong += [f"{folder.name}: {problem}" for problem in problems(folder, root)]
    print("\n".join(wrong))
    return 1 if wrong else SKIPPED if wine.missing() else 0


if __name__ == "__main__":
    sys.exit(main())
