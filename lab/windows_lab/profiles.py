# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles: the ways in which a Windows endpoint of the lab differs from a clean one."""

from __future__ import annotations

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
    # What the registry holds from the start, over a clean endpoint's; data None takes a value away.
    registry: tuple[PolicyValue, ...] = ()
    # True: on battery, where Windows does not start a task that disallows that.
    on_battery: bool = False
    # Encoding of what programs print: remote shells ask for UTF-8, a console has an OEM code page.
    codepage: str = "utf-8"


def _sz(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le")


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
    )
}
