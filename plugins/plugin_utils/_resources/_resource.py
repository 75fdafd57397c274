# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every resource is: queries out, a state in, a change planned."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from .._endpoint import Command
from .._registry import Address, Query, Registry
from ._state import State


class InvalidOption(ValueError):
    """A user's option can't be used; the message names it."""

    def __init__(self, option: str, reason: str) -> None:
        super().__init__(f"{option}: {reason}")


class Refused(Exception):
    """The endpoint's state does not allow what was asked; nothing has been changed."""


@dataclass(frozen=True)
class Change:
    """What is to be done: the state after it, the commands, and the values that they touch."""

    after: State
    commands: tuple[Command, ...] = ()
    touched: tuple[Address, ...] = ()
    warnings: tuple[str, ...] = ()
    reboot_reason: str = ""


class Resource(abc.ABC):
    """One managed thing and what is desired of it; options are validated module options.

    Raises InvalidOption for an option that its type alone could not refuse.
    """

    read_only: ClassVar[bool] = False

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = options

    @classmethod
    def complete(cls, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The user's arguments, with what one of them implies for another; called before they are validated."""
        return dict(arguments)

    @abc.abstractmethod
    def queries(self) -> tuple[Query, ...]:
        """What has to be read to know the state."""

    @abc.abstractmethod
    def decode(self, registry: Registry, state: State) -> State:
        """The state with this resource's part filled in."""

    @abc.abstractmethod
    def plan(self, state: State) -> Change:
        """What to do; pure. Raises Refused when the state forbids it."""

    def managed(self, state: State) -> State:
        """What has to be as planned when it is read back; the rest of a state may change by itself."""
        return state

    def report(self, state: State) -> dict[str, Any]:
        """The state as a task result shows it in before and after."""
        return state.report()
