# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Microsoft's onboarding script as a file on a simulated endpoint, and what the sensor makes of it.

The words behind the name are the geography, the data center and, for streamlined connectivity, the partner geography
of a Tenant; `refused` is a package that ends with an error, `asks` one that wants a Y first, and `loops` one that never
ends. Like a script without `@echo off` it prints itself.
"""

from __future__ import annotations

from datetime import timedelta

from windows_lab.profiles import Tenant
from windows_lab.simulated.events import START, Event, succeeded
from windows_lab.simulated.machine import Machine, Process
from windows_lab.simulated.registry import Value
from windows_lab.simulated.verifiers import words_of

_SENSOR = r"HKLM\SOFTWARE\Microsoft\Windows Advanced Threat Protection"
# The script's own number for what it could not write, as Microsoft's page of its events has it.
_NOT_WRITTEN = 10
_NOT_CONFIRMED = 1
_WORDS = ("refused", "asks", "loops")


def package(tenant: Tenant, *words: str, more: bytes = b"") -> bytes:
    """The bytes of such a script; more are further lines, which nobody but the service would understand."""
    parts = [tenant.geography, tenant.datacenter, *([tenant.partner] if tenant.partner else []), *words]
    return f"LAB PROGRAM onboarding {' '.join(parts)}\r\n".encode() + more


def main(process: Process) -> int:
    """Run the script; gives its exit code."""
    machine, words = process.machine, words_of(process)
    process.print(machine.text(process.path(process.argv[0])) or "")
    if "asks" in words and process.streams.read().strip().upper() != "Y":
        return _NOT_CONFIRMED
    while "loops" in words:
        machine.wait(1)
        machine.boot.check()
    if "refused" in words or not machine.profile.elevated:
        return _NOT_WRITTEN
    machine.writes.append(f"onboarding package as {'SYSTEM' if process.system else 'user'}")
    machine.packages[:] = [Tenant(*(word for word in words if word not in _WORDS))]
    if machine.profile.sensor == "at_once":
        sensor_starts(machine)
    return 0


def sensor_starts(machine: Machine) -> None:
    """What the sensor does when it starts: it takes a new package, and contacts the service that this names."""
    if machine.events is None:
        return
    time = START + timedelta(days=1, minutes=len(machine.events))
    machine.events.append(Event(1, time=time))
    kind = machine.profile.sensor
    if not machine.packages:
        return
    tenant = machine.packages[0]
    if kind != "stuck":
        machine.packages.clear()
        data = f"{tenant.onboarded_info}\0".encode("utf-16-le")
        machine.registry.set(machine.registry.locate(_SENSOR), Value("OnboardedInfo", "REG_SZ", data))
    if kind not in ("stuck", "silent") and not (kind == "deaf" and tenant.partner):
        machine.events.append(succeeded(_uri(tenant), 3, time + timedelta(minutes=2)))


def _uri(tenant: Tenant) -> str:
    if tenant.partner:
        place = tenant.partner.removeprefix("GW_").lower()
        return f"https://edr-{tenant.datacenter.lower()}.{place}.endpoint.security.microsoft.com/edr/"
    return f"https://winatp-gw-{tenant.datacenter.lower()}.microsoft.com/commands"
