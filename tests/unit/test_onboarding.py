# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an endpoint is onboarded, read from simulated endpoints in this process, whatever their registry holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._auto import decided
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._reachability import Reachability
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._endpoint_info import EndpointInfo
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._onboarding import onboarded_as
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import (
    InvalidOption,
    Refused,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._state import State
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Endpoint
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry import Reading
from windows_lab.profiles import ORGANISATION, PROFILES, Profile, Tenant, windows
from windows_lab.simulated.endpoint import SimulatedEndpoint

SENSOR = r"HKLM\SOFTWARE\Microsoft\Windows Advanced Threat Protection"
OPTIONS: dict[str, Any] = {
    "generation": "auto", "cloud": "commercial", "regions": ["auto"], "windows_build": None, "include_optional": True,
    "files": [], "urls": [], "service_urls": True, "unprobed": "omit", "ports": [], "paths": ["effective"],
    "run_as": "connection", "timeout": 10, "deadline": 100, "parallel": 8, "engine": "auto",
}  # fmt: skip


class Direct:
    """A connection that hands each line to a simulated endpoint."""

    transport = "mde.connectivity.winrs"

    def __init__(self, endpoint: SimulatedEndpoint) -> None:
        self._endpoint = endpoint

    def exec_command(self, cmd: str, in_data: Any = None) -> tuple[int, bytes, bytes]:
        completed = self._endpoint.run(cmd)
        return completed.rc, completed.stdout, completed.stderr


def read(endpoint: SimulatedEndpoint) -> tuple[State, dict[str, Any]]:
    """The state of an endpoint, and its report."""
    info = EndpointInfo({})
    reading = Reading(info.queries())
    state = info.decode(reading.parse(Endpoint(Direct(endpoint)).run(list(reading.commands))), State())
    return state, info.report(state)


def onboarding(profile: Profile, text: str | None = None) -> dict[str, Any]:
    endpoint = SimulatedEndpoint("pc", profile)
    if text is not None:
        endpoint.set_value(SENSOR, "OnboardedInfo", "REG_SZ", f"{text}\0".encode("utf-16-le"))
    found: dict[str, Any] = read(endpoint)[1]["onboarding"]
    return found


WAYS = {
    "clean": ("standard", "commercial", "eu", "built_in"),
    "streamlined": ("streamlined", "commercial", "us", "built_in"),
    "gcc": ("standard", "gcc", "us", "built_in"),
    "government": ("streamlined", None, "us", "built_in"),
    "unified": ("streamlined", "commercial", "uk", "unified"),
    "offboarded": ("not_onboarded", None, None, "built_in"),
    "unsaid": ("unknown", None, None, "built_in"),
    "mma": ("unknown", None, None, "mma"),
}


@pytest.mark.parametrize("name", WAYS)
def test_an_endpoint_says_how_it_is_onboarded(name: str) -> None:
    found = onboarding(PROFILES[name])
    assert tuple(found[part] for part in ("connectivity", "cloud", "region", "agent")) == WAYS[name]
    assert bool(found["missing"]) == (None in WAYS[name])


@pytest.mark.parametrize(
    ("geography", "region"),
    [("US", "us"), ("EU", "eu"), ("UK", "uk"), ("AU", "au"), ("CH", "ch"), ("IN", "in"), ("INA", "in"), ("AE", "ae")],
)
def test_the_partners_geography_comes_before_the_other(geography: str, region: str) -> None:
    both = onboarding(Profile("both", tenant=Tenant("FFL4", "x", f"GW_{geography}")))
    alone = onboarding(Profile("alone", tenant=Tenant(geography, "x")))
    assert [(each["connectivity"], each["region"]) for each in (both, alone)] == [
        ("streamlined", region),
        ("standard", region),
    ]


BODY = {"orgId": ORGANISATION, "vortexGeoLocation": "EU"}
ODD = {
    "nothing": ("", "unknown", None),
    "no json": ("{", "unknown", None),
    "a list": ("[1]", "unknown", None),
    "deep": ("[" * 30_000, "unknown", None),
    "digits": ('{"body": ' + "9" * 5000 + "}", "unknown", None),
    "no body": (json.dumps({"sig": "x"}), "unknown", None),
    "a number for a name": (json.dumps({"body": json.dumps({"vortexGeoLocation": 7})}), "unknown", None),
    "too long": ("{" + " " * 70_000 + "}", "unknown", None),
    "unpacked": (json.dumps({"body": BODY}), "standard", "eu"),
    "bare": (json.dumps(BODY), "standard", "eu"),
    "other letters": (json.dumps({"Body": json.dumps({"PARTNERGEOLOCATION": "gw_eu"})}), "streamlined", "eu"),
    "lines": (json.dumps({"body": BODY}, indent=1), "standard", "eu"),
    "elsewhere": (json.dumps({"body": {"vortexGeoLocation": "ASM"}}), "standard", None),
    "secret": (json.dumps({"body": {"vortexGeoLocation": f"{ORGANISATION}"}}), "standard", None),
}


@pytest.mark.parametrize("name", ODD)
def test_whatever_the_value_holds_it_is_read_or_unknown_and_never_shown(name: str) -> None:
    text, connectivity, region = ODD[name]
    found = onboarding(PROFILES["clean"], text)
    assert (found["connectivity"], found["region"]) == (connectivity, region)
    assert bool(found["missing"]) == (region is None)
    assert ("ASM" in found["missing"]) == (name == "elsewhere"), "a geography has a short name, and is told"
    assert ORGANISATION not in json.dumps(found)


def test_the_report_of_an_endpoint_holds_no_identifier_of_the_organisation() -> None:
    endpoint = SimulatedEndpoint("pc", PROFILES["streamlined"])
    stored = endpoint.value(SENSOR, "OnboardedInfo")
    assert stored is not None
    assert ORGANISATION in stored[1].decode("utf-16-le"), "it is there to be found"
    report = json.dumps(read(endpoint)[1])
    assert ORGANISATION not in report
    assert "f0e1d2c3b4a5968778695a4b3c2d1e0f00112233" not in report


def test_an_offboarded_sensor_keeps_its_id_and_a_state_that_is_gone_is_unknown() -> None:
    endpoint = SimulatedEndpoint("pc", PROFILES["clean"])
    endpoint.set_value(rf"{SENSOR}\Status", "OnboardingState", "REG_DWORD", bytes(4))
    assert read(endpoint)[1]["onboarding"]["connectivity"] == "not_onboarded"
    endpoint.delete_value(rf"{SENSOR}\Status", "OnboardingState")
    assert read(endpoint)[1]["onboarding"]["connectivity"] == "unknown"
    endpoint.delete_value(SENSOR, "SenseId")
    assert read(endpoint)[1]["onboarding"]["connectivity"] == "not_onboarded"


def chosen(profile: Profile, **options: Any) -> dict[str, Any]:
    state = read(SimulatedEndpoint("pc", profile))[0]
    return decided({**OPTIONS, **options}, state)


def test_auto_takes_list_region_cloud_and_build_from_the_endpoint() -> None:
    names = ("generation", "cloud", "regions", "windows_build")
    old = Profile("old", tenant=Tenant("EU", "x", "GW_EU"), registry=windows(16299, "Windows 10 Pro"))
    assert [tuple(chosen(profile)[name] for name in names) for profile in (old, PROFILES["gcc"])] == [
        ("streamlined", "commercial", ["eu"], 16299),
        ("standard", "gcc", ["us"], 22631),
    ]
    given = chosen(PROFILES["streamlined"], generation="standard", cloud="gcc", windows_build=17763)
    assert tuple(given[name] for name in names) == ("standard", "commercial", ["us"], 17763)
    assert chosen(PROFILES["clean"], regions=["us", "uk"])["regions"] == ["us", "uk"]


def test_a_cloud_that_the_state_leaves_open_is_the_one_that_was_set() -> None:
    assert chosen(PROFILES["government"], cloud="dod")["cloud"] == "dod"
    for cloud in ("commercial", "gcc"):
        with pytest.raises(Refused, match=r"Set for it cloud \(gcc_high or dod\) "):
            chosen(PROFILES["government"], cloud=cloud)


@pytest.mark.parametrize("name", ["offboarded", "unsaid", "mma"])
def test_a_state_that_does_not_say_is_an_error_with_what_to_set(name: str) -> None:
    with pytest.raises(Refused) as caught:
        chosen(PROFILES[name])
    missing = onboarding(PROFILES[name])["missing"]
    assert f"{missing} Set for it generation (standard or streamlined) and regions (" in str(caught.value)
    with pytest.raises(Refused, match=r"Set for it regions \("):
        chosen(PROFILES[name], generation="standard")


def test_wrong_options_are_refused_before_an_endpoint_is_asked() -> None:
    for wrong in ({"regions": ["auto", "eu"]}, {"ports": [0]}, {"urls": [{"url": "ftp://a.test", "statuses": []}]}):
        with pytest.raises(InvalidOption):
            Reachability({**OPTIONS, **wrong})
    with pytest.raises(Refused, match="There is no region 'eus'"):
        Reachability({**OPTIONS, "regions": ["eus"]})
    Reachability({**OPTIONS, "regions": ["ch"]})


def test_in_words_it_is_one_line() -> None:
    said = {name: onboarded_as(onboarding(PROFILES[name])) for name in ("clean", "government", "offboarded")}
    assert said == {
        "clean": "standard, commercial, eu, built_in",
        "government": "streamlined, cloud unknown, us, built_in",
        "offboarded": "not_onboarded, built_in",
    }
    assert onboarded_as({}) == onboarded_as(None) == ""
