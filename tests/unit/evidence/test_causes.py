# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What many endpoints failed for is one sentence, whatever they are called."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._causes import causes

from tests.unit.evidence.fleet import PROXY, record, state

OK, FAILED, ROLLED_BACK = record(0, 100), record(17, 100), record(67, 100)


def test_what_ended_well_has_no_cause() -> None:
    assert causes(OK) == ()


def test_requests_that_failed_alike_are_one_cause() -> None:
    assert len([row for row in ROLLED_BACK.reachability["rows"] if row["verdict"] == "failed"]) > 1
    assert causes(ROLLED_BACK) == (f"Service URLs not reached by way of {PROXY}: tls_intercepted",)


def test_a_cause_names_no_endpoint() -> None:
    named = replace(FAILED, reason=f"{FAILED.host} did not answer.")
    other = replace(named, host="pc-2", reason="pc-2 did not answer.")
    assert causes(named) == causes(other) == ("the endpoint did not answer.",)


def test_what_has_not_ended_and_what_has_no_reason_say_so() -> None:
    assert causes(replace(FAILED, verdict=None)) == ("Its step did not end.",)
    assert causes(replace(FAILED, reason="")) == ("No reason was given.",)


def test_what_drifted_is_told_by_what_differs() -> None:
    drifted = replace(
        OK, kind="audit", verdict="drifted", reachability=None, observed=state("direct", None, 1), planned=OK.planned
    )
    assert causes(drifted)[0].startswith(f"proxy that wins: no proxy -> static {PROXY}; ")
