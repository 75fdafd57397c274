# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation: the rules of antsibull-docs, and what `ansible-doc` says of every plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.checks.runner import ROOT

NAMESPACE = "mde.connectivity"
# Folder of plugins, and its name in ansible-doc. Actions are documented as modules.
DOCUMENTED = {
    "modules": "module",
    "connection": "connection",
    "lookup": "lookup",
    "filter": "filter",
    "callback": "callback",
}


def plugins(folder: str) -> list[str]:
    """Return the full names of the plugins in a folder."""
    files = (ROOT / "plugins" / folder).glob("*.py")
    return sorted(f"{NAMESPACE}.{file.stem}" for file in files if not file.stem.startswith("_"))


def undocumented() -> list[str]:
    """Return complaints about plugins that ansible-doc cannot show, or that lack a part."""
    complaints = []
    for folder, kind in DOCUMENTED.items():
        complaints += complaints_about(plugins(folder), kind)
    complaints += [
        f"{name}: an action without documentation among the modules"
        for name in sorted(set(plugins("action")) - set(plugins("modules")))
    ]
    return complaints


def complaints_about(names: list[str], kind: str) -> list[str]:
    """Return what is wrong with the documentation of the plugins of one kind."""
    # One process: most of its time goes before the first page.
    command = [sys.executable, "-m", "ansible", "doc", "--type", kind, "--json", *names]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = [f"{kind}: ansible-doc says: {shown.stderr.strip()[-500:]}"] if shown.returncode or shown.stderr else []
    pages = json.loads(shown.stdout or "{}")
    wanted = ("doc", "examples", "return") if kind in {"module", "lookup", "filter"} else ("doc", "examples")
    lacking = [f"{name}: no {part}" for name in names for part in wanted if not pages.get(name, {}).get(part)]
    return said + lacking


def main() -> int:
    """Return 0 when nothing is to be complained about."""
    complaints = undocumented()
    print("\n".join(complaints), flush=True)
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    linted = subprocess.run(
        [
            str(programs / "antsibull-docs"),
            "lint-collection-docs",
            "--plugin-docs",
            "--check-extra-docs-refs",
            "--validate-collection-refs=dependent",
            # The check of the docs site builds these pages.
            "--skip-rstcheck",
            ".",
        ],
        cwd=ROOT / ".venv/collections/ansible_collections/mde/connectivity",
        env=environment,
        check=False,
    ).returncode
    return 1 if complaints else linted


if __name__ == "__main__":
    sys.exit(main())
