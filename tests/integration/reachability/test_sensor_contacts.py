# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sensor_contacts through Ansible and WinRM, on simulated endpoints whose log the test writes."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.simulated.events import Event, failed, succeeded

from tests.integration.site import Site, task

pytestmark = pytest.mark.simulated

COMMAND, CYBER = "https://command.lab.test/commands", "https://cyber.lab.test/v1"
MakeSite = Callable[..., Site]


def machine(site: Site) -> SimulatedEndpoint:
    assert isinstance(site.endpoint, SimulatedEndpoint)
    return site.endpoint


def test_the_sensor_s_words_come_through_in_check_mode_as_well(simulated: MakeSite) -> None:
    site = simulated("german")
    machine(site).events = [succeeded(COMMAND), failed(CYBER, 12029, 4), Event(50)]
    before = site.managed()
    one = task("sensor_contacts", {})
    run, check = site.run(one, one | {"check_mode": True}).results()
    assert {key: check[key] for key in check} == {key: run[key] for key in run}
    assert run["changed"] is False
    assert [(contact["uri"], contact["state"], contact["error"]) for contact in run["contacts"]] == [
        (COMMAND, "ok", None),
        (CYBER, "failing", 12029),
    ]
    assert run["contacts"][1]["error_name"] == "ERROR_WINHTTP_CANNOT_CONNECT"
    assert run["sensor"]["service_state"] == "running"
    assert site.managed() == before
    assert machine(site).writes == []


@pytest.mark.parametrize("connection", ["winrm", "psrp"])
def test_a_connection_with_powershell_in_between_gives_the_same(simulated: MakeSite, connection: str) -> None:
    site = simulated()
    machine(site).events = [failed(COMMAND, 400)]
    expected = site.module("sensor_contacts", {})
    assert site.module("sensor_contacts", {}, connection=connection)["contacts"] == expected["contacts"]
    assert expected["contacts"][0]["error_name"] == "HTTP 400 Bad Request"


def test_what_the_log_holds_is_data(simulated: MakeSite) -> None:
    site = simulated()
    hostile = "https://h.lab.test/$(calc)&calc|{{ 7 * 191 }}</Data></EventData></Event>"
    machine(site).events = [
        Event(4, (("UInt1", "1"), ("Message1", hostile))),
        failed("https://user:secret@proxy.lab.test/?sig=hidden", 407),
    ]
    run = site.run(task("sensor_contacts", {}), arguments=["-vvv"])
    shown = [contact["uri"] for contact in run.one()["contacts"]]
    assert shown == ["(withheld: 34 characters)", "(withheld: 46 characters)"]
    assert not re.search("secret|hidden|1337", run.output)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"count": 0}, "count: must be a number from 1 to 1000, not 0."),
        ({"count": "many"}, "count"),
        ({"uri": COMMAND}, "Unsupported option for mde.connectivity.sensor_contacts: uri; it has count."),
    ],
)
def test_bad_options_are_refused_by_name(
    simulated: MakeSite, options: dict[str, object], sentence: str
) -> None:
    (outcome,) = simulated().run(task("sensor_contacts", options), ignore_errors=True).outcomes
    assert outcome.status == "failed"
    assert sentence in outcome.result["msg"]


@pytest.mark.parametrize(
    ("profile", "sentence"),
    [
        ("clean", "does not exist on this endpoint"),
        ("denied", "connect as an administrator or a member of Event Log Readers"),
        ("noreg", "reg.exe does not work on this endpoint"),
    ],
)
def test_a_log_that_can_not_be_read_fails_the_task(simulated: MakeSite, profile: str, sentence: str) -> None:
    site = simulated(profile)
    if profile == "clean":
        machine(site).events = None
    (outcome,) = site.run(task("sensor_contacts", {}), ignore_errors=True).outcomes
    assert outcome.status == "failed"
    assert sentence in outcome.result["msg"]
    assert "contacts" not in outcome.result
