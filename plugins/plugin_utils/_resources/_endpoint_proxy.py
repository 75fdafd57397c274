# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole desired state of an endpoint in one pass."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from .._windows._registry import Query, Registry, Unreadable
from ._antivirus_proxy import AntivirusProxy
from ._datacollection_proxy import DataCollectionProxy
from ._effective import effective
from ._endpoint_info import MachineInfo, OnboardedMachine, verdict
from ._onboarding import Onboarding
from ._resource import Change, InvalidOption, Refused, Resource
from ._restore import Restore
from ._state import State
from ._winhttp_import_ie import WinHttpImportIe
from ._winhttp_proxy import WinHttpProxy
from ._wpad import Wpad

# An import reads the manual proxy that a wpad block with manual_settings=clear then takes away, so it comes first.
_BLOCKS: dict[str, type[Resource]] = {
    "winhttp_proxy": WinHttpProxy,
    "winhttp_import_ie": WinHttpImportIe,
    "wpad": Wpad,
    "datacollection_proxy": DataCollectionProxy,
    "antivirus_proxy": AntivirusProxy,
}
# method: the block that it needs, and what stands in it when the user wrote no such block (None: he must).
_METHODS: dict[str, tuple[str, dict[str, Any] | None]] = {
    "wpad": ("wpad", {"state": "enabled"}),
    "winhttp": ("winhttp_proxy", None),
    "winhttp_import": ("winhttp_import_ie", {}),
    "static": ("datacollection_proxy", None),
}
_EFFECTIVE = {"winhttp_import": "winhttp"}


@contextlib.contextmanager
def _path(part: Resource, said: tuple[type[Exception], ...] = (Refused,)) -> Iterator[None]:
    """What a block refuses begins with an option of its own, before which its name is put."""
    try:
        yield
    except said as error:
        raise type(error)(f"{part.name}.{error}" if part.name in _BLOCKS else str(error)) from None


class EndpointProxy(Resource):
    """Options method and the five blocks of endpoint_proxy, each a resource of its own; or restore, a snapshot."""

    name = "endpoint_proxy"
    info: ClassVar[type[MachineInfo]] = MachineInfo

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self._check_method(options["method"])
        self._info = self.info({})
        given = [name for name in _BLOCKS if options[name] is not None]
        self._parts: list[Resource] = []
        if options["restore"] is not None:
            self._restore(options["restore"], given)
            return
        if not given:
            raise InvalidOption("method", f"nothing is asked for; give method or one of {', '.join(_BLOCKS)}")
        if {"winhttp_proxy", "winhttp_import_ie"} <= set(given):
            raise InvalidOption("winhttp_import_ie", "it can't be combined with winhttp_proxy")
        for name in given:
            try:
                self._parts.append(_BLOCKS[name](options[name]))
            except InvalidOption as error:
                raise InvalidOption(f"{name}.{error.option}", error.reason) from error
        for part in self._parts:
            if isinstance(part, WinHttpImportIe):
                wpad = options["wpad"]
                part.moves = bool(wpad) and wpad["state"] == "enabled" and wpad["manual_settings"] == "clear"

    def _restore(self, snapshot: Sequence[Mapping[str, Any]], given: Sequence[str]) -> None:
        if given:
            raise InvalidOption("restore", f"it can't be combined with {given[0]}")
        self._parts.append(Restore({"snapshot": snapshot, "written": [], "force": False}))

    def _check_method(self, method: str | None) -> None:
        if method is None:
            return
        block = _METHODS[method][0]
        options = self.options[block]
        if options is None:
            raise InvalidOption("method", f"it is {method}, which needs {block}; give that too")
        if options.get("state") in ("absent", "disabled"):
            raise InvalidOption(
                "method", f"it is {method}, but {block}.state is {options['state']}; change one of them"
            )

    @classmethod
    def complete(cls, arguments: Mapping[str, Any]) -> dict[str, Any]:
        block, content = _METHODS.get(str(arguments.get("method")), ("", None))
        if content is None or arguments.get(block) is not None:
            return dict(arguments)
        return {**arguments, block: content}

    def queries(self) -> tuple[Query, ...]:
        return tuple(query for part in (self._info, *self._parts) for query in part.queries())

    def follow_up(self, registry: Registry) -> tuple[Query, ...]:
        found: list[Query] = []
        for part in self._parts:
            with _path(part):
                found += part.follow_up(registry)
        return tuple(found)

    def decode(self, registry: Registry, state: State) -> State:
        for part in (self._info, *self._parts):
            with _path(part):
                state = part.decode(registry, state)
        return state

    def plan(self, state: State) -> Change:
        plans = []
        for part in self._parts:
            # Nothing is read here: what can't be known any more is said by the option that needs it.
            with _path(part, (Refused, Unreadable)):
                plans.append(part.plan(state))
            state = plans[-1].after
        return Change(
            state,
            tuple(write for plan in plans for write in plan.writes),
            (*(warning for plan in plans for warning in plan.warnings), *self._other_way(state)),
            " ".join(plan.reboot_reason for plan in plans if plan.reboot_reason),
        )

    def _other_way(self, state: State) -> tuple[str, ...]:
        method, wins = self.options["method"], effective(state)
        if method is None or wins.method == _EFFECTIVE.get(method, method):
            return ()
        return (f"method is {method}, but {wins.method} wins ({wins.set_by}): {wins.why}",)

    def own(self, state: State) -> State:
        own = State()
        for part in self._parts:
            its = part.own(state)
            own = own.with_parts(*its.parts.values()).with_wininet(its.wininet)
        return own

    def report(self, state: State) -> dict[str, Any]:
        return {**super().report(state), **verdict(state)}


class OnboardedEndpointProxy(EndpointProxy):
    """The same, and how the endpoint is onboarded."""

    info = OnboardedMachine

    def report(self, state: State) -> dict[str, Any]:
        return {**super().report(state), Onboarding.name: state.part(Onboarding).report(raw=False)}
