# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role left on a real Windows machine, read by testinfra over WinRM with NTLM."""

from __future__ import annotations

import os
from urllib.parse import quote

import pytest
import testinfra
from testinfra.host import Host

pytestmark = pytest.mark.windows

WINHTTP = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
DATA_COLLECTION = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"


@pytest.fixture
def windows() -> Host:
    """Return testinfra's view of the machine that the environment names."""
    given = os.environ
    user, password = quote(given["MDE_WINDOWS_USER"], safe=""), quote(given["MDE_WINDOWS_PASSWORD"], safe="")
    address = f"{given['MDE_WINDOWS_HOST']}:{given.get('MDE_WINDOWS_PORT', '5986')}"
    no_ssl = str(given.get("MDE_WINDOWS_SCHEME", "https") == "http").lower()
    no_verify = str(given.get("MDE_WINDOWS_CERT_VALIDATION") == "ignore").lower()
    return testinfra.get_host(
        f"winrm://{user}:{password}@{address}?no_ssl={no_ssl}&no_verify_ssl={no_verify}"
    )


@pytest.mark.parametrize("view", [64, 32])
def test_the_winhttp_proxy_stands_in_both_views(windows: Host, view: int) -> None:
    shown = windows.run(f'reg query "{WINHTTP}" /v WinHttpSettings /reg:{view}')
    assert b"proxy.example.com:8080".hex() in shown.stdout.lower()


def test_netsh_itself_shows_the_proxy(windows: Host) -> None:
    assert "proxy.example.com:8080" in windows.run("netsh winhttp show proxy").stdout


def test_the_sensor_has_its_static_proxy(windows: Host) -> None:
    shown = windows.run(f'reg query "{DATA_COLLECTION}" /v TelemetryProxyServer /reg:64')
    assert "sensor-proxy.example.com:3128" in shown.stdout
