# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page holds everything, says so to no HTML parser, and lets nothing in from outside."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mde.connectivity.plugins.filter.evidence import evidence
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._page import page
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._plan_page import render_plan
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import save
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._summary import (
    Head,
    line_of,
    summary_of,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._plan import HostPlan, Plan

from tests.unit.evidence.fleet import fleet, record

HEAD = Head("run", "alice", "2026-01-31T12:00:00Z", "CHG0001", None, "2026-01-31T13:00:00Z", False)


def build(records, kind="rollout") -> str:
    records = list(records)
    return page(summary_of(HEAD, [line_of(entry) for entry in records]), records, kind)


def data(html: str) -> dict:
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    return json.loads(text)


def test_nothing_in_the_data_ends_the_script() -> None:
    evil = "</script><script>alert(1)</script><!-- @SCRIPT@ & \u2028"
    html = build([replace(record(0, 10), reason=evil, warnings=(evil,), before={evil: evil})])
    assert html.count("</script>") == 2
    assert "alert(1)</" not in html
    assert evil in data(html)["words"]
    assert html.isascii()


def test_the_policy_names_just_this_style_and_script() -> None:
    html = build(fleet(3))
    for kind in ("style", "script"):
        (text,) = re.findall(rf"<{kind}>(.*?)</{kind}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in html
    assert "default-src 'none'" in html
    assert not re.search(r"unsafe|https?://(?!www\.gnu\.org|www\.w3\.org|[\w.-]*example\.com)", html)


def test_what_hosts_have_in_common_is_kept_once() -> None:
    few, many = (len(build(fleet(number))) for number in (100, 1000))
    assert (many - few) / 900 < 1000


def test_a_row_can_be_put_together_again() -> None:
    known = record(67, 100)
    content = data(build([known]))
    numbers = content["hosts"][0][19]
    for row, number, milliseconds in zip(
        known.reachability["rows"], numbers[::2], numbers[1::2], strict=True
    ):
        cell = content["cells"][number]
        assert content["columns"][cell[0]] == [row["url"], row["path"]]
        assert [content["words"][cell[n]] for n in (1, 2, 3)] == [row["via"], row["verdict"], row["reason"]]
        assert milliseconds == row["milliseconds"]


def test_what_nobody_knows_is_unknown_whatever_an_earlier_probe_found() -> None:
    known = record(0, 10)
    found = data(build([replace(known, host="a"), replace(known, host="b", verdict="unverified").saw(None, "")]))
    (_lists, wins), (nothing, unknown) = ((entry[10], found["words"][entry[12]]) for entry in found["hosts"])
    assert (wins, found["lists"][nothing], unknown) == ("static proxy.example.com:8080", [], "unknown")


def test_a_plan_has_other_words() -> None:
    planned = [replace(record(n, 10), verdict=None, changed=n > 2, state="written") for n in range(5)]
    content = data(build([*planned, record(17, 100)], "plan"))
    assert [content["statuses"][host[2]] for host in content["hosts"]] == [
        *["no_change"] * 3, *["would_change"] * 2, "left_out",
    ]  # fmt: skip


def test_the_filter_reads_directories(tmp_path: Path) -> None:
    for number, entry in enumerate(fleet(4)):
        save(tmp_path / f"slice{number % 2}", entry)
    slices = [str(tmp_path / "slice0"), str(tmp_path / "slice1")]
    assert evidence(slices)["hosts"] == 4
    assert evidence(slices, "csv").count("\r\n") == 5
    assert len(data(evidence(slices, "page"))["hosts"]) == 4


@pytest.mark.parametrize(
    ("directories", "form", "sentence"),
    [
        ([], "summary", "list of directories"),
        ("one", "summary", "list of directories"),
        (["/nowhere"], "summary", "no directory of evidence /nowhere"),
        (["/"], "pdf", "no format 'pdf'"),
    ],
)
def test_the_filter_says_what_it_cannot_read(directories, form: str, sentence: str) -> None:
    with pytest.raises(AnsibleFilterError, match=sentence):
        evidence(directories, form)


def test_the_page_of_a_plan_is_for_the_approver(tmp_path: Path) -> None:
    moment = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
    known = record(1, 10)
    planned = HostPlan({}, known.before, known.planned, known.commands, (), True, "Restart.")
    plan = Plan(moment, moment + datetime.timedelta(hours=24), "1.0.0", {known.host: planned}, {"down": "a:b@c"})
    render_plan(plan, tmp_path / "plan.html")
    content = data((tmp_path / "plan.html").read_text())
    assert content["kind"] == "plan"
    assert content["plan_digest"] == plan.digest
    assert {host[0]: content["statuses"][host[2]] for host in content["hosts"]} == {
        known.host: "would_change",
        "down": "left_out",
    }
    assert {host[0]: host[3] for host in content["hosts"]}[known.host] == "Restart."
    assert "valid until 2026-02-01 12:00 UTC" in content["note"]
    assert "a:b" not in (tmp_path / "plan.html").read_text()
