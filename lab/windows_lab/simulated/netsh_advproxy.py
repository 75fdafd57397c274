# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netsh winhttp show and set advproxy of a simulated endpoint, of Windows 11 and Server 2022 on."""

from __future__ import annotations

import json
from typing import Any

from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import Process

# [OBS] The head of the English netsh; what stands there in other languages is not known.
_HEADS = {"en": "Current WinHTTP advanced proxy settings:", "de": "Aktuelle erweiterte WinHTTP-Proxyeinstellungen:"}
_KEYS = {"Proxy": str, "ProxyBypass": str, "AutoconfigUrl": str, "AutoDetect": bool}
_ACCESS_DENIED = 5
_INVALID_PARAMETER = 87


def knows(process: Process) -> bool:
    """Whether this Windows has the command at all."""
    return process.machine.profile.advproxy


def show(process: Process, arguments: list[str]) -> int:
    """Print the settings; one that is empty may be missing, as on Server 2022."""
    if arguments:
        raise NotModelled(f"netsh winhttp show advproxy {' '.join(arguments)}")
    head = _HEADS.get(process.machine.profile.locale, _HEADS["en"])
    process.print("", head, "", json.dumps(_shown(process.machine.advproxy), indent=4), "")
    return 0


def _shown(settings: dict[str, Any]) -> dict[str, Any]:
    if not any(settings.values()):
        return {}
    return {
        "ProxyIsEnabled": bool(settings["Proxy"]),
        **({"Proxy": settings["Proxy"]} if settings["Proxy"] else {}),
        **({"ProxyBypass": settings["ProxyBypass"]} if settings["ProxyBypass"] else {}),
        "AutoConfigIsEnabled": bool(settings["AutoconfigUrl"]),
        "AutoConfigUrl": settings["AutoconfigUrl"] or " ",
        "AutoDetect": settings["AutoDetect"],
        "PerUserProxySettings": False,
        "ConnectionName": "",
    }


def set_advanced(process: Process, arguments: list[str]) -> int:
    """Store the settings of the machine; gives the number of an error of Windows, 0 for none."""
    tags = dict(argument.partition("=")[::2] for argument in arguments)
    if tags.keys() != {"setting-scope", "settings"} or tags["setting-scope"] != "machine":
        raise NotModelled(f"netsh winhttp set advproxy {' '.join(arguments)}")
    try:
        settings = json.loads(tags["settings"])
    except ValueError:
        return _INVALID_PARAMETER
    if settings.keys() != _KEYS.keys() or not all(isinstance(settings[name], kind) for name, kind in _KEYS.items()):
        return _INVALID_PARAMETER
    if not process.machine.profile.elevated:
        return _ACCESS_DENIED
    if process.machine.profile.netsh == "stub":
        return 0
    process.machine.boot.check()
    process.machine.writes.append("netsh winhttp set advproxy")
    process.machine.advproxy.update(settings)
    return 0
