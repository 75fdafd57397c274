# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests need beyond Python: each skips where a machine has it not, and in CI a skipped test is a failure."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from windows_lab import wine
from windows_lab.network import squid as real_squid
from windows_lab.network.listener import low_ports

from tests.checks.debian import PACKAGES, present
from tests.network import stage as whole_stage
from tests.network.stage import LOW_PORTS

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
        pytest.skip(f"A name server listens at port 53 of loopback. {LOW_PORTS}")


@contextlib.contextmanager
def small_disk(directory: Path, size: int) -> Iterator[None]:
    """A file system of so many bytes at a directory, which takes root to mount, or sudo that asks for no password."""
    sudo = ["sudo", "-n"] if os.geteuid() and shutil.which("sudo") else []
    options = f"size={size},uid={os.geteuid()},mode=700"
    mount = [*sudo, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("A disk that becomes full is mounted, which needs root, or sudo without a password.")
    yield
    subprocess.run([*sudo, "umount", str(directory)], check=True)


def kerberos_build() -> None:
    """What Debian's Python builds a package for Kerberos with."""
    needed = ("gcc", "libkrb5-dev", "python3-dev")
    if absent := [package for package in needed if not present(PACKAGES[package])]:
        pytest.skip(f"not installed: {', '.join(absent)}")
