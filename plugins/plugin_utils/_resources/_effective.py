# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which proxy wins on an endpoint, who set it, and what stands in conflict with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .._credentials import shown_proxies, shown_server
from ._datacollection_values import DataCollection
from ._state import State
from ._winhttp_views import WinHttp
from ._wpad_switches import WpadSwitches

# Of these scopes only DefaultConnectionSettings is looked at.
VERDICT_SCOPES = ("system", "machine")


@dataclass(frozen=True)
class Effective:
    """The proxy that the sensor is expected to use.

    Microsoft's page says that the sensor prefers its static proxy with PreferStaticProxyForHttpRequest, and that it
    goes direct where that proxy can't be reached. That the static proxy comes first without the value too, and that
    automatic detection comes after a WinHTTP proxy, are inferences.
    """

    method: str
    proxy: str | None
    set_by: str
    why: str

    def report(self) -> dict[str, Any]:
        return asdict(self)


def effective(state: State) -> Effective:
    """The answer for a state of which all parts were read."""
    static, native = state.part(DataCollection).proxy, state.part(WinHttp).native
    if static:
        why = (
            "PreferStaticProxyForHttpRequest is 1, so the sensor prefers its static proxy, and goes direct when that "
            "proxy can't be reached."
            if state.part(DataCollection).prefers_static
            else "The sensor has a static proxy, and goes direct when that proxy can't be reached. Whether it comes "
            "before WinHTTP's without PreferStaticProxyForHttpRequest is not documented."
        )
        return Effective("static", shown_server(static), "the policy value TelemetryProxyServer", why)
    if not native.readable:
        return Effective(
            "unknown", None, "WinHttpSettings", "The WinHTTP proxy of the machine can't be decoded."
        )
    if native.proxy:
        return Effective(
            "winhttp",
            shown_proxies(native.proxy.text),
            "the machine's WinHTTP proxy (netsh winhttp)",
            "No static proxy is set, and WinHTTP has a proxy.",
        )
    return _detected_or_direct(state)


def _detected_or_direct(state: State) -> Effective:
    scope = _scope(state)
    found = state.wininet[scope]
    set_by = f"automatic detection in the settings of {scope}"
    if found.error or not found.default.readable:
        return Effective("unknown", None, set_by, f"The settings of {scope} can't be read.")
    defects = _defects(state)
    settings = found.default.settings
    # Without a value WinINET starts with detection on (.NET's and Wine's readers agree).
    if (settings is None or settings.auto_detect) and not defects:
        return Effective(
            "wpad", None, set_by, "Neither a static nor a WinHTTP proxy is set, and detection is on."
        )
    why = "; ".join(defects) if defects else f"detection is off for {scope}"
    return Effective(
        "direct", None, "nothing", f"No proxy is set, and there is no automatic detection: {why}."
    )


def _defects(state: State) -> list[str]:
    switches = state.part(WpadSwitches)
    own = ["DisableWpad is set, so WinHTTP does not use automatic detection"] if switches.disable_wpad else []
    return own + switches.defects(("machine",))


def _scope(state: State) -> str:
    return "system" if state.part(WpadSwitches).per_user else "machine"


def conflicts(state: State) -> list[str]:
    """Settings that contradict or hide each other, a sentence each."""
    found = []
    winhttp, values = state.part(WinHttp), state.part(DataCollection)
    server, static, native = values.server, values.proxy, winhttp.native
    if server is not None and static is None:
        found.append(
            f"TelemetryProxyServer is a {server.type} and not a filled REG_SZ, so the sensor can't read it."
        )
    if static and " " in static:
        found.append("TelemetryProxyServer holds a blank, which the sensor does not accept.")
    if static and native.proxy:
        uses = (
            "prefers the static one"
            if values.prefers_static
            else "is expected to use the static one, which is documented with PreferStaticProxyForHttpRequest alone"
        )
        found.append(f"A static proxy and a WinHTTP proxy are both set; the sensor {uses}.")
    if native != winhttp.wow64:
        found.append("The 32-bit view of the WinHTTP proxy differs from the 64-bit one.")
    scope = _scope(state)
    settings = state.wininet[scope].default.settings
    if settings and (settings.manual or settings.pac) and native.proxy is None:
        found.append(
            f"The settings of {scope} have a manual proxy or a setup script, which WinHTTP does not read."
        )
    if settings and settings.auto_detect and _defects(state):
        found.append(
            f"Automatic detection is on for {scope} but has no effect: {'; '.join(_defects(state))}."
        )
    return found
