# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The question as a whole, asked of a simulated endpoint in this process: what is reported, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import yaml
from ansible_collections.mde.connectivity.plugins.modules import sensor_contacts as documentation
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import (
    InvalidOption,
    Refused,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._sensor import _events
from ansible_collections.mde.connectivity.plugins.plugin_utils._sensor._events import LogUnreadable
from ansible_collections.mde.connectivity.plugins.plugin_utils._sensor._inquiry import SensorContacts
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Endpoint
from windows_lab.profiles import Profile
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.simulated.events import Event, failed, mixed, succeeded

STATUS = r"HKLM\SOFTWARE\Microsoft\Windows Advanced Threat Protection\Status"
SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
COMMAND, CYBER = "https://a.command.lab.test/commands", "https://b.cyber.lab.test/v1"
START = datetime(2026, 11, 23, 8, tzinfo=UTC)
DISABLED = bytes([4, 0, 0, 0])


class Direct:
    """A connection that hands each line to a simulated endpoint, and counts them."""

    transport = "mde.connectivity.winrs"

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.lines = []

    def exec_command(self, cmd, in_data=None):
        self.lines.append(cmd)
        completed = self.endpoint.run(cmd)
        return completed.rc, completed.stdout, completed.stderr


def hour(number):
    return START + timedelta(hours=number)


def endpoint(events=(), **profile):
    made = SimulatedEndpoint("pc", Profile("test", **profile))
    made.events = list(events)
    return made


def ask(machine, count=200):
    return SensorContacts({"count": count}).ask(Endpoint(Direct(machine)))


def shape(value):
    """The keys of a result, and below each its own."""
    if isinstance(value, list):
        return shape(value[0]) if value else {}
    return {key: shape(below) for key, below in value.items()} if isinstance(value, dict) else {}


def documented(returned):
    return {key: documented(value.get("contains") or {}) for key, value in returned.items()}


def worked_example():
    """An endpoint whose sensor reaches one URI again, and another one not."""
    machine = endpoint(
        [
            Event(50, time=hour(0)),
            succeeded(COMMAND, 12, hour(1)),
            failed(CYBER, 12175, 2, hour(2)),
            failed(COMMAND, 12002, 1, hour(3)),
            succeeded(COMMAND, 11, hour(4)),
            Event(50, time=hour(5)),
        ]
    )
    ticks = (hour(4) - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10
    machine.set_value(STATUS, "LastConnected", "REG_QWORD", ticks.to_bytes(8, "little"))
    return machine


def test_one_batch_answers_everything_and_writes_nothing():
    machine = worked_example()
    connection = Direct(machine)
    report = SensorContacts({"count": 200}).ask(Endpoint(connection))
    assert len(connection.lines) == 1
    assert machine.writes == []
    assert [(contact["uri"], contact["state"]) for contact in report["contacts"]] == [
        (COMMAND, "ok"),
        (CYBER, "failing"),
    ]
    assert report["contacts"][0]["last_failure"] == "2026-11-23T11:00:00Z"
    assert report["contacts"][0]["error_name"] == "ERROR_WINHTTP_TIMEOUT"
    (hint,) = report["hints"]
    assert "12175" in hint
    assert CYBER in hint
    assert COMMAND not in hint


def test_sensor_and_log_are_described():
    report = ask(worked_example())
    assert report["sensor"] == {
        "onboarded": True,
        "onboarding_state": 1,
        "service_start": "auto",
        "service_state": "running",
        "diagtrack_state": "running",
        "last_connected": "2026-11-23T12:00:00Z",
    }
    assert report["notices"] == [
        {"id": 50, "time": "2026-11-23T13:00:00Z", "meaning": "A new cloud configuration was applied."}
    ]
    assert report["events"] == {
        "considered": 4,
        "not_understood": 0,
        "oldest": "2026-11-23T09:00:00Z",
        "newest": "2026-11-23T12:00:00Z",
    }


def test_the_notices_are_those_of_microsoft_s_page_and_come_newest_first():
    # 35 is about quotas by now, 14 is not on the page, and the others were missing.
    ids = (412, 35, 14, 411, 1, 406, 50)
    report = ask(endpoint([Event(number, time=hour(at)) for at, number in enumerate(ids)]))
    assert [notice["id"] for notice in report["notices"]] == [50, 406, 1, 411, 35, 412]
    meanings = {notice["id"]: notice["meaning"] for notice in report["notices"]}
    assert "quotas" in meanings[35]
    assert "token" in meanings[411]
    assert "rejected" in meanings[406]


def test_a_fresh_onboarded_endpoint_is_well():
    report = ask(SimulatedEndpoint("pc", Profile("test")))
    assert report["contacts"]
    assert {contact["state"] for contact in report["contacts"]} == {"ok"}
    assert report["hints"] == []


@pytest.mark.parametrize("locale", ["de", "ja"])
def test_the_language_does_not_matter(locale):
    events = [failed(COMMAND, 12007, time=hour(1))]
    assert ask(endpoint(events, locale=locale)) == ask(endpoint(events))


def test_the_result_has_the_documented_shape():
    report = ask(endpoint([Event(1), failed(COMMAND, 400)]))
    assert shape(report) == documented(yaml.safe_load(documentation.RETURN))


def test_no_more_events_are_read_than_were_asked_for():
    report = ask(
        endpoint(
            [failed(COMMAND, 12007, time=hour(1)), *(succeeded(CYBER, time=hour(2)) for _n in range(5))]
        ),
        5,
    )
    assert [contact["uri"] for contact in report["contacts"]] == [CYBER]
    assert report["events"]["considered"] == 5


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([failed(COMMAND, 400)], ["OrgId", COMMAND]),
        ([mixed(COMMAND, 1, 3, 400)], ["OrgId", COMMAND]),
        ([Event(50), failed(COMMAND, 400)], ["OrgId"]),
        ([failed(COMMAND, 400), Event(50)], []),
        ([failed(COMMAND, 400), succeeded(COMMAND)], []),
        ([failed(COMMAND, 407), failed(CYBER, 407)], ["anonymous", f"{COMMAND}, {CYBER}."]),
        ([failed(COMMAND, -2147012721)], ["root certificates"]),
        ([failed(COMMAND, 12007)], []),
        (
            [succeeded(COMMAND), Event(4, (("Message1", "two words"),))],
            ["not understood: 1;"],
        ),
        ([], ["holds no contact"]),
    ],
)
def test_hints_follow_the_rules_of_the_analyzer(events, words):
    hints = ask(endpoint(events))["hints"]
    assert len(hints) == bool(words)
    for word in words:
        assert word in hints[0]


def test_a_sensor_that_can_not_work_is_said_first():
    machine = endpoint([succeeded(COMMAND)], onboarded=False)
    report = ask(machine)
    assert (report["sensor"]["onboarded"], report["sensor"]["onboarding_state"]) == (False, 0)
    assert report["sensor"]["service_state"] == "stopped"
    assert "not onboarded" in report["hints"][0]
    assert "The service Sense is stopped" in report["hints"][1]
    machine.delete_value(STATUS, "OnboardingState")
    assert ask(machine)["sensor"]["onboarding_state"] is None


def test_a_missing_log_is_said():
    machine = endpoint()
    machine.events = None
    with pytest.raises(LogUnreadable, match="does not exist on this endpoint"):
        ask(machine)


def test_a_log_that_may_not_be_read_is_said():
    with pytest.raises(LogUnreadable, match="connect as an administrator or a member of Event Log Readers"):
        ask(endpoint([succeeded(COMMAND)], elevated=False))


def test_an_event_log_service_that_is_off_is_said():
    machine = endpoint([succeeded(COMMAND)])
    machine.set_value(rf"{SERVICES}\EventLog", "Start", "REG_DWORD", DISABLED)
    with pytest.raises(LogUnreadable, match="the service EventLog does not answer"):
        ask(machine)


@pytest.mark.parametrize("count", [-1, 0, 1001])
def test_a_count_out_of_range_is_refused_by_name(count):
    with pytest.raises(InvalidOption, match=f"^count: must be a number from 1 to 1000, not {count}\\.$"):
        SensorContacts({"count": count})


def test_a_controller_without_the_parser_is_told_so(monkeypatch):
    monkeypatch.setattr(_events, "MISSING", "Install it.")
    with pytest.raises(Refused, match="Install it"):
        SensorContacts({"count": 1})


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("qe Microsoft-Windows-SENSE/Operational /c:0", 87),
        ("qe Microsoft-Windows-SENSE/Operational /f:json", 87),
        ("qe Microsoft-Windows-SENSE/Operational /q *", 87),
        ("qe Microsoft-Windows-SENSE/Operational /q:*[System[", 15001),
        ("qe NoSuchLog /c:1", 15007),
        ("qe Microsoft-Windows-SENSE/Operational /q:*[System[(EventID=99)]]", 0),
        ("qe Microsoft-Windows-SENSE/Operational /c:1 /rd:true /f:text", 0),
    ],
)
def test_the_lab_s_wevtutil_ends_as_the_one_of_windows(arguments, code):
    completed = endpoint([succeeded(COMMAND)]).run(f"wevtutil {arguments}")
    assert completed.rc == code
    assert bool(completed.stderr) == bool(code)
    assert bool(completed.stdout) == ("/f:text" in arguments)
