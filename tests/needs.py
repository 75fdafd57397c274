# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests need beyond Python: each skips where a machine has it not, and in CI a skipped test is a failure."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from windows_lab import wine
from windows_lab.network import squid as real_squid
from windows_lab.network.listener import low_ports

from tests.checks.debian import PACKAGES, present
from tests.network import stage as whole_stage

CHROMIUM = PACKAGES["chromium"]
chromium = pytest.mark.skipif(not present(CHROMIUM), reason="Chromium is not installed")


def squid() -> None:
    """A squid."""
    if reason := real_squid.missing():
        pytest.skip(reason)


def stage() -> None:
    """A squid, and the right to listen at the ports 80 and 443 of loopback."""
    if reason := whole_stage.missing():
        pytest.skip(reason)


def wine_endpoints() -> None:
    """Wine and a cross compiler."""
    if reason := wine.missing():
        pytest.skip(reason)


def port_53() -> None:
    """The right to listen at port 53 of loopback."""
    if not low_ports():
        pytest.skip("Only root may listen at port 53.")


def small_disk(directory: Path, size: int) -> None:
    """A file system of so many bytes at a directory, which takes root to mount."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(directory)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("A disk that becomes full is mounted, which needs root.")


def kerberos_build() -> None:
    """What Debian's Python builds a package for Kerberos with."""
    needed = ("gcc", "libkrb5-dev", "python3-dev")
    if absent := [package for package in needed if not present(PACKAGES[package])]:
        pytest.skip(f"not installed: {', '.join(absent)}")
