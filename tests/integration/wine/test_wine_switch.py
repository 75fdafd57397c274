# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dead-man's switch over Wine, with the byte order mark of Windows PowerShell 5.1 before what it is sent.

Wine's task scheduler runs nothing as SYSTEM, so the line of the task is run here; a real reg.exe and cmd.exe run it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import Refused
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._switch import arm
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Endpoint
from windows_lab.host import Host
from windows_lab.wine import WineEndpoint

from tests.integration.site import CONNECTIONS, DATA_COLLECTION, named, sz
from tests.integration.wine.wine_endpoint import wine_endpoint

pytestmark = pytest.mark.wine

TRIAL = r"HKLM\SOFTWARE\mde.connectivity.undo"
ODD = named("old.corp.test:3128", "<local>;a;b", header=0x28)
OLD: dict[tuple[str, str, int], tuple[str, bytes] | None] = {
    (CONNECTIONS, "WinHttpSettings", 64): ("REG_BINARY", ODD),
    (CONNECTIONS, "WinHttpSettings", 32): None,
    (DATA_COLLECTION, "TelemetryProxyServer", 64): ("REG_SZ", sz("a;b&c<d>|^'\"quoted\\")),
    (DATA_COLLECTION, "DisableEnterpriseAuthProxy", 64): ("REG_DWORD", b"\1\0\0\0"),
}


class Wire:
    """A PowerShell that hands every line to the endpoint's cmd.exe, where there is no task scheduler."""

    transport = "winrm"

    def __init__(self, endpoint: WineEndpoint) -> None:
        self._host = Host(endpoint)

    def exec_command(self, cmd: str, in_data: Any = None) -> tuple[int, bytes, bytes]:
        # Any program that ends well. Wine's md leaves the exit code of the command before it.
        done = self._host.script(re.sub("schtasks .*?&call", "reg query HKLM >nul&call", cmd), in_data or b"")
        return done.rc, done.stdout, done.stderr

    def close(self) -> None:
        """Nothing is open."""

    def reset(self) -> None:
        """There is no other connection."""


@pytest.fixture
def wine() -> Iterator[WineEndpoint]:
    with wine_endpoint() as started:
        for address, value in OLD.items():
            put(started, address, value)
        yield started


def put(endpoint: WineEndpoint, address: tuple[str, str, int], value: tuple[str, bytes] | None) -> None:
    key, name, view = address
    if value is None:
        endpoint.delete_value(key, name, view)
    else:
        endpoint.set_value(key, name, *value, view)


def snapshot(**more: tuple[str, bytes]) -> list[dict[str, Any]]:
    values = {**OLD, **{(DATA_COLLECTION, name, 64): value for name, value in more.items()}}
    return [
        {"key": key, "name": name, "view": view, "absent": value is None}
        | ({"type": value[0], "data": value[1].hex()} if value else {})
        for (key, name, view), value in values.items()
    ]


def held(endpoint: WineEndpoint) -> dict[tuple[str, str, int], tuple[str, bytes] | None]:
    return {address: endpoint.value(*address) for address in OLD}


def fire(endpoint: WineEndpoint) -> None:
    """Run the line of the task as its cmd.exe does."""
    folder = endpoint.prefix / "drive_c/windows/mde.connectivity.undo"
    text = (folder / "task.xml").read_text(encoding="ascii")
    line = text.partition("<Arguments>/d /c ")[2].partition("</Arguments>")[0]
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        line = line.replace(entity, character)
    assert "schtasks.exe /delete" in line
    endpoint.run(line.replace(r"%SystemRoot%\System32\schtasks.exe", "echo"))


def there(endpoint: WineEndpoint) -> bool:
    return (endpoint.prefix / "drive_c/windows/mde.connectivity.undo").exists()


def test_it_restores_the_very_bytes_and_goes_when_they_are_read_back(wine: WineEndpoint) -> None:
    arm(Endpoint(Wire(wine)), snapshot(), 15)
    assert (held(wine), wine.key_exists(TRIAL)) == (OLD, False)
    for address in OLD:
        put(wine, address, ("REG_SZ", sz("new")))
    file = wine.prefix / "drive_c/windows/mde.connectivity.undo/undo.reg"
    content = file.read_bytes()
    after = held(wine)
    # With the mark before it, Wine's reg.exe takes nothing of the file and ends well.
    file.write_bytes(b"\xef\xbb\xbf" + content)
    fire(wine)
    assert (held(wine), there(wine)) == (after, True)
    file.write_bytes(content)
    fire(wine)
    assert (held(wine), there(wine)) == (OLD, False)


def test_text_that_this_reg_exe_imports_as_other_bytes_is_refused(wine: WineEndpoint) -> None:
    # Wine takes hex digits of a string in such a file for 8-bit characters.
    with pytest.raises(Refused, match="its reg.exe does not import the old values as they were"):
        arm(Endpoint(Wire(wine)), snapshot(TelemetryProxyServer=("REG_EXPAND_SZ", sz("%TEMP%"))), 15)
    assert (held(wine), there(wine), wine.key_exists(TRIAL)) == (OLD, False, False)
