# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role of somebody who has the lab from a package: run on a lab of pytest's, looked at by testinfra."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from testinfra.host import Host
from windows_lab.backend import Backend
from windows_lab.lab import Lab

PROJECT = Path(__file__).parents[1]
WINHTTP = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"


@pytest.fixture(scope="module")
def converged(windows_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> None:
    inventory = windows_lab.inventory(tmp_path_factory.mktemp("lab") / "inventory.yml")
    playbook = [sys.executable, "-m", "ansible", "playbook", "-i", str(inventory), "site.yml"]
    subprocess.run(playbook, cwd=PROJECT, env={**os.environ, "ANSIBLE_ROLES_PATH": str(PROJECT)}, check=True)


@pytest.mark.usefixtures("converged")
def test_netsh_shows_the_proxy(windows_host: Host) -> None:
    assert "proxy.example.com:8080" in windows_host.run("netsh winhttp show proxy").stdout


@pytest.mark.usefixtures("converged")
def test_the_registry_holds_it(windows_endpoint: Backend) -> None:
    stored = windows_endpoint.value(WINHTTP, "WinHttpSettings")
    assert stored is not None
    assert b"proxy.example.com:8080" in stored[1]
    assert windows_endpoint.value(r"HKLM\SOFTWARE\Outside", "Family") == ("REG_SZ", "Windows\0".encode("utf-16-le"))
