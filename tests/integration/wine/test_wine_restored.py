# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make windows` puts back is compared by exports of reg.exe, byte for byte, and a broken restore is caught."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from windows_lab.profiles import Profile
from windows_lab.wine import WineEndpoint

from tests.integration.modules.contract import LAB, MACHINE, sz, winhttp, wininet
from tests.integration.site import ANTIVIRUS, DATA_COLLECTION, SYSTEM_CONNECTIONS
from tests.integration.wine.wine_endpoint import wine_endpoint
from tests.windows import before as module
from tests.windows.before import KEPT, Before, NotRestored
from tests.windows.remote import RemoteEndpoint

pytestmark = pytest.mark.wine

SERVER = (DATA_COLLECTION, "TelemetryProxyServer", 64)
# Of all that a run keeps, since each command of Wine takes its time.
PLACES = (
    SERVER,
    (MACHINE, "WinHttpSettings", 64),
    (ANTIVIRUS, "ProxyServer", 64),
    (SYSTEM_CONNECTIONS, "DefaultConnectionSettings", 64),
)


class Wire:
    """A connection to a Wine endpoint."""

    transport = "mde.connectivity.winrs"

    def __init__(self, endpoint: WineEndpoint) -> None:
        self._endpoint = endpoint

    def exec_command(self, cmd: str, in_data: Any = None) -> tuple[int, bytes, bytes]:
        done = self._endpoint.run(cmd, in_data or b"")
        return done.rc, done.stdout, done.stderr


@pytest.fixture(scope="module")
def endpoint() -> Iterator[WineEndpoint]:
    with wine_endpoint() as started:
        started.set_value(*SERVER[:2], "REG_SZ", sz("old.test:1"))
        started.set_value(DATA_COLLECTION, "Other", "REG_SZ", sz("\u65e5"))
        started.set_value(MACHINE, "WinHttpSettings", *winhttp("old.test:1", "<local>;*.a"))
        started.delete_key(ANTIVIRUS)
        yield started


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(PLACES) <= set(module._PLACES)
    keys = tuple(place for place in module._KEYS if place in {(key, view) for key, _name, view in PLACES})
    monkeypatch.setattr(module, "_PLACES", PLACES)
    monkeypatch.setattr(module, "_KEYS", keys)


def scribbled(endpoint: WineEndpoint) -> Before:
    before = Before(RemoteEndpoint("remote", Profile("wine", codepage="cp437"), Wire(endpoint)))
    endpoint.set_value(*SERVER[:2], "REG_SZ", sz("new.test:1"))
    endpoint.delete_value(MACHINE, "WinHttpSettings")
    endpoint.set_value(ANTIVIRUS, "ProxyServer", "REG_SZ", sz("http://a.test:1"))
    endpoint.set_value(SYSTEM_CONNECTIONS, "DefaultConnectionSettings", *wininet(3, "new.test:1"))
    endpoint.set_value(LAB, "name", "REG_SZ", sz("left"))
    return before


def left(endpoint: WineEndpoint) -> bytes:
    """Files that a run would leave on the machine."""
    return endpoint.run(f"dir /b {KEPT}.* 2>nul").stdout


def test_everything_is_exported_to_the_bytes_of_before(endpoint: WineEndpoint) -> None:
    held = [endpoint.value(*place) for place in PLACES]
    before = scribbled(endpoint)
    # The key that is not there can't be exported.
    assert {key for key, _view in before.exported} == {key for key, _name, _view in PLACES} - {ANTIVIRUS}
    assert left(endpoint)
    before.restore()
    assert before.moved == set()
    assert [endpoint.value(*place) for place in PLACES] == held
    assert not endpoint.key_exists(ANTIVIRUS)
    assert not left(endpoint)


@pytest.mark.parametrize(
    ("place", "type_", "data"),
    [
        (SERVER, "REG_SZ", sz("Old.test:1")),
        ((MACHINE, "WinHttpSettings", 64), *winhttp("old.test:1", "<local>;*.b")),
    ],
)
def test_a_restore_that_writes_something_else_is_caught(
    endpoint: WineEndpoint, place: tuple[str, str, int], type_: str, data: bytes
) -> None:
    before = scribbled(endpoint)
    right = before.values[place]
    assert right is not None
    before.values[place] = type_, data
    with pytest.raises(NotRestored) as raised:
        before.restore()
    assert f"{place[0]} /reg:64" in str(raised.value)
    assert not left(endpoint)
    endpoint.set_value(*place[:2], *right)


def test_what_the_list_of_this_reg_exe_does_not_show_is_told_by_the_bytes(endpoint: WineEndpoint) -> None:
    before = scribbled(endpoint)
    endpoint.set_value(DATA_COLLECTION, "Other", "REG_SZ", sz("\u6708"))
    before.restore()
    assert (DATA_COLLECTION, 64) in before.moved
