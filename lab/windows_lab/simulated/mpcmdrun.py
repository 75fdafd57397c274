# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MpCmdRun.exe as a file on a simulated endpoint: cloud protection asked through the antivirus' own proxy."""

from __future__ import annotations

import time

from windows_lab.simulated.blobs import WinHttp
from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import Process
from windows_lab.simulated.registry import Registry
from windows_lab.simulated.verifiers import words_of
from windows_lab.simulated.winhttp import Client, Url
from windows_lab.simulated.winhttp_errors import DeadlinePassed, Limits, WinHttpError

# [INF] Which address the program asks is not documented; a word behind the name in its file is another one.
MAPS = "https://wdcp.microsoft.com/"
_POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows Defender"
_SECONDS = 20
# [INF] Exit codes other than 0 are not documented.
_FAILED = 2
_ACCESS_DENIED = 0x80070005
_TIMEOUT = 0x80072EE2
_REFUSED = 0x80070006


def main(process: Process) -> int:
    """Run `MpCmdRun -ValidateMapsConnection`; the words of the file are the address, and `german` for its words."""
    if process.argv[1:] != ["-ValidateMapsConnection"]:
        raise NotModelled(f"MpCmdRun {' '.join(process.argv[1:])}")
    words = words_of(process)
    # [INF] The program wants an administrator, and only LocalSystem has the proxy of the service.
    error = _ask(process, next((word for word in words if "://" in word), MAPS)) if process.system else _ACCESS_DENIED
    german = "german" in words
    if not error:
        well = "Die Verbindung mit MAPS wurde hergestellt." if german else _SUCCESS
        process.print(well)
        return 0
    said = "Die Verbindung mit MAPS ist fehlgeschlagen" if german else _FAILURE
    process.print(f"{said} (hr={error:#010x} httpcore=451)", f"MpCmdRun.exe: hr = {error:#010x}.")
    return _FAILED


_SUCCESS = "ValidateMapsConnection successfully established a connection to MAPS"
_FAILURE = "ValidateMapsConnection failed to establish a connection to MAPS"


def _ask(process: Process, address: str) -> int:
    """The HRESULT of asking, 0 where the service answered."""
    registry = process.machine.registry
    proxy, script = _value(registry, "ProxyServer"), _value(registry, "ProxyPacUrl")
    if script and not proxy:
        raise NotModelled("a setup script of the antivirus")
    settings = WinHttp(proxy.partition("://")[2], _value(registry, "ProxyBypass"))
    limits = Limits(_SECONDS, time.monotonic() + _SECONDS)
    try:
        answered = Client(process.machine.network).get(Url.parse(address), settings, limits)
    except DeadlinePassed:
        return _TIMEOUT
    except WinHttpError as error:
        return error.hresult
    return 0 if answered.status < 400 or answered.status == 404 else _REFUSED


def _value(registry: Registry, name: str) -> str:
    value = registry.value(registry.locate(_POLICY), name)
    if value is None or value.type != "REG_SZ":
        return ""
    return value.data.decode("utf-16-le", "replace").partition("\0")[0]
