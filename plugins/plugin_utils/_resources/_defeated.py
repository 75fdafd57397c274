# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the way that somebody's settings are meant to open is the one that wins on an endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WAYS = {"winhttp_import": "winhttp"}


def wanted_way(options: Mapping[str, Any]) -> str | None:
    """The way that is meant to win, as effective.method has it, or None where the settings mean none.

    options are those of endpoint_proxy. Without method it follows from the blocks, in the order in which the sensor
    looks: a static proxy, then a WinHTTP proxy, then automatic detection.
    """
    if method := options["method"]:
        return str(_WAYS.get(method, method))
    static, wpad, imported = options["datacollection_proxy"], options["wpad"], options["winhttp_import_ie"]
    winhttp = options["winhttp_proxy"] or imported
    if static and static.get("server"):
        return "static"
    if imported and imported["allow_direct"]:
        # Whether there is a proxy to take over is up to the source.
        return None
    if winhttp and winhttp.get("state") != "absent":
        return "winhttp"
    return "wpad" if wpad and wpad["state"] == "enabled" else None


def defeat(options: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    """What wins instead of the way that is wanted, who set it, and why: one sentence, empty where nothing does."""
    wanted, effective = wanted_way(options), report["effective"]
    if wanted in (None, effective["method"]):
        return ""
    wins = f"{effective['method']} {effective['proxy']}" if effective["proxy"] else effective["method"]
    return f"{wanted} is wanted, and {wins} wins, set by {effective['set_by']}: {effective['why']}"
