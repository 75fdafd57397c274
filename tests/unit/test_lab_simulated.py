# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated endpoint answers as Windows does: reg, netsh, sc, rights, languages and policies."""

from __future__ import annotations

import dataclasses

import pytest
from windows_lab.profiles import PROFILES, PolicyValue, Profile
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.simulated.registry import Registry
from windows_lab.simulated.seed import OTHER_SID, USER_BYPASS, USER_PROXY, USER_SID, fresh_root, sz

CONNECTIONS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
WINHTTP = rf"HKLM\{CONNECTIONS}"
DATA_COLLECTION = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"
KEY = r"HKCU\Software\Lab"
OWNED = PolicyValue(DATA_COLLECTION, "TelemetryProxyServer", "REG_SZ", sz("policy:1"))
DIRECT = bytes.fromhex("1800000000000000010000000000000000000000")


def endpoint(profile: str | Profile = "clean") -> SimulatedEndpoint:
    return SimulatedEndpoint("w1", PROFILES[profile] if isinstance(profile, str) else profile)


def out(line: str, profile: str | Profile = "clean") -> str:
    return endpoint(profile).run(line).stdout.decode().replace("\r\n", "\n")


def winhttp(target: SimulatedEndpoint, view: int = 64) -> bytes:
    found = target.value(WINHTTP, "WinHttpSettings", view)
    assert found is not None
    assert found[0] == "REG_BINARY"
    return found[1]


def test_reg_query_layout() -> None:
    target = endpoint()
    target.set_value(KEY, "", "REG_SZ", sz("d"))
    target.set_value(KEY, "Two Words", "REG_EXPAND_SZ", sz("%TEMP%"))
    target.set_value(KEY, "empty", "REG_SZ", sz(""))
    target.set_value(KEY, "list", "REG_MULTI_SZ", sz("a\0b\0"))
    target.set_value(KEY, "big", "REG_QWORD", bytes(7) + b"\1")
    target.set_value(KEY, "none", "REG_NONE", b"\xab")
    target.set_value(rf"{KEY}\sub", "big", "REG_DWORD", b"\xff\0\0\0")
    expected = (
        "\nHKEY_CURRENT_USER\\software\\LAB\n"
        "    (Default)    REG_SZ    d\n"
        "    Two Words    REG_EXPAND_SZ    %TEMP%\n"
        "    empty    REG_SZ    \n"
        "    list    REG_MULTI_SZ    a\\0b\n"
        "    big    REG_QWORD    0x100000000000000\n"
        "    none    REG_NONE    AB\n"
        "\n"
        "HKEY_CURRENT_USER\\software\\LAB\\sub\n"
    )
    assert target.run(r"reg query hkcu\software\LAB").stdout.decode().replace("\r\n", "\n") == expected
    found = target.run(rf"reg query {KEY} /v BIG /s").stdout.decode().replace("\r\n", "\n")
    assert found == (
        "\nHKEY_CURRENT_USER\\Software\\Lab\n    big    REG_QWORD    0x100000000000000\n\n"
        "HKEY_CURRENT_USER\\Software\\Lab\\sub\n    big    REG_DWORD    0xff\n\n"
        "End of search: 2 match(es) found.\n"
    )
    assert target.run(rf"reg query {KEY} /v none /s /reg:64").rc == 0
    assert target.run(rf"reg query {KEY} /v nowhere /s").rc == 1
    assert target.writes == []


@pytest.mark.parametrize(
    ("arguments", "type_name", "data"),
    [
        ("/d x", "REG_SZ", sz("x")),
        ("", "REG_SZ", sz("")),
        ('/t REG_SZ /d "a b;<c>"', "REG_SZ", sz("a b;<c>")),
        ("/t reg_dword /d 0x1F", "REG_DWORD", b"\x1f\0\0\0"),
        ("/t REG_DWORD /d 010", "REG_DWORD", b"\x0a\0\0\0"),
        ("/t REG_QWORD /d 4294967296", "REG_QWORD", b"\0\0\0\0\1\0\0\0"),
        ("/t REG_BINARY /d 46aB", "REG_BINARY", b"\x46\xab"),
        ('/t REG_BINARY /d ""', "REG_BINARY", b""),
        ("/t REG_MULTI_SZ /d a\\0b", "REG_MULTI_SZ", sz("a\0b\0")),
        ("/t REG_MULTI_SZ /s # /d a#b", "REG_MULTI_SZ", sz("a\0b\0")),
    ],
)
def test_reg_add_stores(arguments: str, type_name: str, data: bytes) -> None:
    target = endpoint()
    done = target.run(f'reg add "{KEY}" /v "X" {arguments} /f')
    assert (done.rc, done.stdout, done.stderr) == (0, b"The operation completed successfully.\r\n", b"")
    assert target.value(KEY, "x") == (type_name, data)
    assert [entry.split(" ")[0] for entry in target.writes] == ["create", "set"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("/t REG_DWORD /d abc", "ERROR: Invalid syntax. Specify valid numeric value for '/d'."),
        ("/t REG_DWORD /d -1", "ERROR: Invalid syntax. Specify valid numeric value for '/d'."),
        ("/t REG_DWORD /d 4294967296", "ERROR: Invalid syntax. Specify valid numeric value for '/d'."),
        ("/t REG_DWORD", "ERROR: Invalid syntax. Specify valid numeric value for '/d'."),
        ("/t REG_BINARY /d 0x46", "ERROR: Invalid syntax. Specify valid hexadecimal value for '/d'."),
        ("/t REG_TEXT /d x", "ERROR: Invalid syntax. Specify valid type for '/t'."),
        ("/t REG_MULTI_SZ /d a\\0\\0b", "ERROR: Invalid syntax."),
        ("/d x y", "ERROR: Invalid syntax."),
        ("/d", "ERROR: Invalid syntax."),
        ("/reg:32 /reg:64", "ERROR: Invalid syntax."),
        ("/v Y", "ERROR: Invalid syntax."),
    ],
)
def test_reg_add_refuses(arguments: str, error: str) -> None:
    target = endpoint()
    done = target.run(f'reg add "{KEY}" /v X {arguments} /f'.replace("/d /f", "/d"))
    assert done.rc == 1
    assert done.stderr.decode().split("\r\n")[0] == error
    assert target.writes == []
    assert not target.key_exists(KEY)


def test_reg_delete_takes_one_value_and_leaves_its_neighbours() -> None:
    target = endpoint()
    target.set_value(KEY, "a", "REG_SZ", sz("1"))
    target.set_value(KEY, "b", "REG_SZ", sz("2"))
    assert target.run(f'reg delete "{KEY}" /v "A" /f').rc == 0
    assert target.value(KEY, "a") is None
    assert target.value(KEY, "b") == ("REG_SZ", sz("2"))
    again = target.run(f'reg delete "{KEY}" /v "A" /f')
    assert again.rc == 1
    assert again.stderr.startswith(
        b"ERROR: The system was unable to find the specified registry key or value."
    )
    assert len(target.writes) == 1


def test_reg_asks_without_force() -> None:
    target = endpoint()
    target.run(f"reg add {KEY} /v a /d 1")
    target.run(f"reg add {KEY} /v a /d 2")
    assert target.value(KEY, "a") == ("REG_SZ", sz("1"))
    target.run(f"reg add {KEY} /v a /d 2", b"Yes\r\n")
    assert target.value(KEY, "a") == ("REG_SZ", sz("2"))
    target.run(f"reg delete {KEY}", b"y")
    assert not target.key_exists(KEY)


def test_registry_views() -> None:
    target = endpoint()
    target.run(r"reg add HKLM\SOFTWARE\Lab /v a /d 32 /f /reg:32&reg add HKLM\SOFTWARE\Lab /v b /d 64 /f")
    assert target.value(r"HKLM\Software\Lab", "a", 32) == ("REG_SZ", sz("32"))
    assert target.value(r"HKLM\Software\Wow6432Node\Lab", "A") == ("REG_SZ", sz("32"))
    assert target.value(r"HKLM\Software\Lab", "a") is None
    assert target.value(r"HKLM\Software\Lab", "b", 32) is None
    target.run(rf'reg add "{DATA_COLLECTION}" /v shared /d x /f /reg:32')
    shared = target.value(DATA_COLLECTION, "shared", 32)
    assert shared is not None
    assert target.value(DATA_COLLECTION, "shared", 64) == shared
    target.run(r"%SystemRoot%\SysWOW64\reg.exe add HKLM\SOFTWARE\Lab /v c /d x /f")
    assert target.value(r"HKLM\Software\Lab", "c", 32) is not None


def test_hives_and_their_second_names() -> None:
    target = endpoint()
    target.set_value(rf"HKU\.DEFAULT\{CONNECTIONS}", "x", "REG_SZ", sz("1"))
    assert target.value(rf"HKU\S-1-5-18\{CONNECTIONS}", "X") == ("REG_SZ", sz("1"))
    target.set_value(KEY, "x", "REG_SZ", sz("1"))
    assert target.value(KEY.replace("HKCU", rf"HKU\{USER_SID}"), "x") == ("REG_SZ", sz("1"))
    target.delete_value(KEY, "x")
    assert target.value(KEY, "x") is None


def test_endpoints_share_what_they_have_not_written() -> None:
    one, two = endpoint(), endpoint()
    one.run("netsh winhttp set proxy a:1")
    assert winhttp(two) == DIRECT
    root = fresh_root(PROFILES["clean"])
    written = Registry(root, USER_SID)
    written.delete(written.locate(WINHTTP), "WinHttpSettings")
    assert written.root is not root
    assert written.node(("HKU",)) is Registry(root, USER_SID).node(("HKU",))


@pytest.mark.parametrize(
    ("profile", "line", "blob"),
    [
        ("clean", "set proxy a:1", "18000000000000000300000003000000613a3100000000"),
        (
            "blob28",
            'set proxy proxy-server="a:1" bypass-list=""',
            "28000000000000000300000003000000613a3100000000",
        ),
        ("clean", 'set proxy a:1 "<local>"', "18000000000000000300000003000000613a31070000003c6c6f63616c3e"),
        ("clean", "set proxy http=a:1", "18000000000000000300000008000000687474703d613a3100000000"),
        ("blob28", "reset proxy", "2800000000000000010000000000000000000000"),
        ("stubnetsh", "set proxy a:1", DIRECT.hex()),
    ],
)
def test_netsh_writes_the_blob(profile: str, line: str, blob: str) -> None:
    target = endpoint(profile)
    assert target.run(f"netsh winhttp {line}").rc == 0
    assert winhttp(target).hex() == blob
    assert winhttp(target, 32) == DIRECT
    assert len(target.writes) == (profile != "stubnetsh")


def test_netsh_of_the_32_bit_view() -> None:
    target = endpoint()
    target.run(r'%SystemRoot%\SysWOW64\netsh.exe winhttp set proxy proxy-server="a:1" bypass-list="b"')
    assert winhttp(target) == DIRECT
    assert winhttp(target, 32)[16:19] == b"a:1"


@pytest.mark.parametrize(
    ("profile", "line", "error"),
    [
        ("denied", "set proxy a:1", "Error writing proxy settings. (5) Access is denied."),
        ("denied", "reset proxy", "Error writing proxy settings. (5) Access is denied."),
        ("clean", 'set proxy "ä:1"', "Error writing proxy settings. (87) The parameter is incorrect."),
        ("clean", "set proxy fake=a:1", "Error writing proxy settings. (87) The parameter is incorrect."),
        ("clean", 'set proxy ""', "Error writing proxy settings. (87) The parameter is incorrect."),
        ("clean", "set proxy a b c", "The parameter is incorrect."),
        ("clean", "frobnicate", "The following command was not found: winhttp frobnicate."),
    ],
)
def test_netsh_refuses(profile: str, line: str, error: str) -> None:
    target = endpoint(profile)
    done = target.run(f"netsh winhttp {line}")
    assert done.rc == 1
    assert error in done.stdout.decode().split("\r\n")
    assert target.writes == []


def test_netsh_show_and_dump() -> None:
    line = 'netsh winhttp set proxy proxy-server="a:1;b:2" bypass-list="<local>;*.c">nul&netsh winhttp '
    assert out(f"{line}show proxy") == (
        "\nCurrent WinHTTP proxy settings:\n\n"
        "    Proxy Server(s) :  a:1;b:2\n    Bypass List     :  <local>;*.c\n\n"
    )
    assert '\npushd winhttp\n\nset proxy proxy-server="a:1;b:2" bypass-list="<local>;*.c"\n\npopd\n' in out(
        f"{line}dump"
    )
    assert "\nreset proxy\n" in out("netsh winhttp dump")
    assert "    Direkter Zugriff (kein Proxyserver).\n" in out("netsh winhttp reset proxy", "german")


def test_import_takes_the_manual_proxy_only() -> None:
    target = endpoint()
    assert target.run("netsh winhttp import proxy source=ie").rc == 0
    blob = winhttp(target)
    assert blob[8] == 3
    assert blob[16:].startswith(USER_PROXY.encode())
    assert blob.endswith(USER_BYPASS.encode())
    script = bytes.fromhex("460000000100000005000000000000000000000001000000610000000000")
    target.set_value(rf"HKCU\{CONNECTIONS}", "DefaultConnectionSettings", "REG_BINARY", script)
    target.run("netsh winhttp import proxy source=ie")
    assert winhttp(target) == DIRECT


def test_not_elevated() -> None:
    target = endpoint("denied")
    assert target.run(rf'reg query "{WINHTTP}" /v WinHttpSettings').rc == 0
    assert target.run(rf'reg query "HKU\S-1-5-18\{CONNECTIONS}"').rc == 0
    for line in (
        rf"reg add {WINHTTP.replace(' ', '')} /v a /f",
        r"reg query HKU\S-1-5-20",
        rf"reg query HKU\{OTHER_SID}",
    ):
        done = target.run(line)
        assert (done.rc, done.stderr) == (1, b"ERROR: Access is denied.\r\n")
    assert target.run(f"reg add {KEY} /v a /d 1 /f").rc == 0
    assert len(target.writes) == 2


def test_registry_tools_switched_off() -> None:
    done = endpoint("noreg").run(r"reg query HKLM\SOFTWARE")
    assert (done.rc, done.stderr) == (
        1,
        b"ERROR: Registry editing has been disabled by your administrator.\r\n",
    )
    assert endpoint("noreg").run("netsh winhttp set proxy a:1").rc == 0


@pytest.mark.parametrize(
    ("locale", "default", "error", "success"),
    [
        ("de", "(Standard)", "FEHLER: ", "Der Vorgang wurde erfolgreich beendet."),
        ("ja", "(既定)", "エラー: ", "この操作を正しく終了しました。"),
    ],
)
def test_languages(locale: str, default: str, error: str, success: str) -> None:
    target = endpoint(Profile("x", locale=locale))
    assert target.run(f"reg add {KEY} /ve /d x /f").stdout.decode() == f"{success}\r\n"
    assert f"    {default}    REG_SZ    x\r\n" in target.run(f"reg query {KEY}").stdout.decode()
    assert target.run(r"reg query HKLM\Nope").stderr.decode().startswith(error)


def test_code_page_of_a_console() -> None:
    profile = dataclasses.replace(PROFILES["german"], codepage="cp850")
    assert "Registrierungsschlüssel".encode("cp850") in endpoint(profile).run(r"reg query HKLM\Nope").stderr


def test_policy_flips_back_with_the_next_line() -> None:
    target = endpoint(Profile("x", policy=(OWNED,)))
    query = f'reg query "{DATA_COLLECTION}" /v TelemetryProxyServer'
    write = f'reg add "{DATA_COLLECTION}" /v TelemetryProxyServer /t REG_SZ /d mine:1 /f'
    assert target.value(DATA_COLLECTION, "TelemetryProxyServer") == ("REG_SZ", sz("policy:1"))
    assert b"mine:1" in target.run(f"{write}&{query}").stdout
    assert b"policy:1" in target.run(query).stdout
    assert len(target.writes) == 1
    at_once = endpoint(Profile("x", policy=(OWNED,), policy_at_once=True))
    assert b"policy:1" in at_once.run(f"{write}&{query}").stdout


def test_policy_that_deletes_and_a_profile_that_adds() -> None:
    neighbour = PolicyValue(DATA_COLLECTION, "AllowTelemetry", "REG_DWORD", b"\1\0\0\0")
    target = endpoint(Profile("x", registry=(neighbour,), policy=(PolicyValue(DATA_COLLECTION, "gone"),)))
    assert target.value(DATA_COLLECTION, "AllowTelemetry") == ("REG_DWORD", b"\1\0\0\0")
    target.run(f'reg add "{DATA_COLLECTION}" /v gone /d x /f')
    assert target.run(f'reg query "{DATA_COLLECTION}" /v gone').rc == 1


def test_a_clean_endpoint() -> None:
    target = endpoint()
    version = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
    assert target.value(version, "CurrentBuildNumber") == ("REG_SZ", sz("22631"))
    assert target.value(version, "ProductName") == ("REG_SZ", sz("Windows 10 Pro"))
    assert not target.key_exists(DATA_COLLECTION)
    service = r"HKLM\SYSTEM\CurrentControlSet\Services\WinHttpAutoProxySvc"
    assert target.value(service, "Start") == ("REG_DWORD", b"\3\0\0\0")
    assert winhttp(target) == winhttp(target, 32) == DIRECT
    assert "STATE              : 4  RUNNING" in out("sc query Sense")
    assert "START_TYPE         : 3   DEMAND_START" in out("sc qc WinHttpAutoProxySvc")
    assert "STATE              : 1  STOPPED" in out("sc query Sense", Profile("x", onboarded=False))


def test_blocked_powershell() -> None:
    assert b"blocked by group policy" in endpoint("hardened").run("powershell -Command exit").stderr
    assert endpoint().run("powershell -Command exit").rc == 50
