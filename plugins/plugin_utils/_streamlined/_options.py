# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A move with the options that a task gives it, all of which are checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._action import validated
from .._probe._reachability import Reachability
from ._migration import Migration, verification

WithFiles = Callable[[dict[str, Any]], dict[str, Any]]


def migration_of(given: Mapping[str, Any], verify: Mapping[str, Any] | None, with_files: WithFiles) -> Migration:
    """The move with options of onboarding_package, and of reachability for what has to be reached before.

    with_files makes of the names of files those of files that are there. Raises InvalidOption and Refused.
    """
    asked = validated("reachability", with_files(verification(verify)))
    Reachability(asked)
    return Migration(validated("onboarding_package", given), asked)
