# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role left on the endpoints, read by testinfra over WinRM with NTLM."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import testinfra
import yaml
from testinfra.host import Host

pytestmark = pytest.mark.simulated

INVENTORY = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "lab.yml"
INTERNET_SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
WINHTTP = rf"HKLM\{INTERNET_SETTINGS}\Connections"
DATA_COLLECTION = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"
AUTO_DETECT = 0x08


def endpoint(name: str) -> Host:
    """Return testinfra's view of an endpoint; its WinRM back end speaks NTLM."""
    group: dict[str, Any] = yaml.safe_load(INVENTORY.read_text())["windows"]
    user, password = group["vars"]["ansible_user"], group["vars"]["ansible_password"]
    port = group["hosts"][name]["ansible_port"]
    return testinfra.get_host(f"winrm://{user}:{password}@127.0.0.1:{port}?no_ssl=true")


def registry(host: Host, key: str, name: str, view: int = 64) -> str | None:
    """Return the data of a value as reg.exe prints it, None when it is absent."""
    found = host.run(f'reg query "{key}" /v "{name}" /reg:{view}')
    if found.rc:
        return None
    (line,) = [line for line in found.stdout.splitlines() if line.strip().startswith(name)]
    data: str = line.split(maxsplit=2)[2]
    return data


def winhttp(host: Host, view: int = 64) -> bytes:
    """Return the bytes of the WinHTTP settings."""
    return bytes.fromhex(registry(host, WINHTTP, "WinHttpSettings", view) or "")


def connection_flags(host: Host, sid: str) -> int:
    """Return the flags of a user's default connection."""
    data = registry(host, rf"HKU\{sid}\{INTERNET_SETTINGS}\Connections", "DefaultConnectionSettings")
    return bytes.fromhex(data or "")[8]


@pytest.mark.parametrize("view", [64, 32])
def test_the_winhttp_proxy_stands_in_both_views(view: int) -> None:
    stored = winhttp(endpoint("clean-1"), view)
    assert b"proxy.example.com:8080" in stored
    assert b"<local>;*.example.com" in stored


def test_netsh_itself_shows_the_proxy() -> None:
    shown = endpoint("clean-1").run("netsh winhttp show proxy")
    assert shown.rc == 0
    assert "proxy.example.com:8080" in shown.stdout


def test_a_proxy_per_scheme() -> None:
    assert b"http=proxy.example.com:8080;https=secure-proxy.example.com:8443" in winhttp(endpoint("blob28-1"))


def test_the_sensor_has_its_static_proxy() -> None:
    host = endpoint("german-1")
    assert registry(host, DATA_COLLECTION, "TelemetryProxyServer") == "sensor-proxy.example.com:3128"
    assert registry(host, DATA_COLLECTION, "DisableEnterpriseAuthProxy") == "0x1"


def test_without_powershell_automatic_detection_is_on_for_the_service_accounts() -> None:
    host = endpoint("hardened-1")
    for sid in ("S-1-5-18", "S-1-5-19", "S-1-5-20"):
        assert connection_flags(host, sid) & AUTO_DETECT


def test_absent_leaves_nothing() -> None:
    host = endpoint("clean-2")
    assert b"example" not in winhttp(host)
    assert registry(host, DATA_COLLECTION, "TelemetryProxyServer") is None
    assert not connection_flags(host, "S-1-5-18") & AUTO_DETECT
