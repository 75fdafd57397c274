# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One password in many encodings at every place that is read: no byte of it is printed or written to any file."""

from __future__ import annotations

import base64
import itertools
import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from windows_lab.lab import Lab

from tests.integration.play import Run
from tests.integration.rollout.rollout_site import URL, Change, raise_stage
from tests.integration.site import (
    ANTIVIRUS,
    CONNECTIONS,
    DATA_COLLECTION,
    SENSOR_POLICY,
    SENSOR_STATE,
    SETTINGS,
    SYSTEM_CONNECTIONS,
    WINHTTP,
    Site,
    named,
    sz,
    task,
    wininet,
)

pytestmark = pytest.mark.simulated
Simulated = Callable[..., Site]

SECRET = "Zq7Kw9Xv3Jt5"
# Half of it would be too much already.
HALVES = (SECRET[:6], SECRET[6:])
# Room for each form of the secret at one place.
ENDPOINTS = 6
# The last ones are sent where the service can't be reached, so that what was written is taken back.
CUT_OFF = 3
# The most that there is: -vvvv and above print what a connection sends.
VERBOSE = "-vvvvvv"


def wide(text: str) -> str:
    """A text in full-width letters."""
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


def percent(text: str) -> str:
    return "".join(f"%{ord(letter):02X}" for letter in text)


TEXTS = [
    f"svc:{SECRET}@old.test:8080",
    f"http=svc:{SECRET}@old.test:8080;https=other.test:1",
    f"http://svc:{SECRET}@old.test:8080/",
    f"svc%3A{SECRET}%40old.test:8080",
    f"svc:{SECRET}\uff20old.test:8080",
    f"svc:{SECRET}\ufe6bold.test",
    f"svc:{wide(SECRET)}@old.test:8080",
    f"svc:{percent(SECRET)}@old.test:8080",
    f"http=svc:{SECRET}",
    f"svc:p@{SECRET}!",
    f"http://wpad.test/proxy.pac?user=svc&key={SECRET}",
    f"http://svc:{SECRET}@wpad.test/proxy.pac",
    f"http://wpad.test/proxy.pac#{SECRET}",
    f"old.test:8080 password={SECRET}",
    f"corp\\svc:{SECRET}",
    f"svc:{base64.b64encode(SECRET.encode()).decode()}==@old.test:1",
]
UNITS = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-7")


def stored() -> Iterator[tuple[str, bytes]]:
    """Types and bytes, each with the secret somewhere."""
    for text in TEXTS:
        ascii_ = text.encode("ascii", "replace") if text.isascii() else text.encode()
        yield "REG_SZ", sz(text)
        yield "REG_BINARY", wininet(3, text)
        yield "REG_BINARY", named("old.test:1", text) if text.isascii() else named("old.test:1") + ascii_
        yield "REG_BINARY", wininet(13, script=text)
    whole = TEXTS[0]
    for type_ in ("REG_BINARY", "REG_NONE", "REG_EXPAND_SZ", "REG_MULTI_SZ"):
        yield type_, sz(whole)
        yield type_, sz(SECRET[::-1])
        for unit in UNITS:
            yield type_, whole.encode(unit)
    yield "REG_BINARY", whole.encode()
    yield "REG_NONE", SECRET.encode()
    yield "REG_BINARY", SECRET[::-1].encode()
    yield "REG_BINARY", wininet(9)[:-32] + SECRET.encode()
    yield "REG_BINARY", named("old.test:1") + SECRET.encode("utf-16-le")
    yield "REG_QWORD", SECRET[:8].encode()
    yield "REG_DWORD", SECRET[:4].encode()
    yield "REG_SZ", sz(SECRET.encode().hex() + "!")


PLACES = [
    (CONNECTIONS, "WinHttpSettings", 64),
    (CONNECTIONS, "WinHttpSettings", 32),
    (DATA_COLLECTION, "TelemetryProxyServer", 64),
    (DATA_COLLECTION, "DisableEnterpriseAuthProxy", 64),
    (SENSOR_POLICY, "PreferStaticProxyForHttpRequest", 64),
    (ANTIVIRUS, "ProxyServer", 64),
    (ANTIVIRUS, "ProxyPacUrl", 64),
    (ANTIVIRUS, "ProxyBypass", 64),
    (WINHTTP, "DisableWpad", 64),
    (SYSTEM_CONNECTIONS, "DefaultConnectionSettings", 64),
    (SYSTEM_CONNECTIONS, "SavedLegacySettings", 64),
    (rf"HKU\S-1-5-18\{SETTINGS}", "AutoConfigURL", 64),
    (rf"HKU\S-1-5-18\{SETTINGS}", "AutoDetect", 64),
    (rf"HKCU\{SETTINGS}\Connections", "DefaultConnectionSettings", 64),
    (rf"HKCU\{SETTINGS}", "ProxyEnable", 64),
    (rf"HKCU\{SETTINGS}", "AutoConfigURL", 64),
]


def plant(lab: Lab) -> int:
    """Put a form of the secret at every place of every endpoint; says how many forms there are."""
    forms = list(stored())
    turn = itertools.cycle(forms)
    for endpoint in lab.endpoints.values():
        for key, name, view in PLACES:
            type_, data = next(turn)
            endpoint.set_value(key, name, type_, data, view)
        endpoint.set_value(SENSOR_STATE, "SenseId", "REG_SZ", sz(SECRET))
        endpoint.set_value(SENSOR_STATE, "OnboardedInfo", "REG_SZ", sz(onboarded_info()))
    return len(forms)


def onboarded_info() -> str:
    """What the sensor keeps, with the secret in the place of every text that is looked at or not."""
    names = ("orgId", "datacenter", "partnerGeoLocation", "vortexGeoLocation", "geoLocationUrl", SECRET)
    return json.dumps({"body": json.dumps(dict.fromkeys(names, f"GW_{SECRET}")), "sig": SECRET})


def needles() -> dict[str, bytes]:
    """Every way in which half of the secret would be recognised, in lower case."""
    found: dict[str, bytes] = {}
    halves = [*HALVES, *(half[::-1] for half in HALVES)]
    halves += [spell(half) for half in HALVES for spell in (wide, percent)]
    halves += [base64.b64encode(SECRET.encode()).decode(), SECRET.encode().hex()]
    for half, unit in itertools.product(halves, ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")):
        data = half.encode(unit)
        found[f"{half} {unit}"] = data
        found[f"{half} {unit} hex"] = data.hex().encode()
        found[f"{half} {unit} pairs"] = data.hex(",").encode()
        for start in range(3):
            found[f"{half} {unit} base64 {start}"] = base64.b64encode(bytes(start) + data)[4 if start else 0 : -4]
    for half in HALVES:
        found[f"{half} wide, JSON"] = wide(half).encode("ascii", "backslashreplace")
        found[f"{half} wide, URL"] = quote(wide(half)).encode()
    for size, letter in ((4, "I"), (8, "Q")):
        (number,) = struct.unpack(f"<{letter}", SECRET[:size].encode())
        found[f"number of {size} bytes"] = str(number).encode()
        found[f"number of {size} bytes, hex"] = f"{number:x}".encode()
    return {name: needle.lower() for name, needle in found.items()}


NEEDLES = needles()


def leaks(data: bytes) -> list[str]:
    lower = data.lower()
    return [name for name, needle in NEEDLES.items() if needle in lower]


def assert_nothing_leaked(run: Run, work: Path) -> None:
    assert "NO MORE HOSTS" not in run.output or run.rc
    assert leaks(run.output.encode()) == []
    files = [path for path in work.rglob("*") if path.is_file()]
    assert {str(path): found for path in files if (found := leaks(path.read_bytes()))} == {}


def test_the_search_finds_what_is_planted() -> None:
    for _type, data in stored():
        number = int.from_bytes(data[:8], "little")
        assert leaks(data) or leaks(data.hex().encode()) or leaks(str(number).encode()), data
    assert len({data for _type, data in stored()}) > 70
    assert leaks(base64.b64encode(b"x" + SECRET.encode() + b"yz"))


WPAD = {"state": "enabled", "manual_settings": "clear", "scope": ["system", "connection"]}
TASKS = [
    task("endpoint_info", {}),
    task("winhttp_proxy", {"proxy": "p.test:1"}, ignore_errors=True),
    task("winhttp_import_ie", {"source": "connection", "allow_direct": True}, ignore_errors=True),
    task("datacollection_proxy", {"server": "p.test:1"}, ignore_errors=True),
    task("antivirus_proxy", {"proxy": "http://p.test:1"}, ignore_errors=True),
    task("wpad", WPAD, ignore_errors=True),
    task("sensor_contacts", {}, ignore_errors=True),
    task("reachability", {"urls": [URL], "service_urls": False, "timeout": 2}, ignore_errors=True),
    task("reachability", {"regions": "auto", "generation": "auto"}, ignore_errors=True),
]  # fmt: skip


@pytest.mark.parametrize("connection", ["winrs", "psrp", "ssh_cmd"])
def test_no_module_shows_a_secret_of_the_endpoint(simulated: Simulated, connection: str) -> None:
    site = simulated(endpoints=ENDPOINTS)
    assert plant(site.lab) <= ENDPOINTS * len(PLACES)
    # Each at its place again, so that a later task finds the secret as well as the first.
    for arguments in (["--check"], []):
        run = site.run(*TASKS, arguments=[VERBOSE, "--diff", "--forks", "10", *arguments], connection=connection)
        assert_nothing_leaked(run, site.work)
    changed = [outcome for outcome in run.outcomes if outcome.result.get("changed")]
    assert len(changed) >= ENDPOINTS
    assert sum("withheld" in str(outcome.result) for outcome in run.outcomes) >= 2 * ENDPOINTS


def test_no_file_of_a_change_holds_a_secret_of_an_endpoint(tmp_path: Path) -> None:
    with raise_stage() as network, Lab(endpoints=ENDPOINTS) as lab:
        change = Change(lab, network, tmp_path)
        plant(lab)
        settings = {
            "endpoint_proxy_winhttp_proxy": {"proxy": network.proxy, "bypass": ["*.corp.test"]},
            "endpoint_proxy_wpad": {"state": "enabled", "manual_settings": "clear"},
            "mde_batches": [1, "100%"],
            "mde_max_failures": ENDPOINTS,
        }
        more = [VERBOSE, "--diff", "--forks", "10"]
        assert_nothing_leaked(change.play("plan", *more, **settings), tmp_path)
        for name in list(lab.endpoints)[-CUT_OFF:]:
            change.distrust(name)
        applied = change.play("rollout", *more, **settings)
        assert_nothing_leaked(applied, tmp_path)
        verdicts = list(change.verdicts().values())
        assert len(verdicts) == ENDPOINTS, applied.output[-3000:]
        assert verdicts.count("rolled_back") >= 1
        assert verdicts.count("ok") >= 1
        for playbook in ("audit", "verify", "rollback"):
            assert_nothing_leaked(change.play(playbook, *more, **settings), tmp_path)


def test_credentials_in_a_stored_bypass_list_are_not_shown(simulated: Simulated) -> None:
    site = simulated()
    stored = named("old.test:1", "bob:S3cr3t@x.test;a.test")
    site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", stored)
    run = site.run(
        task("winhttp_proxy", {"proxy": "p.test:1"}, ignore_errors=True),
        task("endpoint_info", {}),
        task("winhttp_proxy", {"proxy": "p.test:1", "bypass": "a.test"}),
        arguments=["-v", "--diff"],
    )
    # To keep it, it would have to stand on a command line.
    assert "bypass: the list on the endpoint can't be kept" in run.results()[0]["msg"]
    assert run.results()[2]["changed"]
    assert "S3cr3t" not in run.output
    assert "S3cr3t" not in str(run.results())
