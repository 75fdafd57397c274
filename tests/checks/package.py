# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection, install the result into an empty folder, and run its playbook from there on a lab."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from windows_lab.lab import Lab
from windows_lab.profiles import Profile

from tests.checks.runner import ROOT
from tests.checks.tree import copy_tree
from tests.outside import outside
from tests.twice import RunFailedError, twice

# What an administrator has no use for stays out of the package.
UNWANTED = ("Makefile", "extensions", "pyproject.toml", "requirements", "tests")
SETTINGS = ("--extra-vars", f"@{ROOT / 'playbooks' / 'vars' / 'demo.yml'}")


def galaxy(*arguments: str) -> None:
    """Run `ansible-galaxy collection`."""
    subprocess.run([sys.executable, "-m", "ansible", "galaxy", "collection", *arguments], check=True)


def install(work: Path) -> Path:
    """Build from a copy of the repository, install below `work`, and return the folder of the collection."""
    source = copy_tree(work / "source")
    galaxy("build", str(source), "--output-path", str(work))
    (package,) = work.glob("mde-connectivity-*.tar.gz")
    galaxy("install", str(package), "--collections-path", str(work / "installed"), "--offline")
    return work / "installed" / "ansible_collections" / "mde" / "connectivity"


def shown_file() -> Path:
    """Return the file in which Ansible finds a module of the collection."""
    name = "mde.connectivity.endpoint_proxy"
    command = [sys.executable, "-m", "ansible", "doc", "--json", name]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Path(json.loads(shown)[name]["doc"]["filename"])


def own_environment(work: Path) -> None:
    """Let Ansible see the installed collection and no other copy of it."""
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(work / "installed")
    os.environ["ANSIBLE_COLLECTIONS_SCAN_SYS_PATH"] = "false"


def main() -> int:
    """Return 0 when the installed collection configures a lab, only once, and verifies it."""
    profiles: dict[str | Profile, int] = {"clean": 1, "blob28": 1}
    with tempfile.TemporaryDirectory() as folder, Lab(profiles=profiles) as lab, outside(lab) as proxy:
        work = Path(folder).resolve()
        own_environment(work)
        installed = install(work)
        unwanted = [name for name in UNWANTED if (installed / name).exists()]
        if unwanted:
            print(f"the package holds {', '.join(unwanted)}: see build_ignore in galaxy.yml", file=sys.stderr)
            return 1
        if installed not in shown_file().parents:
            print(f"Ansible takes the collection from {shown_file()}", file=sys.stderr)
            return 1
        inventory = lab.inventory(work / "inventory.yml")
        try:
            settings = (*SETTINGS, "--extra-vars", f"demo_proxy={proxy.server}")
            twice("mde.connectivity.site", "mde.connectivity.site", inventory, *settings, cwd=work)
        except RunFailedError as error:
            print(f"\nFAILED: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
