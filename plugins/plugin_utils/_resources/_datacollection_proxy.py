# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sensor's static proxy: three policy values managed as one unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._settings._errors import InvalidSetting
from .._settings._server import parse_server, same_server
from .._windows._registry import Address, Query, Registry, RegistryValue, delete_value, set_value
from ._datacollection_values import (
    DATACOLLECTION_QUERIES,
    DISABLE_AUTH,
    PREFER_STATIC,
    SERVER,
    DataCollection,
)
from ._resource import Change, InvalidOption, Resource
from ._state import State
from ._windows import SENSOR_QUERIES, Sensor

_ON, _OFF = RegistryValue("REG_DWORD", "0x1"), RegistryValue("REG_DWORD", "0x0")


class DataCollectionProxy(Resource):
    """Options state, server, disable_enterprise_auth_proxy and prefer_static_proxy of datacollection_proxy."""

    name = "datacollection_proxy"
    kinds = (DataCollection, Sensor)

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        if options["state"] == "present" and options["server"] is None:
            raise InvalidOption(
                "server",
                "it is missing, and required when state is present, as in proxy.example.com:8080; only "
                "state: absent removes a proxy",
            )
        if options["state"] == "absent" and options["server"]:
            raise InvalidOption(
                "state", "it is absent, which removes the server; leave server out, or set state: present"
            )
        self._server = None
        if options["state"] == "present":
            try:
                self._server = parse_server(options["server"])
            except InvalidSetting as error:
                raise InvalidOption("server", str(error)) from error

    def queries(self) -> tuple[Query, ...]:
        return (*DATACOLLECTION_QUERIES, *SENSOR_QUERIES)

    def decode(self, registry: Registry, state: State) -> State:
        return state.with_parts(DataCollection.decode(registry), Sensor.decode(registry))

    def plan(self, state: State) -> Change:
        before = state.part(DataCollection)
        after = self._desired(before)
        pairs: tuple[tuple[Address, RegistryValue | None, RegistryValue | None], ...] = (
            (SERVER, before.server, after.server),
            (DISABLE_AUTH, before.disable_auth, after.disable_auth),
            (PREFER_STATIC, before.prefer_static, after.prefer_static),
        )
        writes = tuple(
            set_value(address, new) if new else delete_value(address)
            for address, old, new in pairs
            if new != old
        )
        reason = ""
        if writes and state.part(Sensor).onboarded:
            reason = (
                "The sensor is onboarded, and a static proxy that changes after onboarding takes effect when the "
                "machine has been restarted."
            )
        return Change(state.with_parts(after), writes, reboot_reason=reason)

    def _desired(self, before: DataCollection) -> DataCollection:
        prefer_static = _switch(before.prefer_static, self.options["prefer_static_proxy"])
        disable = self.options["disable_enterprise_auth_proxy"]
        if self._server is None:
            return DataCollection(None, _switch(before.disable_auth, disable), prefer_static)
        same = before.proxy is not None and same_server(before.proxy, self._server)
        server = before.server if same else RegistryValue("REG_SZ", self._server)
        return DataCollection(server, _switch(before.disable_auth, disable or "true"), prefer_static)


def _switch(before: RegistryValue | None, wanted: str | None) -> RegistryValue | None:
    """The value for true, false, absent or None (as it is); false needs none, since 0 is the default."""
    if wanted is None:
        return before
    if wanted == "absent" or (wanted == "false" and before is None):
        return None
    return _ON if wanted == "true" else _OFF
