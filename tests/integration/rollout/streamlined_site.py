# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet that is to move to streamlined connectivity, the packages of its organisation, and what they leave."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from ansible_collections.mde.connectivity.plugins.plugin_utils._streamlined._delivery import NAME
from windows_lab.lab import Lab
from windows_lab.profiles import Profile, Tenant
from windows_lab.simulated.onboarding import package

from tests.integration.play import Run
from tests.integration.rollout.rollout_site import Change
from tests.integration.site import CONNECTIONS, SENSOR_STATE, named
from tests.network.stage import Stage

SECRET = "Nobody-But-The-Service-Knows-This-7493"
NEW, OLD = Tenant("EU", "WestEurope", "GW_EU"), Tenant("EU", "WestEurope")
# Seconds that a busy machine needs at most, and those after which a sensor counts as one that never reports.
PATIENCE, BRIEF = 60, 2


class Migration(Change):
    """A change of a fleet's connectivity; every endpoint reaches the service through its proxy."""

    def __init__(self, lab: Lab, network: Stage, work: Path) -> None:
        super().__init__(lab, network, work)
        for endpoint in lab.endpoints.values():
            endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named(network.proxy))
        del self.variables["endpoint_proxy_winhttp_proxy"]
        self.new = self.file("GatewayWindowsDefenderATPOnboardingScript.cmd", NEW)
        self.old = self.file("WindowsDefenderATPOnboardingScript.cmd", OLD)
        self.variables |= {
            "streamlined_package": str(self.new),
            "streamlined_restart": True,
            "streamlined_report_within": PATIENCE,
        }

    def file(self, name: str, tenant: Tenant, *words: str) -> Path:
        path = self.work / "packages" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(package(tenant, *words, more=f"{SECRET}\r\n{encoded()}\r\n".encode()))
        return path

    def move(self, *arguments: str, **variables: object) -> Run:
        """Plan, and carry it out."""
        planned = self.play("streamlined_plan", **variables)
        assert planned.rc == 0, planned.output[-3000:]
        self.lab.reset_accounts()
        return self.play("streamlined", *arguments, **variables)

    def partner(self, name: str) -> str | None:
        """The geography that the sensor of an endpoint keeps, read behind the back; None for standard connectivity."""
        value = self.endpoint(name).value(SENSOR_STATE, "OnboardedInfo")
        if value is None:
            return None
        body = json.loads(json.loads(value[1].decode("utf-16-le").rstrip("\0"))["body"])
        partner = body.get("partnerGeoLocation")
        return None if partner is None else str(partner)

    def moved(self) -> list[str]:
        return [name for name in self.lab.endpoints if self.partner(name) == "GW_EU"]

    def ran(self, name: str) -> int:
        """How many packages ran on an endpoint."""
        return sum(write.startswith("onboarding package") for write in self.endpoint(name).writes)

    def left(self, name: str) -> bool:
        """Whether anything of a package is on an endpoint: the task, the folder, or the secret in any file."""
        endpoint = self.endpoint(name)
        task = endpoint.run(f"schtasks /query /tn {NAME}").rc == 0
        return task or endpoint.files.exists(rf"C:\Windows\{NAME}")


def encoded() -> str:
    """The secret as the parts of a package may hold it."""
    return base64.b64encode(SECRET.encode()).decode()


def forms() -> list[bytes]:
    """The secret in every form in which it may be written: as it is, as base64 at each place of a text, hex, UTF-16."""
    plain, shifted = SECRET.encode(), [base64.b64encode(b"x" * number + SECRET.encode())[8:-8] for number in range(3)]
    wide = SECRET.encode("utf-16-le")
    return [plain, encoded().encode()[:-4], *shifted, plain.hex().encode(), wide, wide.hex().encode(), plain[:16]]


@contextlib.contextmanager
def migration_on(
    network: Stage, work: Path, profiles: Mapping[str | Profile, int], rtt_ms: int = 0
) -> Iterator[Migration]:
    """A migration on new endpoints."""
    with Lab(profiles=profiles, rtt_ms=rtt_ms) as lab:
        yield Migration(lab, network, work)
