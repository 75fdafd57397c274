# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles: the ways in which a Windows endpoint of the lab differs from a clean one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class PolicyValue:
    """A registry value that a policy owns and writes again whenever it finds it different.

    `data` is the raw bytes as in `Backend.value`; None means that the policy deletes the value.
    """

    key: str
    name: str
    type: str = "REG_SZ"
    data: bytes | None = None
    view: int = 64


# The identifier of the organisation, which an onboarded sensor holds at several places.
ORGANISATION = "11111111-2222-3333-4444-555555555555"


@dataclass(frozen=True)
class Tenant:
    """Where the sensor of an endpoint reports to, in the words of its onboarding package.

    A package for streamlined connectivity has `partner`, which begins with GW_.
    """

    geography: str = "EU"
    datacenter: str = "WestEurope"
    partner: str = ""

    @property
    def onboarded_info(self) -> str:
        """The text of the value OnboardedInfo: what the package signs, as text, and the signature around it."""
        body = {
            "previousOrgIds": [],
            "orgId": ORGANISATION,
            "datacenter": self.datacenter,
            "vortexGeoLocation": self.geography,
            **({"partnerGeoLocation": self.partner} if self.partner else {}),
            "version": "1.53",
        }
        signature = {"sig": "c2lnbmF0dXJl" * 28, "sha256sig": "c2lnbmF0dXJl" * 28, "cert": "Y2VydGlmaWNhdGU" * 100}
        return json.dumps({"body": json.dumps(body), **signature})


@dataclass(frozen=True)
class Profile:
    """How an endpoint behaves. Every field has the value of a clean endpoint as its default."""

    name: str
    # Language of the texts that netsh, reg and cmd print: "en", "de" or "ja".
    locale: str = "en"
    # False: the user's token is not elevated; writes to HKLM and netsh are denied.
    elevated: bool = True
    # False: powershell.exe is blocked (application control); cmd.exe still runs.
    powershell: bool = True
    # "constrained": PowerShell runs scripts in its constrained language mode.
    language: Literal["full", "constrained"] = "full"
    # False: the Windows Script Host is switched off; cscript.exe says so and runs nothing.
    script_host: bool = True
    # False: DisableRegistryTools is set; reg.exe refuses everything.
    registry_tools: bool = True
    # "stub": netsh says that all is well, exits with 0 and does nothing.
    netsh: Literal["real", "stub"] = "real"
    # False: an older Windows, whose netsh does not know advproxy.
    advproxy: bool = True
    # Values a policy writes again before each batch of commands, so a write lasts until the next one...
    policy: tuple[PolicyValue, ...] = ()
    # ...or, when this is set, also after each single command, so even the read-back sees the policy's value.
    policy_at_once: bool = False
    # The n-th request (counted from 1, per account) is answered by closing the TCP connection...
    drop_request: int | None = None
    # ...before anything was done for it, or, when this is set, after it was carried out in full.
    drop_after: bool = False
    # First byte of a WinHttpSettings value that this endpoint writes: 0x18, or 0x28 as newer builds do.
    blob_header: int = 0x18
    # Whether the sensor of Defender for Endpoint reports itself as onboarded.
    onboarded: bool = True
    # Where it reports to, where it does; None is a sensor that keeps nothing of that.
    tenant: Tenant | None = Tenant()
    # When the sensor takes another package: at its next start, at once, or never ("stuck"). Or at its next start, and
    # contacts no service from then on ("silent"), or only the one for standard connectivity ("deaf").
    sensor: Literal["at_restart", "at_once", "stuck", "silent", "deaf"] = "at_restart"
    # What the registry holds from the start, over a clean endpoint's; data None takes a value away.
    registry: tuple[PolicyValue, ...] = ()
    # True: on battery, where Windows does not start a task that disallows that.
    on_battery: bool = False
    # Encoding of what programs print: remote shells ask for UTF-8, a console has an OEM code page.
    codepage: str = "utf-8"


def _sz(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le")


_SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
_CURRENT_VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"


def windows(build: int, product: str) -> tuple[PolicyValue, ...]:
    """The registry values of another Windows than the clean one."""
    names = {"CurrentBuild": str(build), "CurrentBuildNumber": str(build), "ProductName": product}
    return tuple(PolicyValue(_CURRENT_VERSION, name, "REG_SZ", _sz(text)) for name, text in names.items())


# Windows Server 2008 R2 knows the Microsoft Monitoring Agent alone.
_MMA = (
    *windows(7601, "Windows Server 2008 R2 Standard"),
    PolicyValue(rf"{_SERVICES}\Sense", "Start"),
    PolicyValue(rf"{_SERVICES}\HealthService", "Start", "REG_DWORD", bytes([2, 0, 0, 0])),
)
_DATA_COLLECTION = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"

PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("clean"),
        Profile("german", locale="de"),
        Profile("denied", elevated=False),
        Profile(
            "policy",
            policy=(
                PolicyValue(_DATA_COLLECTION, "TelemetryProxyServer", "REG_SZ", _sz("policy.lab.test:8080")),
            ),
        ),
        Profile("hardened", powershell=False),
        Profile("constrained", language="constrained"),
        Profile("noscripts", script_host=False),
        Profile("noreg", registry_tools=False),
        Profile("stubnetsh", netsh="stub"),
        # Over Basic, request 6 is the Receive that runs the second batch of a task: the write.
        Profile("flaky", drop_request=6, drop_after=True),
        Profile("blob28", blob_header=0x28),
        Profile("battery", on_battery=True),
        Profile("streamlined", tenant=Tenant("US", "EastUs3", "GW_US")),
        Profile("gcc", tenant=Tenant("FFL4", "UsModVirginia")),
        # GCC High or DoD: the state does not say which.
        Profile("government", tenant=Tenant("FFL4", "UsGovVirginia", "GW_FFL4")),
        Profile("unified", tenant=Tenant("UK", "UkSouth", "GW_UK"), registry=windows(9600, "Windows Server 2012 R2")),
        Profile("offboarded", onboarded=False),
        Profile("unsaid", tenant=None),
        Profile("mma", onboarded=False, registry=_MMA),
        Profile("older", advproxy=False),
        Profile("silent", sensor="silent"),
        Profile("stuck", sensor="stuck"),
        Profile("deaf", sensor="deaf"),
    )
}


def counted(text: str) -> tuple[str, int]:
    """A profile and a number of endpoints out of `NAME` or `NAME:COUNT`; raises ValueError."""
    name, _colon, count = text.partition(":")
    if name not in PROFILES:
        raise ValueError(f"no profile {name!r}; there are {', '.join(PROFILES)}")
    if not count.isdigit() and count:
        raise ValueError(f"{count!r} is no number of endpoints")
    return name, int(count or 1)
