# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A project outside the checkout, with the built collection, the built lab and PyPI: what a user of both does.

Its roles are tested by `molecule test` on three profiles, the one that is not idempotent is caught, and pytest runs one
with testinfra; with the ansible-core of development and the newest one, side by side.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.checks import matrix
from tests.checks.runner import ROOT, SKIPPED
from tests.checks.tree import copy_tree

PROJECT = Path(__file__).with_name("outside_project")
REQUIREMENTS = ROOT / "requirements"
CORES = {"core.txt": ("3.11", "3.12", "3.13"), "core-newest.txt": ("3.12", "3.13", "3.14")}
# Files that only hold versions here.
PINS = ("constraints.txt", "run.txt", "test.txt", "dev.txt")
COMMANDS = {
    "three endpoints": ("--profile", "clean:3", "--", "true"),
    "1,000 endpoints": ("--endpoints", "1000", "--", "true"),
}


def pip(*arguments: str) -> None:
    """Run the pip of this environment; with `--python` first, it works on another one, which needs none."""
    subprocess.run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)


def build(work: Path) -> tuple[Path, Path]:
    """Build both packages from a copy of the repository; return the collection's and the lab's."""
    source = copy_tree(work / "source")
    galaxy = [sys.executable, "-m", "ansible", "galaxy", "collection", "build", str(source)]
    subprocess.run([*galaxy, "--output-path", str(work)], check=True)
    pip("wheel", "--no-deps", "--wheel-dir", str(work), str(source / "lab"))
    (collection,) = work.glob("mde-connectivity-*.tar.gz")
    (lab,) = work.glob("windows_lab-*.whl")
    return collection, lab


def ansible_windows(work: Path) -> None:
    """Lay ansible.windows out of the package `ansible` into the project's collections."""
    pip("download", "--no-deps", "--dest", str(work), "-r", str(REQUIREMENTS / "outside.txt"))
    (package,) = work.glob("ansible-*.whl")
    with zipfile.ZipFile(package) as archive:
        wanted = [name for name in archive.namelist() if name.startswith("ansible_collections/ansible/windows/")]
        archive.extractall(work / "collections", wanted)


class Environment:
    """A fresh environment of one ansible-core, and a copy of the project that is tested with it."""

    def __init__(self, work: Path, core: str, interpreter: str) -> None:
        self.name = core.removesuffix(".txt")
        self.bin = work / self.name / "venv" / "bin"
        self.project = work / self.name / "project"
        shutil.copytree(PROJECT, self.project, ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run([interpreter, "-m", "venv", "--without-pip", str(self.bin.parent)], check=True)
        self.variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))},
            "ANSIBLE_COLLECTIONS_PATH": f"{work / self.name / 'collections'}:{work / 'collections'}",
            "HOME": str(work / self.name),
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
        }
        self.core = core

    def install(self, collection: Path, lab: Path) -> None:
        """Install what the user types: the lab with its extra for molecule, an ansible-core, and the collection."""
        constraints = [word for name in PINS for word in ("--constraint", str(REQUIREMENTS / name))]
        core = ("--requirement", str(REQUIREMENTS / self.core))
        target = ("--python", str(self.bin / "python"))
        pip(*target, "install", *constraints, *core, f"{lab}[molecule]", "defusedxml")
        galaxy = ("ansible-galaxy", "collection", "install", "--offline", "--collections-path")
        self.run(*galaxy, str(self.project.with_name("collections")), str(collection))

    def run(self, *command: str, cwd: Path | None = None, fails: bool = False) -> str:
        """Run a program of the environment; return its output, or raise SystemExit where it ended otherwise."""
        done = subprocess.run(
            command,
            cwd=cwd or self.project,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if (done.returncode != 0) is not fails:
            sys.exit(f"{done.stdout}\nFAILED: {self.name}: {' '.join(command)} ended with {done.returncode}")
        return done.stdout

    def molecule(self, role: str, *, fails: bool = False) -> str:
        """Copy the scenario into a role with the documented command, and run it."""
        self.run("windows-lab", "molecule-init", role)
        return self.run("molecule", "test", cwd=self.project / role, fails=fails)

    def check(self) -> None:
        """Test both roles; raise SystemExit where something is not as it should be."""
        started = time.monotonic()
        steady = self.molecule("steady")
        drifting = self.molecule("drifting", fails=True)
        if "Idempotence test failed" not in drifting or "Idempotence test failed" in steady:
            sys.exit(f"{drifting}\nFAILED: {self.name}: the role that is not idempotent was not caught as such")
        tests = self.run("python", "-m", "pytest", "-q", "tests")
        if "6 passed" not in tests:
            sys.exit(f"{tests}\nFAILED: {self.name}: two tests on three endpoints")
        print(f"{self.name}: two roles and a file of tests in {time.monotonic() - started:.0f} s", flush=True)


def show_cost(environment: Environment) -> None:
    """Print how long a lab takes from its command to its end, and how much of that is its own; no test."""
    for name, arguments in COMMANDS.items():
        before = os.times()
        environment.run("windows-lab", "up", *arguments)
        after = os.times()
        own = sum(after[2:4]) - sum(before[2:4])
        print(f"{name}: up and down in {after.elapsed - before.elapsed:.1f} s, {own:.1f} s of CPU", flush=True)


def main() -> int:
    """Return 0 when both environments saw what they should, 77 when there is no interpreter for one."""
    found = {core: matrix.find(versions) for core, versions in CORES.items()}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder).resolve()
        collection, lab = build(work)
        ansible_windows(work)
        environments = [Environment(work, core, python) for core, python in found.items() if python]
        with ThreadPoolExecutor() as threads:
            list(threads.map(lambda environment: environment.install(collection, lab), environments))
            show_cost(environments[0])
            list(threads.map(Environment.check, environments))
    return 0 if len(environments) == len(CORES) else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
