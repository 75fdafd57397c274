# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environments of the bench: the peers' controller, which runs this collection too, and the plotter's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.checks import debian, kerberos, matrix
from tests.checks.environments import pinned

# What the newest ansible-core runs on, best first.
PYTHONS = ("3.13", "3.12", "3.14")


class EnvironmentMissingError(Exception):
    """An environment of the bench cannot be made here."""


def controller() -> Path:
    """The interpreter of a controller with the peers' stack, in which this checkout is the collection."""
    python, made = _environment("bench-peer", "peer.txt")
    if made:
        matrix.link_collection(python.parents[1])
    return python


def tickets() -> tuple[Path | None, str]:
    """The interpreter of a controller, and of a farm, that takes tickets; or (None) what is missing for it."""
    if absent := {"gcc", "krb5-admin-server", "krb5-kdc", "krb5-user", "libkrb5-dev"} & set(debian.missing()):
        return None, f"not installed: {', '.join(sorted(absent))}"
    return matrix.environment("kerberos", kerberos.CONTROLLER, sys.executable), ""


def plotter() -> Path:
    """The interpreter of an environment with matplotlib."""
    return _environment("bench-plot", "bench.txt")[0]


def _environment(name: str, requirements: str) -> tuple[Path, bool]:
    """The interpreter of an environment, and whether it was made just now."""
    made = pinned(name, requirements, PYTHONS)
    if made is None:
        raise EnvironmentMissingError(f"The bench needs Python {', '.join(PYTHONS[:-1])} or {PYTHONS[-1]}.")
    return made


def versions(python: Path) -> dict[str, str]:
    """Versions of what the controller is made of."""
    names = ("ansible", "ansible-core", "pywinrm")
    probe = (
        "import importlib.metadata, platform, sys\n"
        "print(platform.python_version(), *map(importlib.metadata.version, sys.argv[1:]))"
    )
    shown = subprocess.run([str(python), "-c", probe, *names], capture_output=True, text=True, check=True)
    found = dict(zip(("Python", *names), shown.stdout.split(), strict=True))
    galaxy = python.parents[1].glob(
        "lib/python3*/site-packages/ansible_collections/ansible/windows/MANIFEST.json"
    )
    return found | {"ansible.windows": _manifest_version(next(galaxy))}


def _manifest_version(manifest: Path) -> str:
    return str(json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"])
