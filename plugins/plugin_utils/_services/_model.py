# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service URL is, and what can be wrong with a choice of them or with a file that lists them."""

from __future__ import annotations

from dataclasses import dataclass

CLOUDS = ("commercial", "gcc", "gcc_high", "dod")
REGIONS = ("us", "eu", "uk", "au", "ch", "in", "ae")
GENERATIONS = ("atp_1607", "standard", "streamlined")

# Microsoft's own analyzer takes each of these for reachable (MDEClientAnalyzer.ps1, 2024).
REACHABLE = (200, 400, 404, 405)


class ServiceFileError(ValueError):
    """A file of service URLs cannot be used; ``mistakes`` has one sentence for each thing to put right."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class UnknownChoiceError(ValueError):
    """A cloud, region, generation or Windows build was asked for that the lists do not cover."""


class NoProbeError(ValueError):
    """The probes of a wildcard were asked for, and no host below it is known to answer."""


class InvalidRowError(ValueError):
    """A row that is to be rendered is no service URL."""


@dataclass(frozen=True)
class Builds:
    """The Windows builds that a host is for: ``first`` and later, and earlier than ``before``; None is open.

    ``only_when_known`` leaves out an endpoint whose build is not known.
    """

    first: int | None = None
    before: int | None = None
    only_when_known: bool = False

    def include(self, build: int | None) -> bool:
        """Whether a build is among them; an unknown build (None) is, unless it has to be known."""
        if build is None:
            return not self.only_when_known
        return (self.first is None or build >= self.first) and (self.before is None or build < self.before)


@dataclass(frozen=True)
class Probe:
    """One address to ask, and the status codes that mean that the service was reached.

    ``html`` says that a page may be what the service answers with; elsewhere a page with status 200 is one that
    somebody put in its place.
    """

    url: str
    statuses: tuple[int, ...]
    html: bool = False


@dataclass(frozen=True)
class Service:
    """One host of an entry, at one port.

    ``host`` is a name, or a wildcard ``*.name`` that stands for every name below it. ``path`` is the only
    path that the service asks for, None for the whole host. ``probes`` is empty where nothing is known
    that would answer. ``unconfirmed`` says in a sentence what is not certain, None where nothing is open.
    ``direct`` says that it cannot be used through a proxy. ``source`` names where the entry is from, pages of
    Microsoft's documentation by the last part of their address, and ``as_of`` the day (YYYY-MM-DD) of the oldest
    copy of them that was read; an entry of a user's own file may have neither.
    """

    host: str
    port: int
    path: str | None
    purpose: str
    required: bool
    builds: Builds
    clouds: tuple[str, ...]
    regions: tuple[str, ...]
    generations: tuple[str, ...]
    probes: tuple[Probe, ...]
    unconfirmed: str | None
    direct: bool = False
    source: tuple[str, ...] = ()
    as_of: str | None = None

    @property
    def wildcard(self) -> bool:
        """Whether the host stands for every name below it."""
        return self.host.startswith("*.")


@dataclass(frozen=True)
class ServiceFile:
    """What one file says: its services, and the Windows builds that its generations are for (none: all)."""

    name: str
    generations: tuple[str, ...]
    builds: tuple[Builds, ...]
    services: tuple[Service, ...]


@dataclass(frozen=True)
class Choice:
    """What an endpoint needs: its cloud, its regions (none given: all), its generation and Windows build."""

    generation: str
    cloud: str = "commercial"
    regions: tuple[str, ...] = ()
    windows_build: int | None = None
    include_optional: bool = True
