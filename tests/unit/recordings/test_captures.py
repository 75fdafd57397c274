# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What public pages print of real machines is understood, and the simulated endpoint prints it in the same form."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._winhttp_advproxy import (
    ADVANCED_QUERY,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._sensor._events import parse
from ansible_collections.mde.connectivity.plugins.plugin_utils._settings._winhttp import WinHttpSettings
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Completed
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry import (
    Address,
    Query,
    Reading,
)
from windows_lab.profiles import PROFILES
from windows_lab.simulated.endpoint import SimulatedEndpoint

from tests.recordings.stored import FOLDER

CAPTURES = yaml.safe_load((FOLDER / "captures.yml").read_text(encoding="utf-8"))
# The languages that the lab speaks, with a profile for each; of Japanese none is shipped.
SPOKEN = {"en": PROFILES["clean"], "de": PROFILES["german"]}


def of(line: str) -> list[Any]:
    """The captures of a command, as parameters."""
    return [pytest.param(one, id=one["name"]) for one in CAPTURES if one["line"].startswith(line)]


def text(capture: dict[str, Any]) -> str:
    return "".join(f"{line}\n" for line in capture["output"])


def form(line: str) -> str:
    """A line without what differs from machine to machine: numbers, quoted text, and what follows a label."""
    line = re.sub(r"(?<=:  )\S.*", "...", line)
    return re.sub(r"'[^']*'|\"[^\"]*\"|>[^<]+<|\d+", "#", line).rstrip()


def simulated(profile: Any, *lines: str) -> list[str]:
    endpoint = SimulatedEndpoint("w1", profile)
    *_before, last = [endpoint.run(line) for line in lines]
    return last.stdout.decode().replace("\r\n", "\n").rstrip("\n").split("\n")


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda one: one["name"])
def test_every_capture_says_where_it_is_from(capture: dict[str, Any]) -> None:
    assert capture["source"]
    assert capture["output"]


@pytest.mark.parametrize("capture", of("netsh winhttp show advproxy"))
def test_advanced_settings_are_read(capture: dict[str, Any]) -> None:
    value = next(iter(ADVANCED_QUERY.answer(Completed(0, text(capture))).values()))
    read = json.loads(value.text)
    found = {name.casefold(): read[name] for name in read if read[name]}
    assert found == capture["expected"] | ({"proxybypass": "<local>"} if "ProxyBypass" in text(capture) else {})


@pytest.mark.parametrize("capture", [*of("netsh winhttp show proxy"), *of("netsh winhttp dump")])
def test_other_words_of_netsh_are_no_advanced_settings(capture: dict[str, Any]) -> None:
    assert ADVANCED_QUERY.answer(Completed(0, text(capture))) == {}


SAME = [one for one in of("netsh winhttp show proxy") if one.values[0]["language"] in SPOKEN]


@pytest.mark.parametrize("capture", SAME)
def test_the_lab_shows_a_proxy_in_the_same_words(capture: dict[str, Any]) -> None:
    named = "direct" not in capture["name"]
    before = ['netsh winhttp set proxy "http=a:80;https=b:443" "<local>;*.corp"'] if named else []
    printed = simulated(SPOKEN[capture["language"]], *before, capture["line"])
    assert printed == text(capture).rstrip("\n").split("\n")


@pytest.mark.parametrize("capture", of("netsh winhttp dump"))
def test_the_lab_dumps_a_proxy_in_the_same_words(capture: dict[str, Any]) -> None:
    named = "direct" not in capture["name"]
    before = ['netsh winhttp set proxy "myproxy.example.org" "<local>;*.example.org"'] if named else []
    assert simulated(SPOKEN["en"], *before, capture["line"]) == text(capture).rstrip("\n").split("\n")


@pytest.mark.parametrize("capture", of("reg query"))
def test_values_are_read_and_shown_in_the_same_form(capture: dict[str, Any]) -> None:
    key, name = re.findall(r'"(.*?)" /v (\w+)', capture["line"])[0]
    reading = Reading([Query(key, name)])
    build = Completed(0, "\n    CurrentBuildNumber    REG_SZ    22631\n")
    missing = Completed(1, "ERROR: The system was unable to find the specified registry key or value.\n")
    registry = reading.parse([build, missing, missing, Completed(0, text(capture))])
    value = registry.value(Address(key, name))
    assert value is not None
    assert (WinHttpSettings.decode(value.data).proxy or "") == capture["expected"]["proxy"]
    endpoint = SimulatedEndpoint("w1", PROFILES["clean"])
    endpoint.set_value(key, name, "REG_BINARY", value.data)
    assert endpoint.run(capture["line"]).stdout.decode().replace("\r\n", "\n").upper() == text(capture).upper()


@pytest.mark.parametrize("capture", of("wevtutil"))
def test_events_are_read_and_shown_in_the_same_form(capture: dict[str, Any]) -> None:
    (event,) = parse(Completed(0, text(capture)))
    assert event.id == capture["expected"]["id"]
    assert dict(event.data)["UInt1"] == capture["expected"]["UInt1"]
    shown = simulated(SPOKEN["en"], capture["line"].replace("/c:1", '/q:"*[System[(EventID=4)]]" /c:1'))
    assert [form(line) for line in shown if line] == [form(line) for line in capture["output"]]


@pytest.mark.parametrize("capture", of("schtasks /query"))
def test_tasks_are_listed_in_the_same_form(capture: dict[str, Any]) -> None:
    shown = [line.rstrip() for line in simulated(SPOKEN["en"], capture["line"])]
    assert shown[:4] == capture["output"][:4]
