# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One endpoint of a lab as a test sees it: tasks run through Ansible, values read behind its back."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from windows_lab.backend import Backend
from windows_lab.inventory import Connection, Transport
from windows_lab.lab import Lab

from tests.integration.play import Run, run_tasks

CONNECTIONS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
DATA_COLLECTION = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"
SENSOR_POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows Advanced Threat Protection"
ANTIVIRUS = r"HKLM\SOFTWARE\Policies\Microsoft\Windows Defender"
ANTIVIRUS_VALUES = ("ProxyServer", "ProxyPacUrl", "ProxyBypass")
SENSOR_STATE = r"HKLM\SOFTWARE\Microsoft\Windows Advanced Threat Protection"
STATUS = r"HKLM\SOFTWARE\Microsoft\Windows Advanced Threat Protection\Status"
WINHTTP = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp"
SYSTEM_CONNECTIONS = rf"HKU\S-1-5-18\{SETTINGS}\Connections"
USER_CONNECTIONS = rf"HKCU\{SETTINGS}\Connections"
DIRECT = bytes.fromhex("1800000000000000010000000000000000000000")


def sz(text: str) -> bytes:
    """The bytes of a REG_SZ."""
    return f"{text}\0".encode("utf-16-le")


def wininet(flags: int, proxy: str = "", bypass: str = "", script: str = "", counter: int = 10) -> bytes:
    """The bytes of a WinINet value, packed here and not by the code under test."""
    strings = b"".join(struct.pack("<I", len(text)) + text.encode() for text in (proxy, bypass, script))
    return struct.pack("<III", 0x46, counter, flags) + strings + bytes(32)


def named(proxy: str, bypass: str = "", header: int = 0x18, flags: int = 3) -> bytes:
    """The bytes of a WinHttpSettings value with a proxy."""
    strings = b"".join(struct.pack("<I", len(text)) + text.encode() for text in (proxy, bypass))
    return struct.pack("<III", header, 0, flags) + strings


def unpack_winhttp(data: bytes) -> tuple[int, str, str]:
    """Access flags, proxy and bypass of a WinHttpSettings value."""
    flags, length = struct.unpack_from("<II", data, 8)
    proxy = data[16 : 16 + length].decode()
    (more,) = struct.unpack_from("<I", data, 16 + length)
    return flags, proxy, data[20 + length : 20 + length + more].decode()


class Site:
    """A lab with one endpoint that tests look at, and the directory of one test."""

    def __init__(self, lab: Lab, work: Path) -> None:
        self.lab = lab
        self.work = work
        self.name, self.endpoint = next(iter(lab.endpoints.items()))

    def inventory(self, connection: Connection = "winrs", transport: Transport = "basic") -> Path:
        path = self.work / f"inventory-{connection}-{transport}.yml"
        self.lab.inventory(path, connection=connection, transport=transport)
        return path

    def run(
        self,
        *tasks: Mapping[str, Any],
        arguments: Sequence[str] = (),
        connection: Connection = "winrs",
        transport: Transport = "basic",
        **play: Any,
    ) -> Run:
        """Run tasks on every endpoint of the lab."""
        return run_tasks(tasks, self.inventory(connection, transport), self.work, arguments, **play)

    def module(self, name: str, options: Mapping[str, Any], **run: Any) -> dict[str, Any]:
        """Run one module of the collection once and return its result."""
        return self.run(task(name, options), **run).one()

    def winhttp(self, view: int = 64) -> tuple[int, str, str]:
        found = self.endpoint.value(CONNECTIONS, "WinHttpSettings", view)
        assert found is not None
        assert found[0] == "REG_BINARY"
        return unpack_winhttp(found[1])

    def managed(self) -> dict[str, Any]:
        """Every value that the collection manages, as the registry has it."""
        places = [(CONNECTIONS, "WinHttpSettings", 64), (CONNECTIONS, "WinHttpSettings", 32)]
        places += [
            (DATA_COLLECTION, name, 64) for name in ("TelemetryProxyServer", "DisableEnterpriseAuthProxy")
        ]
        places += [(ANTIVIRUS, name, 64) for name in ANTIVIRUS_VALUES]
        places += [(SENSOR_POLICY, "PreferStaticProxyForHttpRequest", 64), (WINHTTP, "DisableWpad", 64)]
        for hive in ("HKU\\S-1-5-18", "HKU\\S-1-5-19", "HKU\\S-1-5-20", "HKLM", "HKCU"):
            for name in ("DefaultConnectionSettings", "SavedLegacySettings"):
                places.append((f"{hive}\\{SETTINGS}\\Connections", name, 64))
            places += [
                (f"{hive}\\{SETTINGS}", name, 64) for name in ("AutoDetect", "ProxyEnable", "AutoConfigURL")
            ]
        return {f"{key}\\{name} {view}": self.endpoint.value(key, name, view) for key, name, view in places}


def task(name: str, options: Mapping[str, Any], **keywords: Any) -> dict[str, Any]:
    """A task of the collection."""
    return {"name": name, f"mde.connectivity.{name}": dict(options), **keywords}


def reset(endpoint: Backend) -> None:
    """Bring everything that is managed to one known state: direct, detection on, a user with a manual proxy."""
    for view in (64, 32):
        endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", DIRECT, view)
    for name in ("TelemetryProxyServer", "DisableEnterpriseAuthProxy"):
        endpoint.delete_value(DATA_COLLECTION, name)
    endpoint.delete_value(SENSOR_POLICY, "PreferStaticProxyForHttpRequest")
    for name in ANTIVIRUS_VALUES:
        endpoint.delete_value(ANTIVIRUS, name)
    endpoint.delete_value(WINHTTP, "DisableWpad")
    blobs = {
        "HKU\\S-1-5-18": wininet(9),
        "HKU\\S-1-5-19": wininet(1),
        "HKU\\S-1-5-20": wininet(9),
        "HKCU": wininet(3, "user-proxy.test:8080", "<local>;*.user.test"),
    }
    for hive, blob in blobs.items():
        for name in ("DefaultConnectionSettings", "SavedLegacySettings"):
            endpoint.set_value(rf"{hive}\{SETTINGS}\Connections", name, "REG_BINARY", blob)
    for hive in (*blobs, "HKLM"):
        endpoint.delete_value(rf"{hive}\{SETTINGS}", "AutoDetect")
    for name in ("DefaultConnectionSettings", "SavedLegacySettings"):
        endpoint.delete_value(CONNECTIONS, name)
