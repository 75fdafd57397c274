# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One read, one decision, one write, one read-back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ._credentials import harmless, shown_words
from ._resources._resource import Refused, Resource
from ._resources._state import State
from ._windows._endpoint import Command, CommandTooLong, Completed, Endpoint
from ._windows._registry import Address, Reading, Registry, RegistryValue, Unreadable, Write
from ._windows._registry_file import TIDY, import_value, put_back
from ._windows._text import printable

_ERROR_NUMBER = re.compile(r"\([0-9]{1,10}\)")
_SAID_LIMIT = 600


class Unknown(Exception):
    """The write was sent, and what it did could not be read back."""


class NotHeld(Exception):
    """The endpoint does not hold what was written.

    observed is what was read back, or None where it could not be decoded; rolled_back says whether the values from
    before are in place again, and untouched whether they have been all the time.
    """

    def __init__(self, message: str, observed: State | None, rolled_back: bool, untouched: bool) -> None:
        super().__init__(message)
        self.observed = observed
        self.rolled_back = rolled_back
        self.untouched = untouched


class Transaction:
    """What was read of an endpoint, and the change that a resource plans from it.

    With tidy, what an earlier run left is removed by the way, as it is by every write. Raises what Endpoint.run,
    Reading.parse and Resource.plan raise; nothing has been changed then.
    """

    def __init__(self, endpoint: Endpoint, resource: Resource, tidy: bool = False) -> None:
        self._endpoint = endpoint
        self._resource = resource
        self._reading = Reading(resource.queries())
        self._registry, _answers = self._run((), tidy)
        if more := resource.follow_up(self._registry):
            self._reading = Reading((*resource.queries(), *more))
            self._registry, _answers = self._run(())
        self.before = resource.decode(self._registry, State())
        self.change = resource.plan(self.before)
        endpoint.check([*(write.command for write in self.change.writes), *self._reading.commands])
        # What was read last; None where it could not be decoded, or was never read back.
        self.observed: State | None = self.before
        self.warnings = list(self.change.warnings)
        self._undo = self._plan_undo()

    def _plan_undo(self) -> list[Write]:
        undo = []
        for write in self.change.writes:
            value = self._registry.value(write.address)
            if value is not None and not value.exact:
                self.warnings.append(
                    f"Nothing can put back what {write.address} holds now: reg.exe does not show its exact bytes."
                )
                continue
            back = write.undo(value) or put_back(write.address, value)
            try:
                self._endpoint.check([back.command])
            except CommandTooLong:
                back = import_value(write.address, value)
            undo.append(back)
        return undo

    def snapshot(self) -> list[dict[str, Any]]:
        """The values that the change touches, as they are before it."""
        return [_snapshot(write.address, self._registry.value(write.address)) for write in self.change.writes]

    def wanted(self) -> list[dict[str, Any]]:
        """The values of the change whose bytes are known beforehand, in the shape of snapshot()."""
        return [_snapshot(write.address, write.value) for write in self.change.writes if write.exact]

    def read(self, addresses: Sequence[Address]) -> list[dict[str, Any]]:
        """Values as they were read, in the shape of snapshot(); raises Unreadable where one was not asked for."""
        # Those of a user are asked for while he is signed in.
        if lost := next((address for address in addresses if not self._registry.asked(address)), None):
            raise Unreadable(f"{lost} was not read: the hive of its user is not loaded now.")
        return [_snapshot(address, self._registry.value(address)) for address in addresses]

    def apply(self) -> list[dict[str, Any]]:
        """Write and read back in one batch, and return the values as they are then, in the shape of snapshot().

        Raises Unknown or NotHeld.
        """
        self.observed = None
        try:
            registry, answers = self._run([write.command for write in self.change.writes], tidy=True)
            lost = [write for write in self.change.writes if not write.held(registry)]
            found = [_snapshot(write.address, registry.value(write.address)) for write in self.change.writes]
            self.observed = self._observed(registry)
        except Exception as error:  # noqa: BLE001 - whatever broke, the write may have happened
            raise Unknown(
                "The state of the endpoint is unknown: the write was sent, but it could not be read back "
                f"({printable(str(error), _SAID_LIMIT)}). Run the task again to find out and to repair."
            ) from None
        if lost:
            untouched = self._undone(registry)
            rolled_back = untouched or self.put_back()
            ending = "The old values could NOT be put back."
            if rolled_back:
                ending = "The values from before are in place."
            if untouched:
                ending = (
                    "Nothing was changed; where access is denied, connect as an administrator (ansible_user)."
                )
            message = f"{lost[0].address} does not hold what was written{_said(answers)}. {ending}"
            observed, self.observed = self.observed, self.before if rolled_back else self.observed
            raise NotHeld(message, observed, rolled_back, untouched)
        return found

    def _run(self, commands: Sequence[Command], tidy: bool = False) -> tuple[Registry, list[Completed]]:
        queries = self._reading.commands
        completed = self._endpoint.run([*commands, *queries, *([TIDY] if tidy else [])])
        read = completed[len(commands) : len(commands) + len(queries)]
        return self._reading.parse(read), completed[: len(commands)]

    def _observed(self, registry: Registry) -> State | None:
        try:
            return self._resource.decode(registry, State())
        except Refused:
            return None

    def _undone(self, registry: Registry) -> bool:
        """Whether every value is as it was before."""
        addresses = [write.address for write in self.change.writes]
        return all(registry.value(address) == self._registry.value(address) for address in addresses)

    def put_back(self) -> bool:
        """Write the values from before, and say whether they are in place."""
        try:
            registry, _answers = self._run([write.command for write in self._undo])
            return self._undone(registry)
        except Exception:  # noqa: BLE001 - the failure that led here is being reported; it stands
            return False


def _snapshot(address: Address, value: RegistryValue | None) -> dict[str, Any]:
    """What restores one value exactly; data is hex of the registry's bytes."""
    entry: dict[str, Any] = {"key": address.key, "name": address.name, "view": address.view}
    if value is None:
        return {**entry, "absent": True}
    entry |= {"absent": False, "type": value.type}
    if not value.exact:
        return {**entry, "withheld": "reg.exe does not show its exact bytes"}
    if not harmless(address.name, value.type, value.data):
        return {**entry, "withheld": f"it may hold credentials ({len(value.data)} bytes)"}
    return {**entry, "data": value.data.hex()}


def _said(completed: Sequence[Completed]) -> str:
    """What the endpoint said to the first command that failed; netsh can print an error and exit with 0."""
    texts = [answer.stdout for answer in completed if answer.rc or _ERROR_NUMBER.search(answer.stdout)]
    return f"; the endpoint said: {printable(shown_words(texts[0]), 300).rstrip('.')}" if texts else ""
