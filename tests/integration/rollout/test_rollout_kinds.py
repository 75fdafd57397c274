# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole change, end to end, on endpoints of every kind, each of which is let through to the service by squid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.rollout.rollout_site import CHANGE, URL, Change, change_on
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated

KINDS = ("clean", "german", "hardened", "blob28", "constrained", "battery")


@pytest.fixture
def change(network: Stage, tmp_path: Path) -> Iterator[Change]:
    with change_on(network, tmp_path, dict.fromkeys(KINDS, 2)) as made:
        yield made


def test_a_change_on_endpoints_of_every_kind_end_to_end(change: Change) -> None:
    hosts = set(change.lab.endpoints)
    before = change.all_held()
    plan = change.plan()
    assert set(plan["to_change"]) == hosts
    assert change.all_held() == before
    run = change.play("rollout")
    assert run.rc == 0, run.output[-3000:]
    after = change.all_held()
    assert change.verdicts() == dict.fromkeys(hosts, "ok")
    for name in hosts:
        record = change.record(name)
        assert (record["host"], record["change"], record["plan_digest"]) == (name, CHANGE, plan["digest"])
        for there, entries in ((before, record["snapshot"]), (after, record["written"])):
            for entry in entries:
                value = there[name][f"{entry['key']}\\{entry['name']} {entry['view']}"]
                assert (entry["type"], entry["data"]) == (value[0], value[1].hex())
        assert [row["url"] for row in record["reachability"]["rows"]] == [URL]
        assert len(change.endpoint(name).writes) == len(record["commands"]) == 2
        assert change.commands(name, "netsh winhttp set proxy") == 1
    assert not json.loads((change.evidence / "summary.json").read_text(encoding="utf-8"))["incomplete"]
    second = change.plan()
    assert (second["to_change"], second["left_out"]) == ([], {})
    assert set(second["hosts"]) == hosts
    assert change.all_held() == after
