# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What events come to: the state of each URI, and that nothing unknown is ever ok."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._sensor._contacts import contacts
from ansible_collections.mde.connectivity.plugins.plugin_utils._sensor._events import Event
from hypothesis import given
from hypothesis import strategies as st

A, B = "https://a.lab.test/x", "https://b.lab.test/y"
NEW, MIDDLE, OLD = "2026-11-23T12:00:00Z", "2026-11-23T11:00:00Z", "2026-11-23T10:00:00Z"
STRANGE = Event(4, 9, NEW, (("", "no address"),))


def ok(uri=A, time=NEW, attempts="3"):
    return Event(4, 1, time, (("UInt1", attempts), ("Message1", uri)))


def broken(uri=A, time=NEW, code="12007"):
    return Event(5, 1, time, (("UInt1", "2"), ("Message1", uri), ("Int1", code)))


def mixed(failed, succeeded, code="12002"):
    counts = (("UInt1", "9"), ("UInt2", failed), ("UInt3", succeeded))
    return Event(67, 1, NEW, (*counts, ("Message1", A), ("Int1", code)))


def unnamed(event):
    return replace(event, data=tuple(("", text) for _name, text in event.data))


def only(*events):
    (found,), _strange = contacts(events)
    return found.report()


def test_success_failure_and_error_are_those_of_the_newest_events():
    assert only(broken(), broken(time=MIDDLE, code="400"), ok(time=OLD)) == {
        "uri": A,
        "state": "failing",
        "last_success": OLD,
        "last_failure": NEW,
        "attempts": 2,
        "failed": 2,
        "error": 12007,
        "error_name": "ERROR_WINHTTP_NAME_NOT_RESOLVED",
    }
    assert only(ok(), broken(time=MIDDLE, code="400"), ok(time=OLD)) == {
        "uri": A,
        "state": "ok",
        "last_success": NEW,
        "last_failure": MIDDLE,
        "attempts": 3,
        "failed": 0,
        "error": 400,
        "error_name": "HTTP 400 Bad Request",
    }


def test_uris_come_in_their_own_order_and_not_in_that_of_the_log():
    for events in ((ok(B), broken(A)), (broken(A), ok(B))):
        found, strange = contacts(events)
        assert [(contact.uri, contact.state) for contact in found] == [(A, "failing"), (B, "ok")]
        assert strange == 0


@pytest.mark.parametrize(
    ("event", "state", "success", "failure"),
    [
        (ok(), "ok", NEW, None),
        (ok(attempts="0"), "unknown", None, None),
        (broken(), "failing", None, NEW),
        (mixed("4", "5"), "failing", NEW, NEW),
        (mixed("9", "0"), "failing", None, NEW),
        (mixed("0", "9"), "ok", NEW, None),
        (mixed("0", "0"), "unknown", None, None),
        (Event(67, 1, NEW, (("Message1", A),)), "failing", None, NEW),
        (Event(15, 1, NEW, (("url", A),)), "failing", None, NEW),
    ],
)
def test_the_state_follows_what_the_newest_event_counts(event, state, success, failure):
    found = only(event)
    assert (found["state"], found["last_success"], found["last_failure"]) == (state, success, failure)


@pytest.mark.parametrize("event", [ok(), broken(), mixed("4", "5")])
def test_data_without_names_is_read_by_place_and_pattern(event):
    assert only(unnamed(event)) == only(event)


def test_other_names_are_read_by_place_and_pattern():
    event = broken()
    renamed = replace(event, data=tuple((f"Field{text[:1]}", text) for _name, text in event.data))
    assert only(renamed) == only(event)


@pytest.mark.parametrize(("number", "state"), [(4, "ok"), (5, "failing")])
def test_the_wording_of_2016_has_nothing_but_the_address(number, state):
    found = only(Event(number, 1, NEW, (("", A),)))
    assert (found["uri"], found["state"], found["attempts"], found["error"]) == (A, state, None, None)
    assert found["failed"] == (0 if state == "ok" else None)


def test_an_address_inside_a_sentence_is_found():
    assert only(Event(5, 1, NEW, (("", f"failed to connect to the server at {A}."),)))["uri"] == A


@pytest.mark.parametrize(
    ("code", "error", "name"),
    [
        ("12175", 12175, "ERROR_WINHTTP_SECURE_FAILURE"),
        ("-2147012867", 12029, "ERROR_WINHTTP_CANNOT_CONNECT"),
        ("2147954429", 12029, "ERROR_WINHTTP_CANNOT_CONNECT"),
        ("0x80072efd", 12029, "ERROR_WINHTTP_CANNOT_CONNECT"),
        ("407", 407, "HTTP 407 Proxy Authentication Required"),
        ("503", 503, "HTTP 503 Service Unavailable"),
        ("499", 499, None),
        ("0", None, None),
        ("007", 7, None),
    ],
)
def test_a_code_is_named_as_winhttp_or_http_has_it(code, error, name):
    found = only(broken(code=code))
    assert (found["error"], found["error_name"]) == (error, name)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://user:pass@h.lab.test/p", "(withheld: 30 characters)"),
        ("https://h.lab.test/p?sig=secret#part", "https://h.lab.test/p"),
        ("https://u:a?b@h.lab.test/p", "(withheld: 26 characters)"),
        ("h.lab.test", "h.lab.test"),
        ("https://h.lab.test/" + "x" * 6000, "(withheld: 6019 characters)"),
    ],
)
def test_a_uri_shows_nothing_secret(uri, shown):
    assert only(ok(uri))["uri"] == shown


def test_two_uris_that_are_not_shown_are_two():
    found, _strange = contacts([ok("https://h.lab.test/a%40"), broken("https://h.lab.test/b%40")])
    assert [contact.report()["state"] for contact in found] == ["ok", "failing"]
    assert {contact.report()["uri"] for contact in found} == {"(withheld: 23 characters)"}


def test_what_is_older_than_an_event_that_is_not_understood_is_unknown():
    found, strange = contacts([ok(B), STRANGE, ok(A), ok(B)])
    assert strange == 1
    assert [(contact.uri, contact.state) for contact in found] == [(A, "unknown"), (B, "ok")]


UNDERSTOOD = st.builds(lambda kind, uri: kind(uri), st.sampled_from([ok, broken]), st.sampled_from([A, B]))


@given(st.lists(st.one_of(UNDERSTOOD, st.just(STRANGE)), max_size=8))
def test_ok_is_only_what_the_newest_event_says(events):
    found, strange = contacts(events)
    assert strange == events.count(STRANGE)
    for contact in found:
        newest = next(
            event for event in events if event is STRANGE or contact.uri in dict(event.data).values()
        )
        expected = {4: "ok", 5: "failing"}[newest.id] if newest is not STRANGE else "unknown"
        assert contact.state == expected
