# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every resource is: queries out, a state in, a change planned."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from .._credentials import without_words
from .._windows._registry import Query, Registry, Write
from ._state import Part, State


class InvalidOption(ValueError):
    """A user's option can't be used; the message names it."""

    def __init__(self, option: str, reason: str) -> None:
        self.option = option
        self.reason = without_words(reason)
        super().__init__(f"{option}: {self.reason}")


class Refused(Exception):
    """The endpoint's state does not allow what was asked; nothing has been changed."""


@dataclass(frozen=True)
class Change:
    """What is to be done: the writes, and the state after them."""

    after: State
    writes: tuple[Write, ...] = ()
    warnings: tuple[str, ...] = ()
    reboot_reason: str = ""


class Resource(abc.ABC):
    """One managed thing and what is desired of it; options are validated module options.

    name is the key of its scopes in a state, and kinds are its parts of one. needs_option says that without any option
    nothing is asked for; elsewhere the defaults ask for something. Raises InvalidOption for an option that
    its type alone could not refuse.
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[type[Part], ...]] = ()
    read_only: ClassVar[bool] = False
    needs_option: ClassVar[bool] = True

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = options

    @classmethod
    def complete(cls, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The user's arguments, with what one of them implies for another; called before they are validated."""
        return dict(arguments)

    @abc.abstractmethod
    def queries(self) -> tuple[Query, ...]:
        """What has to be read to know the state."""

    def follow_up(self, registry: Registry) -> tuple[Query, ...]:
        """What has to be read besides, once it is known which hives are loaded; costs a second batch."""
        return ()

    @abc.abstractmethod
    def decode(self, registry: Registry, state: State) -> State:
        """The state with this resource's part filled in."""

    @abc.abstractmethod
    def plan(self, state: State) -> Change:
        """What to do; pure. Raises Refused when the state forbids it."""

    def own(self, state: State) -> State:
        """The part of a state that this resource has to do with."""
        parts = {kind: part for kind, part in state.parts.items() if kind in self.kinds}
        scopes = state.scopes.get(self.name, ())
        return State(parts, {scope: state.wininet[scope] for scope in scopes})

    def report(self, state: State) -> dict[str, Any]:
        """The state as a task result shows it in before and after."""
        return self.own(state).report()
