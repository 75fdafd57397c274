# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`ansible-test sanity` and `units` on a copy of the collection, without a container or a line to ignore."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.checks.runner import ROOT
from tests.checks.tree import copy_tree

HOME = ROOT / ".cache" / "ansible-test"
# ansible-test fetches this program from the network once; pip's own copy inside Python does the same.
BOOTSTRAP = "import ensurepip\n\nensurepip.bootstrap(upgrade=True, default_pip=True)\n"
# Needs a PowerShell with its own linter.
LEFT_OUT = ("pslint",)


def pip_settings() -> dict[str, str]:
    """Keep the user's pip configuration although the home folder is another one."""
    for path in (Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf"):
        if path.exists():
            return {"PIP_CONFIG_FILE": str(path)}
    return {}


def sanity(root: Path) -> int:
    """Run every sanity test that can run here on the collection at `root`."""
    if (root / "tests" / "sanity").exists():
        print("tests/sanity is not meant to exist: no line is ignored")
        return 1
    print(f"left out: {', '.join(LEFT_OUT)}", flush=True)
    return ansible_test(root, "sanity", *(f"--skip-test={name}" for name in LEFT_OUT))


def units(root: Path, rooms: Sequence[str]) -> int:
    """Run the unit tests as ansible-test does, in an environment with what it installs for them."""
    return ansible_test(root, "units", "--venv", *(f"tests/unit/{room}/" for room in rooms))


def ansible_test(root: Path, command_name: str, *arguments: str) -> int:
    """Run one command of ansible-test on the collection at `root`."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    program = str(Path(sys.executable).parent / "ansible-test")
    command = [program, command_name, "--python", version, "--requirements", "--color", "no", *arguments]
    environment = {**os.environ, **pip_settings(), "HOME": str(HOME)}
    return subprocess.run(command, cwd=root, env=environment, check=False).returncode


def main(name: str, *rooms: str) -> int:
    """Prepare ansible-test's cache and a copy of the collection, and run the tests there."""
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    # What that of ansible-core 2.19 and that of 2.21 ask for.
    for pip in ("24_2", "25_2"):
        (cache / f"get_pip_{pip}.py").write_text(BOOTSTRAP)
    # Inside the repository ansible-test would ask git, for which everything under .cache is ignored.
    with tempfile.TemporaryDirectory() as folder:
        root = copy_tree(Path(folder))
        if name == "units":
            return units(root, rooms)
        # Bytes as an endpoint may send them, and no text of ours.
        shutil.rmtree(root / "tests" / "fuzz" / "corpus")
        return sanity(root)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or ["sanity"]))
