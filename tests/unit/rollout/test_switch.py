# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dead-man's switch on an endpoint: it restores the very bytes, once, unless it is taken away before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import Record
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import Refused
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._switch import (
    REMOVED,
    SET,
    arm,
    disarm,
    may_be_armed,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Endpoint
from windows_lab.host import Host
from windows_lab.profiles import PROFILES
from windows_lab.simulated.endpoint import SimulatedEndpoint

FOLDER = r"C:\Windows\mde.connectivity.undo"
TRIAL = r"HKLM\SOFTWARE\mde.connectivity.undo"
QUERY = "schtasks /query /tn mde.connectivity.undo"
SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
MACHINE = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
COLLECTION = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"
# A head that no tool writes, more than a line of the file, and a tail.
ODD = bytes([0x28, 0, 0, 0, 9, 0, 0, 0]) + bytes(range(90))
Value = tuple[str, bytes] | None
BEFORE: dict[tuple[str, str, int], Value] = {
    (MACHINE, "WinHttpSettings", 64): ("REG_BINARY", ODD),
    (MACHINE, "WinHttpSettings", 32): ("REG_BINARY", b""),
    (COLLECTION, "TelemetryProxyServer", 64): ("REG_SZ", 'a\\b"%TEMP%\0'.encode("utf-16-le")),
    (COLLECTION, "DisableEnterpriseAuthProxy", 64): None,
    (rf"HKU\S-1-5-18\{SETTINGS}\Connections", "DefaultConnectionSettings", 64): ("REG_BINARY", ODD[::-1]),
    (rf"HKU\S-1-5-20\{SETTINGS}", "AutoDetect", 64): ("REG_DWORD", bytes([1, 0, 0, 0])),
}


@dataclass
class Wire:
    """A connection with nothing in between; it keeps the lines that went over it."""

    endpoint: SimulatedEndpoint
    transport: str = "mde.connectivity.winrs"
    lines: list[str] = field(default_factory=list)
    lost: bool = False

    def exec_command(self, cmd: str, in_data: Any = None) -> tuple[int, bytes, bytes]:
        self.lines.append(cmd)
        if self.lost:
            raise AnsibleConnectionFailure("lost")
        if self.transport == "winrm":
            done = Host(self.endpoint).script(cmd, in_data or b"")
        else:
            done = self.endpoint.run(cmd, in_data or b"")
        return done.rc, done.stdout, done.stderr


def wire(profile: str = "clean") -> Wire:
    """An endpoint that holds what it held before a change."""
    made = SimulatedEndpoint("w1", PROFILES[profile])
    for (key, name, view), value in BEFORE.items():
        if value is None:
            made.delete_value(key, name, view)
        else:
            made.set_value(key, name, *value, view)
    return Wire(made)


def entry(address: tuple[str, str, int], value: Value) -> dict[str, Any]:
    key, name, view = address
    known = {"absent": True} if value is None else {"absent": False, "type": value[0], "data": value[1].hex()}
    return {"key": key, "name": name, "view": view, **known}


SNAPSHOT = [entry(address, value) for address, value in BEFORE.items()]


def held(endpoint: SimulatedEndpoint) -> dict[tuple[str, str, int], Value]:
    return {address: endpoint.value(*address) for address in BEFORE}


def change(endpoint: SimulatedEndpoint) -> dict[tuple[str, str, int], Value]:
    """Have every value hold something else."""
    for key, name, view in BEFORE:
        endpoint.set_value(key, name, "REG_SZ", b"n\0e\0w\0\0\0", view)
    return held(endpoint)


def there(endpoint: SimulatedEndpoint) -> tuple[bool, bool]:
    """Whether task and directory of the switch are there."""
    return endpoint.run(QUERY).rc == 0, endpoint.files.exists(FOLDER)


@pytest.mark.parametrize("profile", ["clean", "battery", "german", "hardened"])
def test_it_restores_the_very_bytes_once_and_goes(profile: str):
    line = wire(profile)
    arm(Endpoint(line), SNAPSHOT, 15)
    assert len(line.lines) == 2
    after = change(line.endpoint)
    line.endpoint.pass_minutes(14)
    assert (held(line.endpoint), there(line.endpoint)) == (after, (True, True))
    line.endpoint.pass_minutes(1)
    assert (held(line.endpoint), there(line.endpoint)) == (BEFORE, (False, False))
    later = change(line.endpoint)
    line.endpoint.restart()
    line.endpoint.pass_minutes(1000)
    assert held(line.endpoint) == later


def test_a_powershell_on_the_way_changes_nothing():
    line = wire()
    line.transport = "winrm"
    arm(Endpoint(line), SNAPSHOT, 15)
    assert sum("$input | " in sent for sent in line.lines) == 2
    change(line.endpoint)
    line.endpoint.pass_minutes(15)
    assert (held(line.endpoint), there(line.endpoint)) == (BEFORE, (False, False))


def test_it_is_set_where_the_change_is_written_already():
    line = wire()
    after = change(line.endpoint)
    arm(Endpoint(line), SNAPSHOT, 15)
    assert held(line.endpoint) == after
    line.endpoint.pass_minutes(15)
    assert (held(line.endpoint), there(line.endpoint)) == (BEFORE, (False, False))


def test_the_trial_leaves_no_key():
    line = wire()
    arm(Endpoint(line), SNAPSHOT, 15)
    assert any(TRIAL in write for write in line.endpoint.writes)
    assert not line.endpoint.key_exists(TRIAL)


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_it_stays_until_the_old_values_are_read_back(mark: bytes):
    line = wire()
    arm(Endpoint(line), SNAPSHOT, 15)
    file = rf"{FOLDER}\undo.reg"
    content = line.endpoint.files.read(file) or b""
    # What reg.exe does not take at all, or of which it takes only a part.
    line.endpoint.files.write(file, mark + content if mark else content[: content.index(b"[", 100)])
    change(line.endpoint)
    line.endpoint.pass_minutes(60)
    assert held(line.endpoint) != BEFORE
    assert there(line.endpoint) == (True, True)
    line.endpoint.files.write(file, content)
    line.endpoint.restart()
    line.endpoint.pass_minutes(15)
    assert (held(line.endpoint), there(line.endpoint)) == (BEFORE, (False, False))


def altered(line: Wire, old: str, new: str, within: str = "") -> None:
    """Have the endpoint run something else, or read something else, in the lines with a text in them."""
    kept = line.endpoint.run

    def run(cmd: str, stdin: bytes = b"") -> Any:
        if within not in cmd:
            return kept(cmd, stdin)
        return kept(cmd.replace(old, new), stdin.replace(old.encode(), new.encode()))

    line.endpoint.run = run  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("old", "new", "within", "said"),
    [
        ("reg import", "ver & rem", "", "does not import the old values as they were"),
        ("hex(3):28,", "hex(3):18,", "reg import", "does not import the old values as they were"),
        ("hex(3):28,", "hex(3):18,", "schtasks /create", "did not arrive as it was sent"),
        ("\r\n", "\n", "schtasks /create", "did not arrive as it was sent"),
    ],
)
def test_what_would_not_restore_the_bytes_is_not_set(old: str, new: str, within: str, said: str):
    line = wire()
    names = line.endpoint.files.names(r"C:\Windows")
    altered(line, old, new, within)
    with pytest.raises(Refused, match=rf"^confirm_within could not undo the change on this endpoint: .*{said}$"):
        arm(Endpoint(line), SNAPSHOT, 15)
    assert (there(line.endpoint), line.endpoint.files.names(r"C:\Windows")) == ((False, False), names)
    assert (held(line.endpoint), line.endpoint.key_exists(TRIAL)) == (BEFORE, False)


def test_a_restart_begins_the_minutes_anew():
    line = wire()
    arm(Endpoint(line), SNAPSHOT, 15)
    after = change(line.endpoint)
    line.endpoint.pass_minutes(10)
    line.endpoint.restart()
    line.endpoint.pass_minutes(14)
    assert held(line.endpoint) == after
    line.endpoint.pass_minutes(1)
    assert (held(line.endpoint), there(line.endpoint)) == (BEFORE, (False, False))


def test_taken_away_it_leaves_nothing_and_does_nothing():
    line = wire()
    names = line.endpoint.files.names(r"C:\Windows")
    arm(Endpoint(line), SNAPSHOT, 15)
    after = change(line.endpoint)
    disarm(Endpoint(line))
    assert (there(line.endpoint), line.endpoint.files.names(r"C:\Windows")) == ((False, False), names)
    line.endpoint.pass_minutes(60)
    assert held(line.endpoint) == after
    # Where there is none, that is as well.
    disarm(Endpoint(line))


def test_a_new_one_takes_the_place_of_a_stale_one():
    line = wire()
    arm(Endpoint(line), SNAPSHOT, 15)
    line.endpoint.files.write(rf"{FOLDER}\left", b"from an earlier run")
    after = change(line.endpoint)
    line.endpoint.pass_minutes(10)
    arm(Endpoint(line), SNAPSHOT[:1], 30)
    assert not line.endpoint.files.exists(rf"{FOLDER}\left")
    line.endpoint.pass_minutes(29)
    assert held(line.endpoint) == after
    line.endpoint.pass_minutes(1)
    first = next(iter(BEFORE))
    assert held(line.endpoint) == {**after, first: BEFORE[first]}


@pytest.mark.parametrize("hive", ["HKCU", r"HKU\S-1-5-21-1-2-3-1001"])
def test_what_system_can_not_write_is_refused_before_anything_is_sent(hive: str):
    line = wire()
    address = (rf"{hive}\{SETTINGS}", "AutoDetect", 64)
    with pytest.raises(Refused, match=r"^confirm_within can't undo HK.*AutoDetect: .* as SYSTEM"):
        arm(Endpoint(line), [*SNAPSHOT, entry(address, None)], 15)
    assert line.lines == []


def test_bytes_that_no_record_may_hold_are_refused_before_anything_is_sent():
    line = wire()
    withheld = {**SNAPSHOT[0], "withheld": "it may hold credentials"}
    del withheld["data"]
    with pytest.raises(Refused, match=r"^confirm_within can't undo the change: .*it may hold credentials"):
        arm(Endpoint(line), [withheld], 15)
    assert line.lines == []


def test_without_elevation_it_is_refused_and_nothing_is_left():
    line = wire("denied")
    names = line.endpoint.files.names(r"C:\Windows")
    with pytest.raises(Refused, match=r"^confirm_within: .* needs an administrator \(ansible_user\): Access is denied"):
        arm(Endpoint(line), SNAPSHOT, 15)
    assert (there(line.endpoint), line.endpoint.files.names(r"C:\Windows")) == ((False, False), names)


def test_one_that_can_not_be_taken_away_is_said():
    line = wire()
    arm(Endpoint(line), SNAPSHOT, 15)
    altered(line, "schtasks /delete /tn mde.connectivity.undo /f", "schtasks /query")
    with pytest.raises(Refused, match=r"^The task mde\.connectivity\.undo could not be removed"):
        disarm(Endpoint(line))


def test_a_lost_connection_is_no_refusal():
    line = wire()
    line.lost = True
    for attempt in (lambda: arm(Endpoint(line), SNAPSHOT, 15), lambda: disarm(Endpoint(line))):
        with pytest.raises(AnsibleConnectionFailure):
            attempt()


def test_the_history_says_whether_it_may_be_there():
    record = Record(host="w1", run="r", who="me", started="2026-01-31T12:00:00Z").noted("t", "write", "")
    assert not may_be_armed(record)
    record = record.noted("t", SET, "15 minutes").noted("t", "unverified", "")
    assert may_be_armed(record)
    record = record.noted("t", REMOVED, "")
    assert not may_be_armed(record)
    assert may_be_armed(record.noted("t", SET, "15 minutes"))
