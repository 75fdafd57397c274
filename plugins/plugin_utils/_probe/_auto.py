# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists that an endpoint itself says it needs: what auto stands for in regions and generation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._resources._onboarding import Onboarding, build_of
from .._resources._resource import InvalidOption, Refused
from .._resources._state import State
from .._resources._windows import Windows

AUTO = "auto"
_GENERATIONS = ("standard", "streamlined")


def is_auto(options: Mapping[str, Any]) -> bool:
    """Whether an endpoint has to say what is asked for."""
    return bool(options["service_urls"] and AUTO in (options["generation"], *options["regions"]))


def without_auto(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options that are wrong where these are, whatever an endpoint says. Raises InvalidOption."""
    if AUTO in options["regions"] and len(options["regions"]) > 1:
        raise InvalidOption("regions", "auto stands alone, as the endpoint says its region.")
    if not is_auto(options):
        return dict(options)
    # In this list every region and every cloud has a place.
    generation = "streamlined" if options["generation"] == AUTO else options["generation"]
    regions = [] if options["regions"] == [AUTO] else options["regions"]
    return {**options, "generation": generation, "regions": regions, "windows_build": None, "unprobed": "omit"}


def decided(options: Mapping[str, Any], state: State) -> dict[str, Any]:
    """Options with what an endpoint's state says in the place of auto. Raises Refused where it does not say."""
    found = state.part(Onboarding)
    if unsaid := list(_unsaid(options, found)):
        raise Refused(
            f"The state of the endpoint does not say which URLs it needs. {found.missing} "
            f"Set for it {' and '.join(unsaid)} (in a playbook with endpoint_verify_ before the name), or onboard it."
        )
    chosen = dict(options)
    if options["generation"] == AUTO:
        chosen["generation"] = found.connectivity
        chosen["windows_build"] = options["windows_build"] or build_of(state.part(Windows))
    if options["regions"] == [AUTO]:
        chosen |= {"regions": [found.region], "cloud": found.cloud or options["cloud"]}
    return chosen


def _unsaid(options: Mapping[str, Any], found: Onboarding) -> Iterator[str]:
    """The options that a person has to set, with what they may be."""
    if options["generation"] == AUTO and found.connectivity not in _GENERATIONS:
        yield f"generation ({' or '.join(_GENERATIONS)})"
    if options["regions"] != [AUTO]:
        return
    if found.region is None:
        yield "regions"
    elif found.cloud is None and options["cloud"] not in found.clouds:
        yield f"cloud ({' or '.join(found.clouds)})"
