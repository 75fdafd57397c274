# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulation lacks is said, and never answered as if it were there."""

from __future__ import annotations

from pathlib import Path

import pytest
from windows_lab.profiles import PROFILES
from windows_lab.simulated.endpoint import SimulatedEndpoint

COMMANDS = [
    line
    for line in Path(__file__).with_name("not_modelled.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def test_there_are_many() -> None:
    assert len(set(COMMANDS)) == len(COMMANDS) >= 200


@pytest.mark.parametrize("profile", ["clean", "german"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_not_modelled_says_so(command: str, profile: str) -> None:
    completed = SimulatedEndpoint("w1", PROFILES[profile]).run(command)
    assert completed.rc == 50
    assert b"lab: " in completed.stderr
    assert b"not modelled" in completed.stderr
    assert completed.stdout == b""


@pytest.mark.parametrize("command", ["no-such-program", "C:\\Tools\\own.exe", "regg query HKLM"])
def test_what_no_windows_has_is_answered_as_windows_does(command: str) -> None:
    completed = SimulatedEndpoint("w1", PROFILES["clean"]).run(command)
    assert completed.rc == 1
    assert b"is not recognized as an internal or external command" in completed.stderr
