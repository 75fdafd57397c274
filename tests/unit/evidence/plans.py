# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for made-up hosts, of which most change one way, some another, and some not at all."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._plan import HostPlan, Plan

MADE = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
PROXY = "proxy.example.com:8080"
OLD = "old.example.com:3128"
RESTART = "The sensor is onboarded and reads its static proxy when it starts."
WARNING = f"A proxy that was set by hand is replaced: {OLD}."


def _state(proxy: str | None, bypass: list[str], static: str | None = None) -> dict[str, Any]:
    view = {"direct": proxy is None, "proxy": proxy, "bypass": bypass, "readable": True, "raw": None}
    method = "static" if static else "winhttp" if proxy else "direct"
    return {
        "winhttp": {"native": view, "wow64": view},
        "datacollection": {"telemetry_proxy_server": static},
        "effective": {"method": method, "proxy": static or proxy, "set_by": method, "why": f"It is {method}."},
        "conflicts": [],
    }


def host_plan(number: int) -> HostPlan:
    """Every seventh host is as it should be, every eleventh has an old proxy, every 37th a static one."""
    after = _state(PROXY, ["<local>", "*.corp.example.com"])
    command = f'netsh winhttp set proxy proxy-server="{PROXY}" bypass-list="<local>;*.corp.example.com"'
    if number % 7 == 0:
        return HostPlan({}, after, after, (), (), False, "")
    if number % 11 == 0:
        return HostPlan({}, _state(OLD, []), after, (command,), (WARNING,), True, "")
    if number % 37 == 0:
        remove = 'reg delete "HKLM\\SOFTWARE\\Policies" /v TelemetryProxyServer /f /reg:64'
        return HostPlan({}, _state(None, [], "old.example.com:80"), after, (command, remove), (), True, RESTART)
    return HostPlan({}, _state(None, []), after, (command,), (), True, "")


def plan_for(hosts: int, left_out: Mapping[str, str]) -> Plan:
    """A plan that is valid for a day."""
    planned = {f"pc-{number:04}.example.com": host_plan(number) for number in range(1, hosts + 1)}
    return Plan(MADE, MADE + datetime.timedelta(hours=24), "1.0.0", planned, left_out)
