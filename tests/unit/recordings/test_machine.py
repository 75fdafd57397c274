# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine behind a connection is read, set and put back as it was; one that is not named well is refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from windows_lab.profiles import Profile
from windows_lab.simulated.endpoint import SimulatedEndpoint

from tests.integration.modules.contract import LAB, MACHINE, WIDE, sz, wininet
from tests.integration.site import ANTIVIRUS, DATA_COLLECTION, SENSOR_POLICY, SYSTEM_CONNECTIONS
from tests.windows.__main__ import main
from tests.windows.before import _KEYS, _WHOLE, Before, NotRestored
from tests.windows.remote import NotAnswered, RemoteEndpoint
from tests.windows.sample import SERVER, sample

Run = Callable[..., tuple[int, str]]
Broken = Callable[[str, bytes], tuple[str, bytes]]


class Wire:
    """A connection to a simulated endpoint, which runs no line with a certain text."""

    transport = "mde.connectivity.winrs"

    def __init__(self, endpoint: SimulatedEndpoint) -> None:
        self._endpoint = endpoint
        self.refused = "nothing at all"
        self.as_lines = False

    def exec_command(self, cmd: str, in_data: Any = None) -> tuple[int, bytes, bytes]:
        done = self._endpoint.run(cmd.replace(self.refused, "none"), in_data or b"")
        stdout = done.stdout.replace(b"\r\n", b"\n").rstrip(b"\n") if self.as_lines else done.stdout
        return done.rc, stdout, done.stderr

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def endpoint() -> SimulatedEndpoint:
    return sample()


def remote(endpoint: SimulatedEndpoint) -> tuple[RemoteEndpoint, Wire]:
    wire = Wire(endpoint)
    return RemoteEndpoint("remote", Profile("windows"), wire), wire


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("REG_SZ", sz("a & b|c 'd' <e>")),
        ("REG_SZ", sz('quoted "text" 100%!')),
        ("REG_SZ", sz("")),
        ("REG_EXPAND_SZ", sz("C:\\dir")),
        ("REG_MULTI_SZ", sz("a\0b\0")),
        ("REG_DWORD", b"\1\2\3\4"),
        ("REG_BINARY", bytes(range(40))),
        ("REG_BINARY", b""),
    ],
)
def test_values_are_set_and_read_as_they_are(endpoint: SimulatedEndpoint, type_: str, data: bytes) -> None:
    machine, _wire = remote(endpoint)
    for key, view in ((LAB, 64), (WIDE, 64), (WIDE, 32)):
        machine.set_value(key, "name", type_, data, view)
        assert endpoint.value(key, "name", view) == (type_, data)
        assert machine.value(key, "name", view) == (type_, data)
        assert machine.key_exists(key, view)
        machine.delete_value(key, "name", view)
        machine.delete_value(key, "name", view)
        assert endpoint.value(key, "name", view) is None
        assert machine.value(key, "name", view) is None
    machine.delete_keys((LAB, 64), (WIDE, 64), (WIDE, 32), (WIDE, 32))
    assert not endpoint.key_exists(LAB)
    assert not machine.key_exists(LAB)


def scribble(endpoint: SimulatedEndpoint) -> None:
    endpoint.set_value(*SERVER[:2], "REG_DWORD", b"\1\0\0\0")
    endpoint.delete_value(MACHINE, "WinHttpSettings")
    endpoint.set_value(ANTIVIRUS, "ProxyServer", "REG_SZ", sz("http://a.test:1"))
    endpoint.set_value(SYSTEM_CONNECTIONS, "DefaultConnectionSettings", *wininet(3, "new.test:1"))
    endpoint.set_value(LAB, "name", "REG_SZ", sz("left"))
    endpoint.set_value(WIDE, "name", "REG_SZ", sz("left"), 32)


@pytest.mark.parametrize("as_lines", [False, True])
def test_everything_is_put_back(endpoint: SimulatedEndpoint, as_lines: bool) -> None:
    machine, wire = remote(endpoint)
    # As psrp hands on what it gets.
    wire.as_lines = as_lines
    before = Before(machine)
    places = [*before.values]
    held = [endpoint.value(*place) for place in places]
    scribble(endpoint)
    assert [endpoint.value(*place) for place in places] != held
    before.restore()
    assert [endpoint.value(*place) for place in places] == held
    assert not endpoint.key_exists(LAB)
    assert not endpoint.key_exists(WIDE, 32)


@pytest.mark.parametrize("refused", ["reg delete", "reg add", "reg import"])
def test_what_was_not_put_back_is_said(endpoint: SimulatedEndpoint, refused: str) -> None:
    machine, wire = remote(endpoint)
    before = Before(machine)
    scribble(endpoint)
    wire.refused = refused
    with pytest.raises(Exception, match="not as it was|exit code") as raised:
        before.restore()
    assert raised.type is NotRestored or refused != "reg delete"


def test_a_key_that_was_not_there_is_no_longer_there_and_one_that_was_empty_is(endpoint: SimulatedEndpoint) -> None:
    endpoint.set_value(SENSOR_POLICY, "name", "REG_SZ", sz("x"))
    endpoint.delete_value(SENSOR_POLICY, "name")
    assert (endpoint.key_exists(ANTIVIRUS), endpoint.key_exists(SENSOR_POLICY)) == (False, True)
    before = Before(remote(endpoint)[0])
    scribble(endpoint)
    endpoint.set_value(SENSOR_POLICY, "PreferStaticProxyForHttpRequest", "REG_DWORD", b"\1\0\0\0")
    before.restore()
    assert (endpoint.key_exists(ANTIVIRUS), endpoint.key_exists(SENSOR_POLICY)) == (False, True)


def test_a_key_that_is_left_empty_is_said(endpoint: SimulatedEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Before(remote(endpoint)[0])
    scribble(endpoint)
    monkeypatch.setattr("tests.windows.before._holds", lambda _place, _listed: True)
    with pytest.raises(NotRestored, match="Windows Defender /reg:64"):
        before.restore()


@pytest.mark.parametrize(
    "broken",
    [
        lambda type_, data: (type_, data.replace(b"o", b"O")),
        lambda type_, data: (type_, data.replace(b"d\0", b"x\0")),
        lambda _type, data: ("REG_EXPAND_SZ", data),
    ],
    ids=["a letter", "a word", "type"],
)
def test_a_restore_that_writes_something_else_is_caught(endpoint: SimulatedEndpoint, broken: Broken) -> None:
    machine, _wire = remote(endpoint)
    before = Before(machine)
    scribble(endpoint)
    for place, value in before.values.items():
        if value is not None and place != SERVER:
            endpoint.set_value(*place[:2], *value, place[2])
    before.values[SERVER] = broken(*before.values[SERVER])
    with pytest.raises(NotRestored, match="DataCollection"):
        before.restore()


def test_a_neighbour_that_changed_is_said(endpoint: SimulatedEndpoint) -> None:
    before = Before(remote(endpoint)[0])
    endpoint.set_value(DATA_COLLECTION, "AllowTelemetry", "REG_DWORD", b"\3\0\0\0")
    with pytest.raises(NotRestored, match="DataCollection"):
        before.restore()


def test_exports_have_the_bytes_of_before_but_where_a_value_came_back_as_the_last(endpoint: SimulatedEndpoint) -> None:
    endpoint.set_value(DATA_COLLECTION, "Other", "REG_SZ", sz("x"))
    for taken in (False, True):
        before = Before(remote(endpoint)[0])
        assert before.exported == {place for place in _KEYS if place[0] in _WHOLE and endpoint.key_exists(*place)}
        endpoint.set_value(*SERVER[:2], "REG_SZ", sz("new.test:1"))
        if taken:
            endpoint.delete_value(*SERVER[:2])
        before.restore()
        assert before.moved == ({(DATA_COLLECTION, 64)} if taken else set())
        assert endpoint.files.names(r"C:\Users\lab\AppData\Local\Temp") == []


def test_an_answer_that_is_missing_is_said(endpoint: SimulatedEndpoint) -> None:
    machine, wire = remote(endpoint)
    wire.refused = "call echo"
    with pytest.raises(NotAnswered, match="0 of 1 commands"):
        machine.value(*SERVER)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command with these variables of a machine and no others: exit code and output."""

    def start(**variables: str) -> tuple[int, str]:
        for name in [name for name in os.environ if name.startswith("MDE_WINDOWS_")]:
            monkeypatch.delenv(name)
        for name, value in variables.items():
            monkeypatch.setenv(f"MDE_WINDOWS_{name}", value)
        return main(["--into", str(tmp_path)]), capsys.readouterr().out

    return start


def test_a_run_without_a_machine_says_what_for_and_that_it_did_not_run(run: Run) -> None:
    code, said = run()
    assert code == 77
    assert "did not run: MDE_WINDOWS_HOST is not set" in said


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"HOST": "a"}, "MDE_WINDOWS_PASSWORD, MDE_WINDOWS_USER must be set"),
        ({"HOST": "a", "CONNECTION": "ssh"}, "MDE_WINDOWS_USER must be set"),
        ({"HOST": "a", "USER": "b", "PASSWORD": "c", "CONNECTION": "telnet"}, "MDE_WINDOWS_CONNECTION is one of winrs"),
        ({"HOST": "a", "USER": "b", "CONNECTION": "ssh", "SHELL": "bash"}, "MDE_WINDOWS_SHELL is one of cmd"),
    ],
)
def test_a_machine_that_is_not_named_well_is_refused(run: Run, variables: dict[str, str], said: str) -> None:
    code, printed = run(**variables)
    assert (code, said in printed) == (2, True), printed


def test_a_folder_that_holds_something_is_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "machine.yml").write_text("evidence: windows\n", encoding="utf-8")
    code, said = run(HOST="a", USER="b", PASSWORD="c")
    assert (code, "holds something already" in said) == (2, True)
