# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Wine endpoint for the tests of one module."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import pytest
from windows_lab.profiles import PROFILES
from windows_lab.wine import WineEndpoint, missing


@contextlib.contextmanager
def wine_endpoint(profile: str = "clean") -> Iterator[WineEndpoint]:
    """Start one endpoint; without Wine the test is skipped, but in CI it fails."""
    reason = missing()
    if reason and "CI" not in os.environ:
        pytest.skip(reason)
    endpoint = WineEndpoint(f"test-{profile}", PROFILES[profile])
    try:
        yield endpoint
    finally:
        endpoint.close()
