# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reg export of the simulated endpoint beyond the contract: what it refuses, and that what it wrote is imported."""

from __future__ import annotations

import pytest
from windows_lab.profiles import PROFILES
from windows_lab.simulated.endpoint import SimulatedEndpoint

KEY = r"HKLM\SOFTWARE\Lab"
FILE = r"C:\Tools\values.reg"


@pytest.fixture
def endpoint() -> SimulatedEndpoint:
    made = SimulatedEndpoint("w1", PROFILES["clean"])
    made.set_value(KEY, "name", "REG_SZ", "x\0".encode("utf-16-le"))
    return made


@pytest.mark.parametrize(
    ("line", "rc", "said"),
    [
        (f"reg export {KEY} {FILE}", 0, ""),
        (f"reg export {KEY}\\absent {FILE}", 1, "ERROR: The system was unable to find"),
        (f"reg export {KEY} C:\\absent\\values.reg", 1, "ERROR: Unable to write to the file."),
        (f"reg export {KEY}", 1, "ERROR: Invalid syntax."),
        (f"reg export {KEY} {FILE} /q", 1, "ERROR: Invalid syntax."),
        (rf"reg export HKXX\Lab {FILE}", 1, "ERROR: Invalid key name."),
    ],
)
def test_what_it_says_and_whether_there_is_a_file(endpoint: SimulatedEndpoint, line: str, rc: int, said: str) -> None:
    done = endpoint.run(line)
    assert (done.rc, done.stderr.decode()[: len(said)]) == (rc, said)
    assert endpoint.files.exists(FILE) == (rc == 0)
    assert bool(done.stdout) == (rc == 0)


def test_a_file_that_is_there_is_written_over_with_y_only(endpoint: SimulatedEndpoint) -> None:
    endpoint.files.write(FILE, b"old")
    # The question of reg.exe is not modelled.
    assert endpoint.run(f"reg export {KEY} {FILE}").rc == 50
    assert endpoint.files.read(FILE) == b"old"
    assert endpoint.run(f"reg export {KEY} {FILE} /Y").rc == 0
    assert (endpoint.files.read(FILE) or b"").startswith(b"\xff\xfe")


@pytest.mark.parametrize("size", range(60))
def test_bytes_of_any_length_come_back(endpoint: SimulatedEndpoint, size: int) -> None:
    data = bytes(range(size))
    endpoint.set_value(KEY, "bytes", "REG_BINARY", data)
    endpoint.run(f"reg export {KEY} {FILE}")
    lines = (endpoint.files.read(FILE) or b"").decode("utf-16").split("\r\n")
    assert max(map(len, lines)) <= 80
    endpoint.delete_value(KEY, "bytes")
    assert endpoint.run(f"reg import {FILE}").rc == 0
    assert endpoint.value(KEY, "bytes") == ("REG_BINARY", data)
