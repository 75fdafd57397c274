# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A project outside the checkout, with the built collection, the built lab and PyPI: what a user of both does.

What comes from PyPI is installed once, with the lab, as a user does it; the lab and the collection are installed anew
each time. Its roles are tested by `molecule test` on three profiles, the one that is not idempotent is caught, and
pytest runs one with testinfra; with the ansible-core of development and the newest one, side by side.
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

from tests.checks.kept import kept
from tests.checks.pythons import FASTEST, find
from tests.checks.runner import ROOT, SKIPPED
from tests.checks.tree import copy_tree

PROJECT = Path(__file__).with_name("outside_project")
REQUIREMENTS = ROOT / "requirements"
CORES = {"core.txt": ("3.11", "3.12", "3.13"), "core-newest.txt": FASTEST}
# Files that only hold versions here.
PINS = ("constraints.txt", "run.txt", "test.txt", "dev.txt")
ANSIBLE_WINDOWS = "ansible_collections/ansible/windows/"
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


def ansible_windows() -> Path:
    """Return a folder of collections with the ansible.windows of the package `ansible`."""
    file = REQUIREMENTS / "outside.txt"
    with kept("outside-windows", file.read_bytes()) as (where, empty):
        if empty:
            pip("download", "--no-deps", "--dest", str(where), "--requirement", str(file))
            (package,) = where.glob("ansible-*.whl")
            with zipfile.ZipFile(package) as archive:
                found = archive.namelist()
                archive.extractall(where, [name for name in found if name.startswith(ANSIBLE_WINDOWS)])
            package.unlink()
    return where


class Environment:
    """An environment of one ansible-core, and a copy of the project that is tested with it."""

    def __init__(self, work: Path, core: str, interpreter: str, collection: Path, lab: Path) -> None:
        self.name = core.removesuffix(".txt")
        self.project = work / self.name / "project"
        shutil.copytree(PROJECT, self.project, ignore=shutil.ignore_patterns("__pycache__"))
        programs, collections = self._environment(interpreter, lab), work / self.name / "collections"
        self.variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))},
            "ANSIBLE_COLLECTIONS_PATH": f"{collections}:{ansible_windows()}",
            "HOME": str(work / self.name),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        }
        galaxy = ("ansible-galaxy", "collection", "install", "--offline", "--collections-path")
        self.run(*galaxy, str(collections), str(collection))

    def _environment(self, interpreter: str, lab: Path) -> Path:
        """Install what the user types, the lab with its extra for molecule and an ansible-core; return the programs."""
        core, pins = REQUIREMENTS / f"{self.name}.txt", [REQUIREMENTS / name for name in PINS]
        files = (core, *pins, ROOT / "lab" / "pyproject.toml")
        made_from = b"".join(file.read_bytes() for file in files) + interpreter.encode()
        with kept(f"outside-{self.name}", made_from) as (where, empty):
            target = ("--python", str(where / "bin" / "python"), "install")
            if empty:
                subprocess.run([interpreter, "-m", "venv", "--without-pip", str(where)], check=True)
                constraints = [word for file in pins for word in ("--constraint", str(file))]
                pip(*target, *constraints, "--requirement", str(core), f"{lab}[molecule]", "defusedxml")
            else:
                pip(*target, "--no-deps", "--force-reinstall", str(lab))
        return where / "bin"

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
    found = {core: find(versions) for core, versions in CORES.items()}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder).resolve()
        collection, lab = build(work)
        with ThreadPoolExecutor() as threads:
            wanted = [
                threads.submit(Environment, work, core, python, collection, lab)
                for core, python in found.items()
                if python
            ]
            environments = [each.result() for each in wanted]
            show_cost(environments[0])
            list(threads.map(Environment.check, environments))
    return 0 if len(environments) == len(CORES) else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
