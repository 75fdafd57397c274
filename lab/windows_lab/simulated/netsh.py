# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netsh.exe of a simulated endpoint: its winhttp context."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from windows_lab.simulated import netsh_advproxy
from windows_lab.simulated.blobs import MANUAL, WinHttp, pack_winhttp, unpack_winhttp, unpack_wininet
from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import AccessDenied, Process
from windows_lab.simulated.registry import Value

_SETTINGS = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
_CONNECTIONS = rf"{_SETTINGS}\Connections"
_POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\CurrentVersion\Internet Settings"
_SCHEMES = ("http", "https", "ftp", "socks")
# Contexts and commands at the top, and those of the context winhttp.
_REAL = frozenset((
    "?", "-?", "/?", "-a", "-c", "-f", "-r", "-u", "-p", "..", "abort", "add", "advfirewall", "alias",
    "branchcache", "bridge", "bye", "commit", "delete", "dhcpclient", "dnsclient", "dump", "exec", "exit",
    "firewall", "help", "http", "int", "interface", "ipsec", "lan", "mbn", "namespace", "netio",
    "offline", "online", "p2p", "popd", "pushd", "quit", "ras", "rpc", "set", "show", "trace", "unalias",
    "wcn", "wfp", "winsock", "wlan",
))
_REAL_WINHTTP = {
    **dict.fromkeys(("?", "dump", "help"), frozenset(("",))),
    "flush": frozenset(("", "logbuffer")),
    "import": frozenset(("",)),
    "reset": frozenset(("", "advproxy", "autoproxy", "tracing")),
    "set": frozenset(("", "advproxy", "tracing")),
    "show": frozenset(("", "advproxy", "tracing")),
}
_ACCESS_DENIED = 5
_INVALID_PARAMETER = 87


class _Failed(Exception):
    def __init__(self, number: int) -> None:
        self.number = number


def main(process: Process) -> int:
    """Run netsh.exe; gives its exit code."""
    arguments = process.argv[1:]
    words = tuple(word.lower() for word in arguments[:3])
    known = words[2:] != ("advproxy",) or netsh_advproxy.knows(process)
    action = _ACTIONS.get(words) if known else None
    if action is None:
        if known and _is_real([word.lower() for word in arguments[:3]]):
            raise NotModelled(f"netsh {' '.join(arguments)}")
        process.print(process.machine.texts.netsh_unknown.format(" ".join(arguments)))
        return 1
    try:
        return action(process, arguments[3:])
    except _Failed as failure:
        texts = process.machine.texts
        process.print("", texts.write_failed.format(failure.number, texts.windows_errors[failure.number]), "")
        return 1


def _is_real(words: list[str]) -> bool:
    """Whether netsh.exe of Windows has a command, or a part of itself, that begins so."""
    if words[:1] == ["winhttp"]:
        verb, what = (*words[1:], "", "")[:2]
        return verb == "" or what in _REAL_WINHTTP.get(verb, ())
    return words == [] or words[0] in _REAL


def _read(process: Process) -> WinHttp:
    registry = process.machine.registry
    value = registry.value(registry.locate(rf"HKLM\{_CONNECTIONS}", process.view), "WinHttpSettings")
    return unpack_winhttp(value.data) if value is not None and value.type == "REG_BINARY" else WinHttp()


def _write(process: Process, settings: WinHttp) -> int:
    if process.machine.profile.netsh == "stub":
        _print(process, settings)
        return 0
    try:
        data = pack_winhttp(settings, process.machine.profile.blob_header)
        path = process.machine.registry.locate(rf"HKLM\{_CONNECTIONS}", process.view)
        process.machine.write(path, Value("WinHttpSettings", "REG_BINARY", data))
    except UnicodeEncodeError as error:
        raise _Failed(_INVALID_PARAMETER) from error
    except AccessDenied as error:
        raise _Failed(_ACCESS_DENIED) from error
    _print(process, _read(process))
    return 0


def _print(process: Process, settings: WinHttp) -> None:
    words = process.machine.texts
    process.print("", words.winhttp_header, "")
    if settings.proxy:
        process.print(f"    {words.proxy_label}{settings.proxy}")
        process.print(f"    {words.bypass_label}{settings.bypass or words.none}")
    else:
        process.print(f"    {words.direct}")
    process.print("")


def _show(process: Process, _arguments: list[str]) -> int:
    _print(process, _read(process))
    return 0


def _reset(process: Process, _arguments: list[str]) -> int:
    return _write(process, WinHttp())


def _set(process: Process, arguments: list[str]) -> int:
    tags = _tags(arguments, ("proxy-server", "bypass-list"))
    if tags is None:
        process.print(process.machine.texts.windows_errors[_INVALID_PARAMETER])
        return 1
    settings = WinHttp(tags.get("proxy-server", ""), tags.get("bypass-list", ""))
    if not _valid_proxy_list(settings.proxy):
        raise _Failed(_INVALID_PARAMETER)
    return _write(process, settings)


def _set_advanced(process: Process, arguments: list[str]) -> int:
    if number := netsh_advproxy.set_advanced(process, arguments):
        raise _Failed(number)
    return netsh_advproxy.show(process, [])


def _tags(arguments: list[str], names: tuple[str, ...]) -> dict[str, str] | None:
    # `name=value` by name, everything else by position; a proxy such as http=a:1 is not taken for a tag.
    tags: dict[str, str] = {}
    open_names = list(names)
    for argument in arguments:
        name, equals, text = argument.partition("=")
        if equals and name.lower() in names:
            name = name.lower()
        elif open_names:
            name, text = open_names[0], argument
        else:
            return None
        if name in tags:
            return None
        tags[name] = text
        open_names.remove(name)
    return tags


def _valid_proxy_list(text: str) -> bool:
    items = [item for item in re.split(r"[;\s]+", text) if item]
    named = (item.partition("=")[0].lower() for item in items if "=" in item)
    return bool(items) and all(scheme in _SCHEMES for scheme in named)


def _import(process: Process, arguments: list[str]) -> int:
    tags = _tags(arguments, ("source",))
    if tags is None or tags.get("source", "").lower() != "ie":
        process.print(process.machine.texts.windows_errors[_INVALID_PARAMETER])
        return 1
    registry = process.machine.registry
    per_user = registry.value(registry.locate(_POLICY), "ProxySettingsPerUser")
    machine_wide = per_user is not None and not any(per_user.data)
    root = "HKLM" if machine_wide else "HKCU"
    value = registry.value(
        registry.locate(rf"{root}\{_CONNECTIONS}", process.view), "DefaultConnectionSettings"
    )
    source = unpack_wininet(value.data if value is not None else b"")
    # A setup script and automatic detection are not taken over, and nothing is said about it.
    manual = bool(source.flags & MANUAL and source.proxy)
    return _write(process, WinHttp(source.proxy, source.bypass) if manual else WinHttp())


def _dump(process: Process, _arguments: list[str]) -> int:
    settings = _read(process)
    line = "reset proxy"
    if settings.proxy:
        line = f'set proxy proxy-server="{settings.proxy}"'
        line += f' bypass-list="{settings.bypass}"' if settings.bypass else ""
    ruler = "# " + "-" * 41
    process.print(ruler, "# WinHTTP Proxy Configuration", ruler, "pushd winhttp", "", line, "", "popd", "")
    process.print("# End of WinHTTP Proxy Configuration", "")
    return 0


_ACTIONS: Mapping[tuple[str, ...], Callable[[Process, list[str]], int]] = {
    ("winhttp", "show", "advproxy"): netsh_advproxy.show,
    ("winhttp", "set", "advproxy"): _set_advanced,
    ("winhttp", "show", "proxy"): _show,
    ("winhttp", "set", "proxy"): _set,
    ("winhttp", "reset", "proxy"): _reset,
    ("winhttp", "import", "proxy"): _import,
    ("winhttp", "dump"): _dump,
}
