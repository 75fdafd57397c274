# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of a rollout share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.rollout.rollout_site import raise_stage
from tests.network.stage import Stage


@pytest.fixture(scope="session")
def network() -> Iterator[Stage]:
    """The service of one region behind squid, once for all tests of a rollout."""
    with raise_stage() as raised:
        yield raised
