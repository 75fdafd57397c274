# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder with an inventory, in which the commands of a guide are typed on endpoints of the lab."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from windows_lab.inventory import document
from windows_lab.lab import Lab

from tests.guides import blocks
from tests.integration import typed
from tests.integration.site import Site

NAMED = "pc-0001.example.com"


class Desk:
    """The settings are those of the inventory that the guide shows, with the proxy of the lab."""

    def __init__(self, lab: Lab, proxy: str, work: Path, guide: str) -> None:
        self.lab = lab
        self.work = work
        (text,) = blocks(guide, "yaml")
        settings = yaml.safe_load(text)["windows"]["vars"]
        inventory = document(lab, "winrs", "basic")
        wanted = {name: value for name, value in settings.items() if not name.startswith("ansible_")}
        wanted["endpoint_proxy_winhttp_proxy"] |= {"proxy": proxy}
        inventory["windows"]["vars"].update(wanted)
        (work / "inventory.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")

    def type(self, command: str, **variables: str) -> str:
        """Run a block of the guide as it stands, and return what it prints."""
        with typed.folder() as first:
            path = os.pathsep.join((first, str(Path(sys.executable).parent), os.environ["PATH"]))
            run = subprocess.run(
                ["sh", "-eu", "-c", command.replace(NAMED, "clean-1")],
                cwd=self.work,
                env={**os.environ, "ANSIBLE_NOCOLOR": "1", "PATH": path, **variables},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=300,
                check=False,
            )
        assert run.returncode == 0, run.stdout
        return run.stdout

    def held(self) -> dict[str, Any]:
        """The settings of each endpoint, read past all that runs on it."""
        site = Site(self.lab, self.work)
        found = {}
        for name, site.endpoint in self.lab.endpoints.items():
            found[name] = site.managed()
        return found
