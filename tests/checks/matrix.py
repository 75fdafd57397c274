# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit tests and one run over the lab with another ansible-core, on an interpreter that it supports."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.checks.kept import kept
from tests.checks.pythons import find
from tests.checks.runner import LOGS, ROOT, SKIPPED

REQUIREMENTS = ROOT / "requirements"
FILES = ("run.txt", "lab.txt", "test.txt")


@dataclass(frozen=True)
class Controller:
    """A requirement file with an ansible-core, and the Python versions to try it on, best first.

    unit are the unit tests that are repeated there: all at the two ends of what is supported, between and beyond them
    those that look at what ansible-core makes of our plugins.
    """

    core: str
    pythons: tuple[str, ...]
    unit: tuple[str, ...] = ("tests/unit",)


_ANSWERS = ("tests/integration/modules/test_bad_input.py", "tests/integration/modules/test_quiet.py")
_PLUGINS = ("tests/unit/test_docs.py", "tests/unit/test_runtime.py", "tests/unit/rollout", "tests/unit/evidence")


CONTROLLERS = {
    "oldest": Controller("core-oldest.txt", ("3.11",)),
    "development": Controller("core-development.txt", ("3.12", "3.13", "3.14"), _PLUGINS),
    "newest": Controller("core-newest.txt", ("3.14", "3.13", "3.12")),
    "next": Controller("core-next.txt", ("3.14", "3.13"), _PLUGINS),
}


def environment(name: str, controller: Controller, interpreter: str) -> Path:
    """Return the interpreter of an environment that holds this controller; made anew when its pins change."""
    files = [REQUIREMENTS / file for file in (controller.core, *FILES, "constraints.txt")]
    pins = b"".join(file.read_bytes() for file in files)
    requirements = [argument for file in files[:-1] for argument in ("--requirement", str(file))]
    with kept(f"matrix-{name}", pins + interpreter.encode()) as (where, empty):
        if empty:
            install(interpreter, where, "--constraint", str(files[-1]), *requirements)
            link_collection(where)
    return where / "bin" / "python"


def install(interpreter: str, where: Path, *wanted: str) -> None:
    """Make an environment with what pip is to install, without compiling the thousands of files that nobody imports."""
    subprocess.run([interpreter, "-m", "venv", "--clear", "--without-pip", str(where)], check=True)
    pip = (sys.executable, "-m", "pip", "--python", str(where / "bin" / "python"))
    options = ("--quiet", "--disable-pip-version-check", "install", "--no-compile")
    subprocess.run([*pip, *options, *wanted], check=True)


def link_collection(where: Path) -> None:
    """Let the environment find this checkout as the collection."""
    folder = where / "collections" / "ansible_collections" / "mde"
    folder.mkdir(parents=True)
    (folder / "connectivity").symlink_to(ROOT)
    for site in where.glob("lib/python3*/site-packages"):
        (site / "mde_connectivity.pth").write_text("../../../collections\n")


def main(name: str) -> int:
    """Return 0 when unit tests and the run over the lab pass, 77 when there is no interpreter."""
    controller = CONTROLLERS[name]
    interpreter = find(controller.pythons)
    if interpreter is None:
        print(f"no Python {' or '.join(controller.pythons)} for {controller.core}", flush=True)
        return SKIPPED
    python = str(environment(name, controller, interpreter))
    print(f"{name}: {controller.core} on {interpreter}", flush=True)
    subprocess.run([python, "-m", "ansible", "adhoc", "--version"], check=True)
    report = f"--junitxml={LOGS / f'matrix-{name}'}.xml"
    # What is deprecated fails, also while plugins are imported.
    pytest = [python, "-W", "error", "-m", "pytest", "-q"]
    shown = {**os.environ, "ANSIBLE_DEPRECATION_WARNINGS": "true"}
    unit = subprocess.run([*pytest, report, *controller.unit], cwd=ROOT, env=shown, check=False)
    # What a wrong option prints, and what is said of what is deprecated, is where the releases differ most.
    command = [python, "-m", "pytest", "-q", *_ANSWERS]
    wrong = subprocess.run(command, cwd=ROOT, check=False)
    # The demo is the run over the lab: it checks that only its first half changes something.
    site = subprocess.run([python, "-m", "tests.demo"], cwd=ROOT, check=False)
    return unit.returncode or wrong.returncode or site.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
