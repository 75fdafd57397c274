# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole change, end to end, on a fleet of 200 endpoints that differ."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.rollout.rollout_site import CHANGE, URL, change_on, raise_stage

pytestmark = pytest.mark.simulated

PROFILES = {"clean": 80, "german": 40, "hardened": 30, "blob28": 20, "constrained": 15, "battery": 15}
FORKS = ("--forks", "20")


def test_trap_41_a_change_on_200_endpoints_end_to_end(tmp_path: Path) -> None:
    with raise_stage() as network, change_on(network, tmp_path, PROFILES) as change:
        hosts = set(change.lab.endpoints)
        assert len(hosts) == 200
        before = change.all_held()
        plan = change.plan(*FORKS)
        assert set(plan["to_change"]) == hosts
        assert change.all_held() == before
        run = change.play("rollout", *FORKS)
        assert run.rc == 0, run.output[-3000:]
        after = change.all_held()
        # One record per endpoint, and in each what the lab saw happen on this one and on no other.
        assert change.verdicts() == dict.fromkeys(hosts, "ok")
        for name in hosts:
            record = change.record(name)
            assert (record["host"], record["change"], record["plan_digest"]) == (name, CHANGE, plan["digest"])
            for entry in (*record["snapshot"], *record["written"]):
                held = before if entry in record["snapshot"] else after
                value = held[name][f"{entry['key']}\\{entry['name']} {entry['view']}"]
                assert (entry["type"], entry["data"]) == (value[0], value[1].hex())
            assert [row["url"] for row in record["reachability"]["rows"]] == [URL]
            assert len(change.endpoint(name).writes) == len(record["commands"]) == 2
            assert change.commands(name, "netsh winhttp set proxy") == 1
        summary = json.loads((change.evidence / "summary.json").read_text(encoding="utf-8"))
        assert not summary["incomplete"]
        # The canary, a tenth, the rest.
        assert run.output.count("PLAY [Carry out the plan, batch by batch]") == 3
        second = change.plan(*FORKS)
        assert (second["to_change"], second["left_out"]) == ([], {})
        assert set(second["hosts"]) == hosts
        assert change.all_held() == after
