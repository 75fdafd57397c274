# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sensor's state: services in any language by their numbers, and a time that Windows counts from 1601."""

from __future__ import annotations

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._sensor._state import service_state, time_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Completed
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry import RegistryValue

ENGLISH = """
SERVICE_NAME: {name}
        TYPE               : 10  WIN32_OWN_PROCESS
        STATE              : {state}
                                (NOT_STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)
        WIN32_EXIT_CODE    : 0  (0x0)
        SERVICE_EXIT_CODE  : 0  (0x0)
        CHECKPOINT         : 0x0
        WAIT_HINT          : 0x0
"""
GERMAN = (
    ENGLISH.replace("TYPE ", "TYP  ")
    .replace("STATE ", "STATUS")
    .replace("WIN32_EXIT_CODE ", "WIN32_BEENDEN  ")
)


@pytest.mark.parametrize("text", [ENGLISH, GERMAN])
@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("1  STOPPED", "stopped"),
        ("2  START_PENDING", "start_pending"),
        ("4  RUNNING", "running"),
        ("4  WIRD AUSGEFÜHRT", "running"),
        ("7  PAUSED", "paused"),
        ("9  SOMETHING NEW", None),
    ],
)
def test_a_service_s_state_is_its_number(text, state, expected):
    assert service_state(Completed(0, text.format(name="sense", state=state))) == expected


@pytest.mark.parametrize(
    ("completed", "expected"),
    [
        (Completed(1060, "[SC] EnumQueryServicesStatus:OpenService FAILED 1060:"), "absent"),
        (Completed(5, ENGLISH.format(name="sense", state="4  RUNNING")), None),
        (Completed(0, ""), None),
        (Completed(0, "something else entirely: 4  x"), None),
    ],
)
def test_a_state_that_was_not_printed_is_not_guessed(completed, expected):
    assert service_state(completed) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (RegistryValue("REG_QWORD", "0x19db1ded53e8000"), "1970-01-01T00:00:00Z"),
        (RegistryValue("REG_BINARY", "00803ED5DEB19D01"), "1970-01-01T00:00:00Z"),
        (RegistryValue("REG_QWORD", "0x0"), None),
        (RegistryValue("REG_QWORD", "0xffffffffffffffff"), None),
        (RegistryValue("REG_BINARY", "00"), None),
        (RegistryValue("REG_SZ", "yesterday"), None),
        (None, None),
    ],
)
def test_a_filetime_is_a_time_or_nothing(value, expected):
    assert time_of(value) == expected
