# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of a fresh endpoint: a Windows 11 with the sensor, three users, and no proxy for WinHTTP."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from windows_lab.profiles import ORGANISATION, Profile
from windows_lab.simulated.blobs import DIRECT, MANUAL, SCRIPT, WinHttp, WinInet, pack_winhttp, pack_wininet
from windows_lab.simulated.registry import Node, Registry, Value

DOMAIN_SID = "S-1-5-21-1004336348-1177238915-682003330"
# The account that connects: member of Administrators, with a proxy of its own in Internet Options.
USER_SID = f"{DOMAIN_SID}-1001"
# Logged on as well; uses a setup script.
OTHER_SID = f"{DOMAIN_SID}-1002"
# Known to the endpoint, but not logged on: no hive under HKU.
AWAY_SID = f"{DOMAIN_SID}-1003"

USER_PROXY = "user-proxy.lab.test:8080"
USER_BYPASS = "<local>;*.lab.test"
OTHER_SCRIPT = "http://wpad.lab.test/proxy.pac"

_CURRENT_VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_SETTINGS = r"Microsoft\Windows\CurrentVersion\Internet Settings"
_SENSOR = r"HKLM\SOFTWARE\Microsoft\Windows Advanced Threat Protection"
_ANTIVIRUS = r"HKLM\SOFTWARE\Microsoft\Windows Defender"
_SYSTEM = r"HKLM\SYSTEM\CurrentControlSet"

_ACCOUNTS = {
    "S-1-5-18": (r"%systemroot%\system32\config\systemprofile", WinInet()),
    "S-1-5-19": (r"%systemroot%\ServiceProfiles\LocalService", WinInet()),
    "S-1-5-20": (r"%systemroot%\ServiceProfiles\NetworkService", WinInet()),
    USER_SID: (r"C:\Users\lab", WinInet(DIRECT | MANUAL, USER_PROXY, USER_BYPASS)),
    OTHER_SID: (r"C:\Users\anna", WinInet(DIRECT | SCRIPT, script=OTHER_SCRIPT)),
    AWAY_SID: (r"C:\Users\away", None),
}

# name: (Type, Start, account, program, display name, what it depends on)
_SERVICES = {
    "DiagTrack": (0x10, 2, "LocalSystem", "svchost.exe -k utcsvc -p", "Connected User Experiences", "RpcSs"),
    "Sense": (
        0x10,
        2,
        "LocalSystem",
        "MsSense.exe",
        "Windows Defender Advanced Threat Protection Service",
        "",
    ),
    "WinDefend": (0x10, 2, "LocalSystem", "MsMpEng.exe", "Microsoft Defender Antivirus Service", "RpcSs"),
    "WinHttpAutoProxySvc": (
        0x20,
        3,
        r"NT AUTHORITY\LocalService",
        r"%SystemRoot%\system32\svchost.exe -k LocalServiceNetworkRestricted -p",
        "WinHTTP Web Proxy Auto-Discovery Service",
        "Dhcp",
    ),
}

_Row = tuple[str, Value]


def sz(text: str) -> bytes:
    """The bytes of a REG_SZ."""
    return f"{text}\0".encode("utf-16-le")


def _text(key: str, name: str, text: str, type_name: str = "REG_SZ") -> _Row:
    return key, Value(name, type_name, sz(text))


def _dword(key: str, name: str, number: int) -> _Row:
    return key, Value(name, "REG_DWORD", number.to_bytes(4, "little"))


def _windows() -> Iterator[_Row]:
    # Windows 11 still calls itself 10 in ProductName; only the build tells.
    yield _text(_CURRENT_VERSION, "CurrentBuild", "22631")
    yield _text(_CURRENT_VERSION, "CurrentBuildNumber", "22631")
    yield _text(_CURRENT_VERSION, "CurrentVersion", "6.3")
    yield _text(_CURRENT_VERSION, "DisplayVersion", "23H2")
    yield _text(_CURRENT_VERSION, "EditionID", "Professional")
    yield _text(_CURRENT_VERSION, "InstallationType", "Client")
    yield _text(_CURRENT_VERSION, "ProductName", "Windows 10 Pro")
    yield _dword(_CURRENT_VERSION, "UBR", 4460)
    environment = rf"{_SYSTEM}\Control\Session Manager\Environment"
    yield _text(environment, "ComSpec", r"%SystemRoot%\system32\cmd.exe", "REG_EXPAND_SZ")
    yield _text(environment, "PROCESSOR_ARCHITECTURE", "AMD64")
    yield _text(environment, "windir", "%SystemRoot%", "REG_EXPAND_SZ")


def _proxies() -> Iterator[_Row]:
    direct = Value("WinHttpSettings", "REG_BINARY", pack_winhttp(WinHttp(), 0x18))
    for software in (r"HKLM\SOFTWARE", r"HKLM\SOFTWARE\WOW6432Node"):
        yield rf"{software}\{_SETTINGS}\Connections", direct
        yield _dword(rf"{software}\{_SETTINGS}\WinHttp", "DisableBranchCache", 0)


def _accounts() -> Iterator[_Row]:
    profiles = rf"{_CURRENT_VERSION}\ProfileList"
    yield _text(profiles, "ProfilesDirectory", r"%SystemDrive%\Users", "REG_EXPAND_SZ")
    for sid, (directory, settings) in _ACCOUNTS.items():
        yield _text(rf"{profiles}\{sid}", "ProfileImagePath", directory, "REG_EXPAND_SZ")
        yield _dword(rf"{profiles}\{sid}", "State", 0)
        if settings is not None:
            yield from _hive(sid, settings)


def _hive(sid: str, settings: WinInet) -> Iterator[_Row]:
    key = rf"HKU\{sid}\Software\{_SETTINGS}"
    manual = bool(settings.flags & MANUAL)
    yield _dword(key, "ProxyEnable", int(manual))
    if manual:
        yield _text(key, "ProxyServer", settings.proxy)
        yield _text(key, "ProxyOverride", settings.bypass)
    if settings.script:
        yield _text(key, "AutoConfigURL", settings.script)
    data = pack_wininet(settings)
    for name in ("DefaultConnectionSettings", "SavedLegacySettings"):
        yield rf"{key}\Connections", Value(name, "REG_BINARY", data)


def _services() -> Iterator[_Row]:
    for name, (kind, start, account, program, title, needs) in _SERVICES.items():
        key = rf"{_SYSTEM}\Services\{name}"
        yield _text(key, "DisplayName", title)
        yield _dword(key, "ErrorControl", 1)
        yield _text(key, "ImagePath", program, "REG_EXPAND_SZ")
        yield _text(key, "ObjectName", account)
        yield _dword(key, "Start", start)
        yield _dword(key, "Type", kind)
        if needs:
            yield key, Value("DependOnService", "REG_MULTI_SZ", sz(f"{needs}\0"))


def _antivirus() -> Iterator[_Row]:
    yield _text(_ANTIVIRUS, "InstallLocation", r"C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24090.11-0\\")
    yield _text(rf"{_ANTIVIRUS}\Signature Updates", "EngineVersion", "1.1.24090.11")
    yield _text(rf"{_ANTIVIRUS}\Signature Updates", "AVSignatureVersion", "1.421.1.0")


def _sensor(profile: Profile) -> Iterator[_Row]:
    yield _text(_SENSOR, "InstallLocation", r"C:\Program Files\Windows Defender Advanced Threat Protection\\")
    yield _dword(rf"{_SENSOR}\Status", "OnboardingState", int(profile.onboarded))
    if profile.onboarded:
        yield _text(_SENSOR, "SenseId", "f0e1d2c3b4a5968778695a4b3c2d1e0f00112233")
        yield _text(rf"{_SENSOR}\Status", "OrgID", ORGANISATION)
    if profile.onboarded and profile.tenant:
        yield _text(_SENSOR, "OnboardedInfo", profile.tenant.onboarded_info)


@functools.cache
def fresh_root(profile: Profile) -> Node:
    """The registry that endpoints of a profile begin with; one object for all of them."""
    registry = Registry(Node.empty(""), USER_SID)
    for row in (_windows(), _proxies(), _accounts(), _services(), _antivirus(), _sensor(profile)):
        for key, value in row:
            registry.set(registry.locate(key), value)
    registry.make_key(registry.locate(r"HKLM\SOFTWARE\Policies\Microsoft\Windows"))
    for sid in (USER_SID, OTHER_SID):
        registry.make_key(registry.locate(rf"HKU\{sid}_Classes"))
    for extra in profile.registry:
        path = registry.locate(extra.key, extra.view)
        if extra.data is None:
            registry.delete(path, extra.name)
        else:
            registry.set(path, Value(extra.name, extra.type, extra.data))
    return registry.root
