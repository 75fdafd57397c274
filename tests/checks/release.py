# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release from what is committed: changelog, tag, package, checksum and provenance.

With --dry-run on a copy and without tag; with --package only what is built of the tag that is checked out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from tests.checks.provenance import digest, statement
from tests.checks.runner import ROOT
from tests.checks.tree import copy_tree


def changelog(root: Path, version: str) -> None:
    """Turn the fragments of the collection at `root` into CHANGELOG.rst, if that was not done for this version."""
    known = yaml.safe_load((root / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))["releases"]
    command = [sys.executable, "-m", "antsibull_changelog", "generate" if version in known else "release"]
    # It finds the modules by ansible-doc.
    command += ["--ansible-doc-bin", str(Path(sys.executable).parent / "ansible-doc")]
    subprocess.run(command, cwd=root, check=True)


def package(root: Path, where: Path, version: str) -> Path:
    """Build the package with its checksum and where it came from beside it, and return it."""
    command = ["-m", "ansible", "galaxy", "collection", "build", str(root), "--output-path", str(where), "--force"]
    subprocess.run([sys.executable, *command], check=True)
    built = where / f"mde-connectivity-{version}.tar.gz"
    built.with_suffix(".gz.sha256").write_text(f"{digest(built)}  {built.name}\n", encoding="utf-8")
    said = json.dumps(statement(built, git("rev-parse", "HEAD").strip()), indent=2)
    built.with_suffix(".gz.intoto.json").write_text(f"{said}\n", encoding="utf-8")
    return built


def git(*arguments: str) -> str:
    """Run git in the repository and return what it printed."""
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def rehearse(version: str) -> int:
    """Make the release in a temporary folder and look into the package."""
    with tempfile.TemporaryDirectory() as folder:
        root = copy_tree(Path(folder))
        changelog(root, version)
        built = package(root, Path(folder), version)
        names = subprocess.run(["tar", "tzf", str(built)], check=True, capture_output=True, text=True).stdout
        unlike = wrong(built)
        text = (root / "CHANGELOG.rst").read_text(encoding="utf-8")
    print(text)
    missing = [name for name in ("CHANGELOG.rst", "COPYING", "README.md") if name not in names.split()]
    missing += [] if f"v{version}\n" in text else [f"a section v{version} in CHANGELOG.rst"]
    missing += unlike
    print(f"missing: {missing}" if missing else f"{built.name} is complete")
    return 1 if missing else 0


def wrong(built: Path) -> list[str]:
    """Return what checksum and provenance say otherwise than sha256sum and git do."""
    checked = subprocess.run(["sha256sum", "--check", f"{built.name}.sha256"], cwd=built.parent, check=False)
    said = json.loads(built.with_suffix(".gz.intoto.json").read_text(encoding="utf-8"))
    summed = subprocess.run(["sha256sum", built.name], cwd=built.parent, check=True, capture_output=True, text=True)
    holds = {
        "a checksum that holds": checked.returncode == 0,
        "the package as the subject": said["subject"]
        == [{"name": built.name, "digest": {"sha256": summed.stdout.split()[0]}}],
        "the commit as what it was made of": {"gitCommit": git("rev-parse", "HEAD").strip()}
        in [made_of["digest"] for made_of in said["predicate"]["buildDefinition"]["resolvedDependencies"]],
    }
    return [what for what, so in holds.items() if not so]


def of_tag(version: str) -> int:
    """Build what the tag that is checked out holds."""
    if version not in git("tag", "--points-at", "HEAD").split():
        print(f"what is checked out has no tag {version}, as galaxy.yml says", file=sys.stderr)
        return 1
    print(package(ROOT, ROOT, version))
    return 0


def main(*arguments: str) -> int:
    """Return 0 when the release was made, or could be."""
    version = str(yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"])
    if arguments == ("--dry-run",):
        return rehearse(version)
    if arguments == ("--package",):
        return of_tag(version)
    if arguments:
        print(f"only --dry-run and --package are known, not {' '.join(arguments)}", file=sys.stderr)
        return 2
    if git("status", "--porcelain") or git("tag", "--list", version):
        print(f"something is not committed, or {version} has its tag already", file=sys.stderr)
        return 1
    changelog(ROOT, version)
    git("add", "--all", "CHANGELOG.rst", "changelogs")
    if git("status", "--porcelain"):
        git("commit", "--message", f"Release {version}")
    git("tag", "--annotate", version, "--message", f"mde.connectivity {version}")
    print(package(ROOT, ROOT, version))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
