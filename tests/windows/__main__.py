# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything against the machine that MDE_WINDOWS_HOST names, and a recording of it: what `make windows` runs."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.checks.runner import ROOT, SKIPPED
from tests.windows.named import EVIDENCE, PREFIX, RECORDING, Named, NotNamed

CONTRACT = "tests/integration/modules/test_contract.py"
_WHAT = (
    "contract suite, modules, verification, sensor_contacts, a rollout with rollback and the dead-man's switch, then "
    "puts everything back and writes a recording"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Return pytest's exit code, SKIPPED where no machine is named, and 2 where it is not named well."""
    parser = argparse.ArgumentParser(prog="python -m tests.windows", description=__doc__)
    parser.add_argument("--into", type=Path, default=Path(".cache/windows"), help="the folder of the recording")
    parser.add_argument("--evidence", choices=("windows", "wine", "simulated"), default="", help="for rehearsals")
    options, more = parser.parse_known_args(arguments)
    if f"{PREFIX}HOST" not in os.environ:
        print(f"This did not run: {PREFIX}HOST is not set. It runs the {_WHAT}; see CONTRIBUTING.md.")
        return SKIPPED
    try:
        Named.of(os.environ)
    except NotNamed as error:
        print(error)
        return 2
    if options.into.exists() and any(options.into.iterdir()):
        print(f"{options.into} holds something already; a recording gets a folder of its own.")
        return 2
    # Ansible reads where collections are when it is imported.
    collections = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".venv" / "collections")}
    kept = {RECORDING: str(options.into.resolve()), EVIDENCE: options.evidence}
    environment = {**os.environ, **collections, **kept}
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "tests.windows.plugin", "-m", "windows"]
    command = [*pytest, CONTRACT, "tests/windows", *more]
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    print(f"The recording is in {options.into}. Read it before you hand it on: it is text.")
    return code


if __name__ == "__main__":
    sys.exit(main())
