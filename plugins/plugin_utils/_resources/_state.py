# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of an endpoint: one part per thing read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeVar, cast

from ._wininet import Connections


class Part(Protocol):
    """One thing that was read; name is its key in a report."""

    name: ClassVar[str]

    def report(self, raw: bool) -> dict[str, Any]: ...


P = TypeVar("P", bound=Part)


@dataclass(frozen=True)
class State:
    """The parts that were read, by their class, and the WinINet settings by scope.

    scopes are those that a resource, by its name, found its options to mean. Parts compare by meaning: two equal
    states need no change.
    """

    parts: Mapping[type[Part], Part] = field(default_factory=dict)
    wininet: Mapping[str, Connections] = field(default_factory=dict)
    scopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def part(self, kind: type[P]) -> P:
        """The part of a class; raises KeyError where it was not read."""
        return cast("P", self.parts[kind])

    def with_parts(self, *parts: Part) -> State:
        return dataclasses.replace(self, parts={**self.parts, **{type(part): part for part in parts}})

    def with_wininet(self, settings: Mapping[str, Connections], of: str | None = None) -> State:
        """With the settings of these scopes, which are also those of the resource named in of."""
        scopes = {**self.scopes, of: tuple(settings)} if of else self.scopes
        return dataclasses.replace(self, wininet={**self.wininet, **settings}, scopes=scopes)

    def report(self, raw: bool = False) -> dict[str, Any]:
        """The parts that were read, in the shape of endpoint_info.

        With raw, every binary value comes with its bytes as hex digits, else only those that can't be decoded.
        """
        report = {part.name: part.report(raw) for part in self.parts.values()}
        if self.wininet:
            report["wininet"] = {scope: found.report(raw) for scope, found in self.wininet.items()}
        return report
