# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of the sensor's static proxy, in the words of Microsoft's newest pages, and what stays open."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._effective import (
    conflicts,
    effective,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._endpoint_info import MachineInfo
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._state import State
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Endpoint
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry import Reading
from windows_lab.profiles import Profile
from windows_lab.simulated.endpoint import SimulatedEndpoint

from tests.integration.site import CONNECTIONS, DATA_COLLECTION, named, sz

SENSOR_POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows Advanced Threat Protection"
OPEN = "is not documented"


class Direct:
    """A connection that hands each line to a simulated endpoint."""

    transport = "mde.connectivity.winrs"

    def __init__(self, endpoint: SimulatedEndpoint) -> None:
        self._endpoint = endpoint

    def exec_command(self, cmd: str, in_data: bytes | None = None) -> tuple[int, bytes, bytes]:
        completed = self._endpoint.run(cmd)
        return completed.rc, completed.stdout, completed.stderr


def state(prefer: tuple[str, bytes] | None, winhttp: str = "") -> State:
    """What is read of an endpoint with a static proxy."""
    machine = SimulatedEndpoint("pc", Profile("test"))
    machine.set_value(DATA_COLLECTION, "TelemetryProxyServer", "REG_SZ", sz("static.test:8080"))
    if prefer:
        machine.set_value(SENSOR_POLICY, "PreferStaticProxyForHttpRequest", *prefer)
    if winhttp:
        machine.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named(winhttp))
    info = MachineInfo({})
    reading = Reading(info.queries())
    return info.decode(reading.parse(Endpoint(Direct(machine)).run(reading.commands)), State())


@pytest.mark.parametrize(
    ("prefer", "preferred"),
    [
        (None, False),
        (("REG_DWORD", struct.pack("<I", 0)), False),
        (("REG_SZ", sz("1")), False),
        (("REG_DWORD", struct.pack("<I", 1)), True),
    ],
)
def test_the_static_proxy_is_preferred_where_it_is_said_and_else_that_is_open(
    prefer: tuple[str, bytes] | None, preferred: bool
) -> None:
    found = effective(state(prefer, "winhttp.test:8080"))
    assert (found.method, found.proxy) == ("static", "static.test:8080")
    assert "goes direct when that proxy can't be reached" in found.why
    assert (OPEN in found.why, "prefers its static proxy" in found.why) == (not preferred, preferred)
    said = conflicts(state(prefer, "winhttp.test:8080"))
    (conflict,) = (text for text in said if text.startswith("A static proxy and a WinHTTP proxy are both set; "))
    assert ("prefers the static one" in conflict) is preferred
