# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a package came from, as an in-toto statement with the predicate that SLSA calls provenance.

It is a statement of whoever builds and not signed: the one that GitHub signs is made by .github/workflows/release.yml.
"""

from __future__ import annotations

import hashlib
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from tests.checks.runner import ROOT

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
_BUILDERS = ("ansible-core", "antsibull-changelog")


def digest(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def statement(package: Path, commit: str) -> dict[str, Any]:
    """Say of a package what it is made of: the commit, and the pins that its builder was installed from."""
    repository = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["repository"]
    pins = [ROOT / "requirements" / name for name in ("core.txt", "dev.txt", "constraints.txt")]
    source = {"uri": f"git+{repository}", "digest": {"gitCommit": commit}}
    materials = [{"uri": f"requirements/{pin.name}", "digest": {"sha256": digest(pin)}} for pin in pins]
    definition = {
        "buildType": f"{repository}/blob/main/CONTRIBUTING.md#release",
        "externalParameters": {"package": package.name},
        "resolvedDependencies": [source, *materials],
    }
    builder = {"python": platform.python_version(), **{name: version(name) for name in _BUILDERS}}
    details = {
        "builder": {"id": f"{repository}/blob/main/tests/checks/release.py", "version": builder},
        "metadata": {"finishedOn": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
    }
    return {
        "_type": STATEMENT,
        "subject": [{"name": package.name, "digest": {"sha256": digest(package)}}],
        "predicateType": PREDICATE,
        "predicate": {"buildDefinition": definition, "runDetails": details},
    }
