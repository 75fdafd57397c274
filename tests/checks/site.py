# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The docs site: the pages of antsibull-docs and the guides, built by Sphinx; a warning is an error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.checks.runner import ROOT

DOCSITE = ROOT / "docs" / "docsite"
SITE = ROOT / ".cache" / "docs-site"


def run(*command: str) -> int:
    """Run a program that lies beside this interpreter, where it also looks for what it starts."""
    folder = Path(sys.executable).parent
    programs = f"{folder}{os.pathsep}{os.environ['PATH']}"
    collections = str(ROOT / ".venv" / "collections")
    environment = {**os.environ, "PATH": programs, "ANSIBLE_COLLECTIONS_PATH": collections}
    return subprocess.run([str(folder / command[0]), *command[1:]], cwd=ROOT, env=environment, check=False).returncode


def build(site: Path) -> int:
    """Write the sources to `site`/rst and the pages to `site`/html, and return the exit code of what went wrong."""
    shutil.rmtree(site, ignore_errors=True)
    source = site / "rst"
    # antsibull-docs refuses a folder in which others may write.
    source.mkdir(mode=0o755, parents=True)
    collection = ("collection", "--use-current", "--squash-hierarchy", "--fail-on-error", "mde.connectivity")
    rc = run("antsibull-docs", *collection, "--dest-dir", str(source))
    if not rc:
        shutil.copytree(DOCSITE / "rst" / "images", source / "docsite" / "images")
        options = ("-q", "-W", "--keep-going", "-j", "auto", "-b", "html", "-c", str(DOCSITE))
        rc = run("sphinx-build", *options, str(source), str(site / "html"))
    return rc


def main() -> int:
    """Return 0 when the site was built without a warning."""
    rc = build(SITE)
    print(f"{SITE / 'html' / 'index.html'}" if not rc else "the docs site was not built")
    return rc


if __name__ == "__main__":
    sys.exit(main())
