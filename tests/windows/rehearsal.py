# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run against an endpoint of the lab in the place of a machine: python -m tests.windows.rehearsal BACKEND FOLDER."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import cast

from windows_lab import auth
from windows_lab.lab import BackendName, Lab
from windows_lab.proxy import Origin

from tests.checks.runner import ROOT
from tests.windows.named import PREFIX


def _named(lab: Lab, connection: str) -> dict[str, str]:
    """How an endpoint of the lab is named as a machine."""
    if connection == "ssh":
        ssh = lab.ssh("clean-1", "cmd")
        arguments = f"-i {ssh['ansible_ssh_private_key_file']} {ssh['ansible_ssh_common_args']}"
        named = {"PORT": str(ssh["ansible_port"]), "USER": str(ssh["ansible_user"]), "SSH_ARGS": arguments}
    else:
        named = {"PORT": str(lab.ports["clean-1"]), "USER": auth.USER, "PASSWORD": auth.PASSWORD, "SCHEME": "http"}
    return {"HOST": "127.0.0.1", "CONNECTION": connection, "PATIENCE": "0", **named}


def rehearse(backend: BackendName, folder: Path, connection: str = "winrs", more: tuple[str, ...] = ()) -> int:
    """Run it and return its exit code; the recording is in the folder then."""
    with Lab(backend, endpoints=1) as lab, Origin() as origin:
        named = {**_named(lab, connection), "URL": f"http://localhost:{origin.port}/"}
        environment = {**os.environ, **{f"{PREFIX}{name}": value for name, value in named.items()}}
        command = [sys.executable, "-m", "tests.windows", "--into", str(folder), "--evidence", backend, *more]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    backend_name, into, *rest = sys.argv[1:]
    over, *more = rest or ["winrs"]
    sys.exit(rehearse(cast(BackendName, backend_name), Path(into), over, tuple(more)))
