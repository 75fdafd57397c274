# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses service URLs: out of the lists that come with the collection, and out of an organisation's own."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from ansible.module_utils.common.yaml import SafeLoader

from ._model import (
    CLOUDS,
    GENERATIONS,
    REGIONS,
    Builds,
    Choice,
    NoProbeError,
    Probe,
    Service,
    ServiceFile,
    UnknownChoiceError,
)
from ._reader import parse, read_file

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Offer:
    """A cloud and a generation for which there is a list, and the regions of it."""

    cloud: str
    generation: str
    regions: tuple[str, ...]


@functools.cache
def built_in() -> tuple[ServiceFile, ...]:
    """Return the lists that come with the collection."""
    # The loader in C takes an eighth of the time. It ends the process where lists are nested by thousands, which those
    # of a user may be.
    return tuple(
        parse(yaml.load(path.read_text(encoding="utf-8"), SafeLoader), str(path)) for path in sorted(DATA.glob("*.yml"))
    )


@functools.cache
def offers() -> tuple[Offer, ...]:
    """Return every cloud and generation that the collection has a list for, with its regions."""
    return tuple(
        Offer(cloud, generation, regions)
        for generation in GENERATIONS
        for cloud in CLOUDS
        if (regions := _regions(cloud, generation))
    )


def _regions(cloud: str, generation: str) -> tuple[str, ...]:
    named = {
        region
        for file in built_in()
        for service in file.services
        if cloud in service.clouds and generation in service.generations
        for region in service.regions
    }
    return tuple(region for region in REGIONS if region in named)


def _check_word(kind: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        raise UnknownChoiceError(f"There is no {kind} {word!r}; there are {', '.join(words)}.")


def _checked_regions(choice: Choice) -> tuple[str, ...]:
    """Return the regions of a choice; raise UnknownChoiceError where a word or the combination is unknown."""
    _check_word("generation", choice.generation, GENERATIONS)
    _check_word("cloud", choice.cloud, CLOUDS)
    for region in choice.regions:
        _check_word("region", region, REGIONS)
    offered = [offer for offer in offers() if offer.generation == choice.generation]
    regions = {offer.cloud: offer.regions for offer in offered}.get(choice.cloud)
    what = f"generation {choice.generation} of the service URLs"
    if regions is None:
        clouds = ", ".join(offer.cloud for offer in offered)
        raise UnknownChoiceError(f"There is no {what} for the cloud {choice.cloud}, only for {clouds}.")
    for region in choice.regions:
        if region not in regions:
            raise UnknownChoiceError(
                f"The {what} for the cloud {choice.cloud} does not name the region {region}, only "
                f"{', '.join(regions)}."
            )
    return choice.regions or regions


def _check_build(choice: Choice, files: Iterable[ServiceFile]) -> None:
    for file in files:
        fits = not file.builds or any(builds.include(choice.windows_build) for builds in file.builds)
        if choice.generation in file.generations and not fits:
            others = ", ".join(word for word in GENERATIONS if word not in file.generations)
            raise UnknownChoiceError(
                f"The generation {choice.generation} of the service URLs is not for the Windows build "
                f"{choice.windows_build}, only for {_shown_builds(file.builds)}; take another: {others}."
            )


def _shown_builds(ranges: Iterable[Builds]) -> str:
    said = []
    for builds in ranges:
        if builds.first is None:
            said.append(f"before build {builds.before}")
        elif builds.before == builds.first + 1:
            said.append(str(builds.first))
        else:
            said.append(f"from build {builds.first} on")
    return " and ".join(said)


def select(choice: Choice, files: Iterable[Path] = ()) -> tuple[Service, ...]:
    """Return the service URLs for a choice, one per host, port and path, in the order of the lists.

    ``files`` are lists of the organisation's own; what they say is added. An entry for a host that a list
    has already adds its probes to it, and makes it required when either says so.

    Raises UnknownChoiceError and ServiceFileError.
    """
    regions = _checked_regions(choice)
    read = (*built_in(), *(read_file(path) for path in files))
    _check_build(choice, read)
    found: dict[tuple[str, int, str | None], Service] = {}
    for service in _fitting(choice, regions, read):
        key = (service.host, service.port, service.path)
        found[key] = _merged(found[key], service) if key in found else service
    return tuple(service for service in found.values() if service.required or choice.include_optional)


def _fitting(choice: Choice, regions: tuple[str, ...], files: Iterable[ServiceFile]) -> Iterator[Service]:
    for service in (service for file in files for service in file.services):
        if (
            choice.generation in service.generations
            and choice.cloud in service.clouds
            and (not service.regions or set(service.regions) & set(regions))
            and service.builds.include(choice.windows_build)
        ):
            yield service


def _merged(first: Service, second: Service) -> Service:
    # What one of the two is certain of is certain.
    unconfirmed = first.unconfirmed if second.unconfirmed else None
    return replace(
        first,
        purpose=first.purpose if first.required or not second.required else second.purpose,
        required=first.required or second.required,
        probes=_each_once((*first.probes, *second.probes)),
        unconfirmed=unconfirmed,
        direct=first.direct or second.direct,
        source=tuple(dict.fromkeys((*first.source, *second.source))),
        as_of=min((day for day in (first.as_of, second.as_of) if day), default=None),
    )


def _each_once(probes_of_all: Iterable[Probe]) -> tuple[Probe, ...]:
    """Each address once, with what any of its probes takes for reached."""
    found: dict[str, Probe] = {}
    for probe in probes_of_all:
        known = found.get(probe.url, probe)
        statuses = tuple(sorted({*known.statuses, *probe.statuses}))
        found[probe.url] = Probe(probe.url, statuses, known.html or probe.html)
    return tuple(found.values())


def unprobed(services: Iterable[Service]) -> tuple[str, ...]:
    """Return the wildcards that have no probe at any of their ports."""
    services = tuple(services)
    probed = {service.host for service in services if service.probes}
    bare = (service.host for service in services if service.wildcard and service.host not in probed)
    return tuple(dict.fromkeys(bare))


def probes(services: Iterable[Service]) -> tuple[Probe, ...]:
    """Return the probes of service URLs in their order, each address once.

    Raises NoProbeError where a wildcard has none.
    """
    services = tuple(services)
    bare = unprobed(services)
    if bare:
        raise NoProbeError(
            f"A wildcard is no address, and no host below {', '.join(bare)} is known to answer: give a file of "
            "your own with an entry for it whose probes name hosts, or leave it out of what is probed."
        )
    return _each_once(probe for service in services for probe in service.probes)
