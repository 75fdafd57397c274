# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Wine endpoint that is asked for reachability without Ansible, behind what stands for a PowerShell."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PureWindowsPath
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._reachability import Reachability
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Endpoint
from windows_lab.host import Host
from windows_lab.wine import WineEndpoint, powershell

from tests.integration.reachability.reach_site import FOLDER, PATIENCE
from tests.integration.site import CONNECTIONS, named

# Without what is optional: the wake-up among it is asked past the proxy, and Wine would ask real DNS for its name.
EUROPE = {"regions": ["eu"], "generation": "streamlined", "unprobed": "omit", "include_optional": False}
ENGINE = "powershell" if powershell.is_windows() else "wsh"
# What the module's argument spec makes of a task that says nothing; Ansible has no part in most tests here.
DEFAULTS = {
    "cloud": "commercial",
    "regions": [],
    "generation": "standard",
    "windows_build": None,
    "include_optional": True,
    "files": [],
    "unprobed": "fail",
    "service_urls": True,
    "urls": [],
    "ports": [],
    "paths": ["effective"],
    "run_as": "connection",
    "engine": ENGINE,
    **PATIENCE,
}
OF_ONE_URL = {"statuses": [], "html": False, "required": True}


@dataclass
class Wire:
    """A PowerShell that hands what it is sent to cmd.exe, behind a byte order mark; it keeps what went over it."""

    endpoint: WineEndpoint
    transport: str = "psrp"
    sent: list[bytes] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)

    def exec_command(self, cmd: str, in_data: Any = None) -> tuple[int, bytes, bytes]:
        sent = (in_data or "").encode()
        done = Host(self.endpoint).script(cmd, sent)
        self.sent.append(sent)
        self.received.append(done.stdout)
        return done.rc, done.stdout, done.stderr


class Asker:
    """The Wine endpoint: its proxy is set behind the back of the collection, and it is asked for reachability."""

    def __init__(self, endpoint: WineEndpoint) -> None:
        self.endpoint = endpoint
        self.drive = endpoint.prefix / "drive_c"
        temporary = PureWindowsPath(endpoint.run("echo %TEMP%").stdout.decode().strip())
        self.folder = self.drive.joinpath(*temporary.parts[1:], FOLDER)

    def use(self, proxy: str) -> None:
        """Set the machine's WinHTTP proxy."""
        self.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named(proxy))

    def ask(self, *urls: str, wire: Wire | None = None, **options: Any) -> list[dict[str, Any]]:
        """The rows for the European list, or for these URLs and no others."""
        wanted = {"service_urls": False, "urls": [{"url": url, **OF_ONE_URL} for url in urls]} if urls else EUROPE
        inquiry = Reachability({**DEFAULTS, **wanted, **options})
        return list(inquiry.ask(Endpoint(wire or Wire(self.endpoint)))["rows"])

    def files(self) -> set[str]:
        """Every file and directory of the endpoint."""
        return {str(path.relative_to(self.drive)) for path in self.drive.rglob("*")}
