# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Wine endpoint whose PowerShell is the one of MDE_POWERSHELL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from windows_lab.inventory import CONNECTIONS
from windows_lab.lab import Lab
from windows_lab.wine import powershell


@pytest.fixture(autouse=True)
def need_powershell() -> None:
    if powershell.path() is None:
        pytest.skip(f"{powershell.VARIABLE} is not set")


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """One Wine endpoint, reached in every way."""
    if not powershell.is_windows():
        pytest.skip(f"{powershell.VARIABLE} is no Windows build")
    with Lab(backend="wine", endpoints=1, transports=CONNECTIONS) as started:
        yield started
