# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sensor's log: what wevtutil is asked, and what is made of its answer, whatever it holds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._sensor._contacts import CONTACT_IDS
from ansible_collections.mde.connectivity.plugins.plugin_utils._sensor._events import (
    CHANNEL,
    Event,
    LogUnreadable,
    newest,
    parse,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._sensor._notices import NOTICES, QUERIED
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Completed
from hypothesis import given
from hypothesis import strategies as st
from windows_lab.simulated import events as lab

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
URI = "https://command.lab.test/"
UNNAMED = lab.Event(4, (("", URI),), NOON)


def printed(*events):
    """What wevtutil prints of events, newest first; the last one has number 1."""
    numbered = enumerate(reversed(events), 1)
    lines = [lab.xml(event, record, "PC") for record, event in numbered]
    return Completed(0, "".join(f"{line}\n" for line in reversed(lines)))


def test_the_query_is_one_argument_and_holds_no_more_than_windows_takes():
    assert newest(CONTACT_IDS, 7).text == (
        f'wevtutil qe {CHANNEL} /q:"*[System[(EventID=4 or EventID=5 or EventID=67 or EventID=15)]]"'
        " /c:7 /rd:true /f:xml"
    )
    assert all(len(ids) <= 20 for ids in QUERIED)
    assert [number for ids in QUERIED for number in ids] == list(NOTICES)
    assert not set(NOTICES) & set(CONTACT_IDS)


def test_events_come_with_number_time_and_data_in_order():
    answer = printed(lab.failed(URI, 12007, 3, NOON), UNNAMED)
    assert parse(answer) == [
        Event(5, 2, "2026-11-23T12:00:00Z", (("UInt1", "3"), ("Message1", URI), ("Int1", "12007"))),
        Event(4, 1, "2026-11-23T12:00:00Z", (("", URI),)),
    ]


def test_an_empty_log_has_no_events():
    assert parse(Completed(0, "")) == []


@pytest.mark.parametrize(
    "time", ["2026-11-23T10:00:00.1234567Z", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00.000000000Z"]
)
def test_a_time_is_in_whole_seconds(time):
    text = printed(lab.succeeded(URI, time=NOON)).stdout.replace("2026-11-23T12:00:00.1234567Z", time)
    assert parse(Completed(0, text))[0].time == "2026-11-23T10:00:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b",
        "a\x1bb",
        "a\uffffb",
        "a&#0;b",
        "a&#x1B;b",
        "a&#55296;b",
        "a&#99999999999999999999999;b",
    ],
)
def test_what_is_no_xml_is_left_out(text):
    answer = printed(lab.Event(4, (("Message1", "MARK"),), NOON)).stdout.replace("MARK", text)
    assert parse(Completed(0, answer))[0].data == (("Message1", "ab"),)


@pytest.mark.parametrize("text", ["a\u202eb", "a\x9bb", "a&#8238;b", "a&#x9B;b"])
def test_what_could_act_on_a_terminal_is_replaced(text):
    answer = printed(lab.Event(4, (("Message1", "MARK"),), NOON)).stdout.replace("MARK", text)
    assert parse(Completed(0, answer))[0].data == (("Message1", "a\ufffdb"),)


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs",)), max_size=60))
def test_no_text_becomes_another_event_or_a_failure(text):
    found = parse(printed(lab.succeeded(text, time=NOON), lab.succeeded(URI, time=NOON)))
    assert [event.id for event in found] == [4, 4]
    assert all(
        character.isprintable() for event in found for _name, entry in event.data for character in entry
    )


@pytest.mark.parametrize(
    "answer",
    [
        "no XML at all <",
        "<Event>",
        "<Event/>",
        "</Events><Events>",
        "<!DOCTYPE x [<!ENTITY a 'b'>]><Event>&a;</Event>",
        "<Event><System><EventID>4</EventID></System></Event>",
        "<Event><System><EventID>four</EventID><TimeCreated SystemTime='2026-11-23T10:00:00Z'/></System></Event>",
        "<Event><System><EventID>4</EventID><TimeCreated SystemTime='yesterday'/></System></Event>",
    ],
)
def test_an_answer_that_is_not_understood_is_an_error(answer):
    with pytest.raises(
        LogUnreadable, match=rf"^The answer of wevtutil about {CHANNEL} is not XML as expected: .+\.$"
    ):
        parse(Completed(0, answer))


def test_a_truncated_answer_is_an_error():
    whole = printed(lab.succeeded(URI, time=NOON), lab.succeeded(URI, time=NOON)).stdout
    with pytest.raises(LogUnreadable):
        parse(Completed(0, whole[:-20]))


def test_an_answer_without_bound_is_refused():
    with pytest.raises(LogUnreadable, match=r"ask for fewer events \(count\)"):
        parse(Completed(0, " " * 8_000_001))


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (15007, "does not exist on this endpoint"),
        (5, "connect as an administrator or a member of Event Log Readers"),
        (1722, "the service EventLog does not answer: start it"),
        (1717, "the service EventLog does not answer: start it"),
        (9009, "wevtutil ended with 9009 and said: Zugriff auf *** verweigert."),
    ],
)
def test_a_log_that_can_not_be_read_is_one_clear_sentence(code, sentence):
    with pytest.raises(LogUnreadable) as raised:
        parse(Completed(code, "Zugriff auf user:secret@proxy\n verweigert.\n"))
    assert sentence in str(raised.value)
    assert str(raised.value).startswith(f"The log {CHANNEL} ")
    assert "secret" not in str(raised.value)
