# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of an endpoint, and what changes between two states of it, in words for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._resources._onboarding import onboarded_as

NOT_SET = "not set"
UNKNOWN = "unknown"
_UNREADABLE = "unreadable"
_BYPASS = "bypass list"
_METHODS = {"static": "static proxy", "winhttp": "WinHTTP proxy", "wpad": "WPAD", "direct": "no proxy"}
_SCOPES = {
    "system": "SYSTEM",
    "local_service": "LOCAL SERVICE",
    "network_service": "NETWORK SERVICE",
    "machine": "the machine",
    "connection": "the connecting user",
}
_DATA_COLLECTION = {
    "telemetry_proxy_server": "static proxy",
    "disable_enterprise_auth_proxy": "DisableEnterpriseAuthProxy",
    "prefer_static_proxy": "PreferStaticProxyForHttpRequest",
}
_ANTIVIRUS = {
    "proxy_server": "antivirus proxy",
    "proxy_pac_url": "antivirus PAC URL",
    "proxy_bypass": f"antivirus {_BYPASS}",
}
_PLACES = {
    "static proxy": "static",
    "WinHTTP proxy of 64-bit programs": "WinHTTP",
    "PAC URL of SYSTEM": "PAC",
    "manual proxy of SYSTEM": "manual",
}
_PACKAGE = {"name": "onboarding package", "sha256": "SHA-256 of the package"}
_SWITCHES = {
    "disable_wpad": "DisableWpad",
    "disable_wpad_policy": "DisableWpad below Policies",
    "service_start": "start of WinHttpAutoProxySvc",
    "per_user": "proxy settings per user",
}
# Bytes, counters and what only says how the rest was read are no settings.
_NO_SETTINGS = frozenset(("counter", "direct", "raw", "readable", "saved_legacy_settings"))


@dataclass(frozen=True)
class Difference:
    """One setting in which two states differ: what it is called, what it was and what it is."""

    setting: str
    old: str
    new: str

    def __str__(self) -> str:
        if _BYPASS not in self.setting or UNKNOWN in (self.old, self.new) or _UNREADABLE in (self.old, self.new):
            return f"{self.setting}: {self.old} -> {self.new}"
        was, now = ([] if text in ("none", NOT_SET) else text.split(", ") for text in (self.old, self.new))
        more = [f"+ {entry}" for entry in now if entry not in was]
        less = [f"- {entry}" for entry in was if entry not in now]
        return f"{self.setting}: {', '.join((*more, *less)) or 'another order'}"


def wins(report: Mapping[str, Any]) -> str:
    """Which proxy the sensor is expected to use, such as "WinHTTP proxy.example.com:8080".

    report is one of endpoint_proxy or endpoint_info; an empty one is a state that nobody knows. Where it is about the
    onboarding alone, it is the connectivity instead.
    """
    onboarding = report.get("onboarding")
    if "effective" not in report and isinstance(onboarding, Mapping):
        return str(onboarding.get("connectivity") or UNKNOWN)
    effective = report.get("effective")
    if not isinstance(effective, Mapping):
        return UNKNOWN
    method, proxy = str(effective.get("method") or UNKNOWN), effective.get("proxy")
    return f"{_METHODS.get(method, method).removesuffix(' proxy')} {proxy}" if proxy else _METHODS.get(method, method)


def places(report: Mapping[str, Any]) -> str:
    """What is set on an endpoint by which the sensor may go, such as "WinHTTP proxy.example.com:8080, WPAD"."""
    if not report:
        return UNKNOWN
    found, nothing = settings(report), ("none", NOT_SET)
    named = [f"{word} {found[name]}" for name, word in _PLACES.items() if found.get(name, NOT_SET) not in nothing]
    detects = {"on": ["WPAD"], _UNREADABLE: [f"WPAD {_UNREADABLE}"]}
    return ", ".join((*named, *detects.get(found.get("WPAD of SYSTEM", ""), ()))) or "none"


def settings(report: Mapping[str, Any]) -> dict[str, str]:
    """Every setting of a report by its name, in words.

    A setting of one of several accounts or views is named "SETTING of PLACE". Counters and bytes are left out.
    """
    return dict(_settings(report))


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """The settings in which two reports differ; accounts and views that change alike are told together.

    The proxy that wins comes first; why it does, and what conflicts, is not among them. Empty where one of the states
    is not known.
    """
    if not before or not after:
        return []
    old, new = settings(before), settings(after)
    places: dict[tuple[str, str, str], list[str]] = {}
    for name in dict.fromkeys((*old, *new)):
        values = old.get(name, NOT_SET), new.get(name, NOT_SET)
        if values[0] != values[1] and name not in DERIVED:
            setting, _of, place = name.partition(" of ")
            places.setdefault((setting, *values), []).append(place)
    return [
        Difference(f"{setting} of {', '.join(found)}" if all(found) else setting, was, now)
        for (setting, was, now), found in places.items()
    ]


# Names of what follows from the settings beside it.
DERIVED = ("set by", "because", "conflicts")


def _settings(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not report:
        return
    if "effective" in report:
        effective = report["effective"] if isinstance(report["effective"], Mapping) else {}
        yield "proxy that wins", wins(report)
        yield "set by", _value(effective.get("set_by"))
        yield "because", _value(effective.get("why"))
    for name, part in report.items():
        if name in _PARTS and isinstance(part, Mapping):
            yield from _PARTS[name](part)
        elif name != "effective":
            yield from _leaves(name, part)


def _winhttp(part: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for view, programs in (("native", "64-bit programs"), ("wow64", "32-bit programs")):
        found = part.get(view)
        if isinstance(found, Mapping):
            for setting, name in (("WinHTTP proxy", "proxy"), ("WinHTTP bypass list", "bypass")):
                value = _UNREADABLE if found.get("readable") is False else _value(found.get(name), "none")
                yield f"{setting} of {programs}", value


def _wininet(part: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for scope, found in part.items():
        if isinstance(found, Mapping):
            place = _SCOPES.get(scope, scope)
            for setting, value in _account(found):
                yield f"{setting} of {place}", value


def _account(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if found.get("readable") is False:
        yield "WPAD", _UNREADABLE
    else:
        yield "WPAD", _value(found.get("auto_detect"))
        proxy = _value(found.get("proxy"), "none")
        yield "manual proxy", proxy if proxy == "none" or found.get("proxy_enabled") else f"{proxy} (off)"
        yield "bypass list", _value(found.get("bypass"), "none")
        yield "PAC URL", _value(found.get("auto_config_url"), "none")
    for name, value in found.items():
        if name.endswith("_value"):
            yield f"value {''.join(word.title() for word in name.removesuffix('_value').split('_'))}", _value(value)


def _named(names: Mapping[str, str], part: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in part.items():
        yield names.get(name, name), _value(value)


def _antivirus(part: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    # Which of them the antivirus uses follows from the values.
    return _named(_ANTIVIRUS, {name: value for name, value in part.items() if name != "effective"})


_PARTS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[tuple[str, str]]]] = {
    "winhttp": _winhttp,
    "wininet": _wininet,
    "datacollection": lambda part: _named(_DATA_COLLECTION, part),
    "wpad": lambda part: _named(_SWITCHES, part),
    "onboarding": lambda part: iter((("onboarded", onboarded_as(part)),)),
    "antivirus": _antivirus,
    "package": lambda part: _named(_PACKAGE, part),
}


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """What this page has no words for, by the names that it has in the report."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name not in _NO_SETTINGS:
                yield from _leaves(f"{path}.{name}", item)
    else:
        yield path, _value(value, "none" if isinstance(value, list) else NOT_SET)


def _value(value: Any, nothing: str = NOT_SET) -> str:
    if value is None or value in ("", []):
        return nothing
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
