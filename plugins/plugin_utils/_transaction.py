# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One read, one decision, one write, one read-back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import _credentials as credentials
from ._endpoint import Command, Completed, Endpoint
from ._registry import Address, Reading, Registry, RegistryValue, restore
from ._resources._resource import Resource
from ._resources._state import State


class Unknown(Exception):
    """The write was sent, and what it did could not be read back."""


class NotHeld(Exception):
    """The endpoint does not hold what was written.

    observed is what was read back; rolled_back says whether the values from before are in place again.
    """

    def __init__(self, message: str, observed: State, rolled_back: bool) -> None:
        super().__init__(message)
        self.observed = observed
        self.rolled_back = rolled_back


class Transaction:
    """What was read of an endpoint, and the change that a resource plans from it.

    Raises what Endpoint.run, Reading.parse and Resource.plan raise; nothing has been changed then.
    """

    def __init__(self, endpoint: Endpoint, resource: Resource) -> None:
        self._endpoint = endpoint
        self._resource = resource
        self._reading = Reading(resource.queries())
        self._registry, self.before, _ = self._run(())
        self.change = resource.plan(self.before)

    def snapshot(self) -> list[dict[str, Any]]:
        """The values that the change touches, as they are before it."""
        return [_snapshot(address, self._registry.value(address)) for address in self.change.touched]

    def apply(self) -> State:
        """Write and read back in one batch, and return what was read; raises Unknown or NotHeld."""
        try:
            _, observed, answers = self._run(self.change.commands)
        except Exception as error:
            # Whatever broke, the write may have happened: this must not end as a plain failure or as unreachable.
            raise Unknown(
                f"The state of the endpoint is unknown: the write was sent, but it could not be read back ({error}). "
                "Run the task again to find out and to repair."
            ) from error
        if self._same(observed, self.change.after):
            return observed
        rolled_back = self._same(observed, self.before) or self._put_back()
        ending = (
            "The values from before are in place." if rolled_back else "The old values could NOT be put back."
        )
        raise NotHeld(
            f"The endpoint does not hold what was written{_said(answers)}. {ending}", observed, rolled_back
        )

    def _run(self, commands: Sequence[Command]) -> tuple[Registry, State, list[Completed]]:
        completed = self._endpoint.run([*commands, *self._reading.commands])
        registry = self._reading.parse(completed[len(commands) :])
        return registry, self._resource.decode(registry, State()), completed[: len(commands)]

    def _same(self, observed: State, wanted: State) -> bool:
        return self._resource.managed(observed) == self._resource.managed(wanted)

    def _put_back(self) -> bool:
        try:
            undo = [restore(address, self._registry.value(address)) for address in self.change.touched]
            _, observed, _ = self._run(undo)
        except Exception:  # noqa: BLE001 - the failure that led here is being reported; it stands
            return False
        return self._same(observed, self.before)


def _snapshot(address: Address, value: RegistryValue | None) -> dict[str, Any]:
    """What restores one value exactly; data is hex of the registry's bytes."""
    entry: dict[str, Any] = {"key": address.key, "name": address.name, "view": address.view}
    if value is None:
        return {**entry, "absent": True}
    entry |= {"absent": False, "type": value.type}
    if not value.exact:
        return {**entry, "withheld": "reg.exe does not show its bytes"}
    if credentials.in_bytes(value.data):
        return {**entry, "withheld": "it may hold credentials"}
    return {**entry, "data": value.data.hex()}


def _said(completed: Sequence[Completed]) -> str:
    """What the endpoint said to the first command that failed; netsh can fail with exit code 0."""
    texts = [" ".join(answer.stdout.split()) for answer in completed if answer.rc or "(" in answer.stdout]
    return f" and said: {texts[0][:300].rstrip('.')}" if texts else ""
