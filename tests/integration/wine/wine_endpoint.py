# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Wine endpoint for the tests of one module."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from windows_lab.profiles import PROFILES
from windows_lab.wine import WineEndpoint

from tests import needs


@contextlib.contextmanager
def wine_endpoint(profile: str = "clean") -> Iterator[WineEndpoint]:
    """Start one endpoint."""
    needs.wine_endpoints()
    endpoint = WineEndpoint(f"test-{profile}", PROFILES[profile])
    try:
        yield endpoint
    finally:
        endpoint.close()
