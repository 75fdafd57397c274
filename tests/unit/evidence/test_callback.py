# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback: whose results it takes, which word it ends with, and what it leaves alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.mde.connectivity.plugins.callback.evidence import CallbackModule
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import Record, load, save

from tests.unit.evidence.fleet import DIGEST, row, summary
from tests.unit.evidence.test_completion import WROTE

PROXY = "mde.connectivity.endpoint_proxy"
PROBE = "mde.connectivity.reachability"
VERIFY = "mde.connectivity.endpoint_verify"
APPLY = "mde.connectivity.rollout_apply"
UNDO = "mde.connectivity.rollout_undo"
GATE = "mde.connectivity.rollout_gate"
FOUND = [row("https://a.example.com/", "effective", "failed", "timeout", 5)]
PROBED = {"rows": FOUND, "summary": summary(FOUND), "effective": {}, "findings": []}


class Run:
    """A callback, and the hosts whose results it gets."""

    def __init__(self, directory: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
        self.callback = CallbackModule()
        self.said: list[str] = []
        self.directory = directory
        self.monkeypatch = monkeypatch
        self.options = {"directory": str(directory) if directory else None}
        monkeypatch.setattr(self.callback, "set_options", lambda **keywords: None)
        monkeypatch.setattr(self.callback, "get_option", self.options.__getitem__)
        for name in ("display", "warning", "error"):
            monkeypatch.setattr(self.callback._display, name, lambda text, **keywords: self.said.append(text))

    def batch(self, *hosts: str, everyone: int = 0, play: str = "play", serial: tuple[Any, ...] = ()) -> None:
        variables = {
            "ansible_play_batch": list(hosts),
            "ansible_play_hosts_all": [f"h{n}" for n in range(everyone or len(hosts))],
            "awx_user_name": "alice",
        }
        manager = SimpleNamespace(get_vars=lambda play: variables)
        self.callback.v2_playbook_on_play_start(
            SimpleNamespace(
                get_ds=lambda: play, serial=list(serial), get_variable_manager=lambda: manager, get_loader=DataLoader
            )
        )

    def result(self, host: str, action: str, check: bool = False, **values: Any) -> Any:
        return SimpleNamespace(
            _host=SimpleNamespace(get_name=lambda: host, get_vars=dict, implicit=host == "localhost"),
            _task=SimpleNamespace(
                resolved_action=action, action=action, check_mode=check, get_name=lambda: f"Do {action}",
                run_once=values.pop("run_once", False),
            ),
            _result=values,
        )

    def ok(self, host: str, action: str, **values: Any) -> None:
        self.callback.v2_runner_on_ok(self.result(host, action, **values))

    def fail(self, host: str, action: str, ignore_errors: bool = False, **values: Any) -> None:
        self.callback.v2_runner_on_failed(self.result(host, action, **values), ignore_errors)

    def lose(self, host: str, action: str = PROXY, **values: Any) -> None:
        lost = {"msg": "timed out", "unreachable": True, **values}
        self.callback.v2_runner_on_unreachable(self.result(host, action, **lost))

    def end(self) -> dict[str, Any]:
        self.callback.v2_playbook_on_stats(None)
        assert self.directory
        content: dict[str, Any] = json.loads((self.directory / "summary.json").read_text())
        return content

    def words(self) -> dict[str, str]:
        return {line["host"]: line["verdict"] for line in self.end()["lines"]}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    made = Run(tmp_path / "evidence", monkeypatch)
    made.batch("a", "b")
    return made


def test_a_rollout_ends_with_the_verdicts_that_it_gave(run: Run) -> None:
    for host in ("a", "b"):
        run.ok(host, PROXY, **WROTE)
        run.ok(host, PROBE, **PROBED)
    run.fail("b", "ansible.builtin.assert", msg="not reachable")
    run.ok("b", PROXY, **WROTE)
    run.ok("a", APPLY, verdict="ok", reason="", batch=1, change="CHG0001", plan_digest=DIGEST)
    run.ok("b", APPLY, verdict="rolled_back", reason="Back.", batch=1, change="CHG0001", plan_digest=DIGEST)
    summary_now = run.end()
    assert summary_now["verdicts"] == {"ok": 1, "rolled_back": 1, "unverified": 0, "failed": 0, "open": 0}
    assert (summary_now["change"], summary_now["plan_digest"], summary_now["who"]) == ("CHG0001", DIGEST, "alice")


def test_unreachable_before_during_and_after_the_write(run: Run) -> None:
    run.lose("a")
    run.ok("b", PROXY, **WROTE)
    run.lose("b", PROBE)
    assert run.words() == {"a": "failed", "b": "unverified"}
    assert run.directory
    lost = load(run.directory, "b")
    assert lost is not None
    assert lost.before == WROTE["before"]


def test_one_task_that_writes_and_verifies_says_both(run: Run) -> None:
    reached = [row("https://a.example.com/", "effective", "ok", "ok", 5)]
    run.ok("a", PROXY, **WROTE, verification={"summary": summary(reached), "msg": ["a reaches it."]})
    run.fail("b", PROXY, **WROTE, msg="b does not reach it.", verification={"summary": summary(FOUND)})
    assert run.words() == {"a": "ok", "b": "failed"}
    assert run.directory
    failed = load(run.directory, "b")
    assert failed is not None
    assert [entry["text"] for entry in failed.history if entry["event"] == "write"] == [
        "The settings were written and read back."
    ]
    assert failed.reason == f"Do {PROXY}: b does not reach it."


def test_an_endpoint_that_is_lost_while_the_same_task_verifies_was_written(run: Run) -> None:
    run.lose("a", **WROTE)
    run.lose("b", **{**WROTE, "changed": False, "commands": [], "snapshot": []})
    assert run.words() == {"a": "unverified", "b": "failed"}
    assert run.directory
    written, same = (load(run.directory, host) for host in ("a", "b"))
    assert written is not None
    assert same is not None
    assert (written.changed, written.before, written.snapshot) == (True, WROTE["before"], tuple(WROTE["snapshot"]))
    assert written.reason.startswith("The endpoint became unreachable after the write had begun: ")
    assert same.reason.startswith("The endpoint is unreachable, and nothing was written: ")


def test_of_a_loop_that_is_lost_the_items_before_were_written(run: Run) -> None:
    run.lose("a", results=[WROTE, {"skipped": True}, {"unreachable": True, "msg": "timed out"}])
    assert run.words() == {"a": "unverified"}


def test_an_answer_of_another_module_is_none_of_a_verification(run: Run) -> None:
    run.ok("a", PROXY, **WROTE)
    run.fail("a", "ansible.builtin.uri", answer="no", msg="no")
    assert run.words() == {"a": "failed"}


def test_a_verification_with_records_of_its_own_is_no_change(run: Run) -> None:
    run.ok("a", VERIFY, answer="reached", msg="reached: ")
    run.ok("b", PROXY, **WROTE)
    run.ok("b", VERIFY, **PROBED)
    assert run.words() == {"b": "failed"}


def test_a_host_that_is_lost_after_its_verdict_keeps_it(run: Run) -> None:
    run.ok("a", PROXY, **WROTE)
    run.ok("a", APPLY, verdict="ok")
    run.lose("a", "ansible.builtin.ping")
    run.fail("a", "ansible.builtin.command", msg="no")
    assert run.words() == {"a": "ok"}


def test_the_gate_does_not_put_the_blame_on_the_host_that_ran_it(run: Run) -> None:
    run.ok("a", PROXY, **WROTE)
    run.ok("a", APPLY, verdict="ok")
    run.fail("b", GATE, msg="too many")
    assert run.words() == {"a": "ok"}


def test_a_failure_of_any_task_counts_but_not_on_the_controller(run: Run) -> None:
    run.fail("a", "ansible.builtin.assert", msg="disk full")
    run.fail("localhost", "ansible.builtin.assert", msg="no plan")
    run.fail("b", "ansible.builtin.command", ignore_errors=True, msg="never mind")
    run.fail("b", "ansible.builtin.fail", run_once=True, msg="wrong variables of the play")
    assert run.words() == {"a": "failed"}


def test_what_an_action_wrote_itself_is_kept(run: Run) -> None:
    assert run.directory
    own = Record(
        host="a", run="CHG0001-9f2c", who="alice", started="2026-01-31T12:00:00Z", change="CHG0001",
        plan_digest=DIGEST, state="done", verdict="ok", reason="changed as planned", changed=True,
        before={"a": 1}, planned={"a": 2}, observed={"a": 2}, finished="2026-01-31T12:00:05Z",
    )  # fmt: skip
    save(run.directory, own)
    run.ok("a", APPLY, verdict="ok", reason=own.reason, change="CHG0001", plan_digest=DIGEST)
    assert load(run.directory, "a") == replace(own, batch=1)
    run.fail("b", APPLY, msg="The plan is too old.")
    found = run.end()
    assert {line["host"]: line["verdict"] for line in found["lines"]} == {"a": "ok", "b": "failed"}
    assert (found["run"], found["plan_digest"]) == (own.run, DIGEST)


def test_a_rollback_that_is_refused_does_not_change_what_happened(run: Run) -> None:
    run.ok("a", PROXY, **WROTE)
    run.ok("a", APPLY, verdict="ok", reason="")
    run.fail("a", UNDO, msg="Somebody changed it since.")
    assert run.words() == {"a": "ok"}
    assert run.directory
    record = load(run.directory, "a")
    assert record is not None
    assert "Somebody changed it since." in record.history[-1]["text"]


def test_check_mode_writes_nothing(run: Run) -> None:
    run.callback.v2_runner_on_ok(run.result("a", PROXY, check=True, **WROTE))
    run.callback.v2_playbook_on_stats(None)
    assert run.directory
    assert not run.directory.exists()


def test_without_a_directory_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(None, monkeypatch)
    run.batch("a")
    run.ok("a", PROXY, **WROTE)
    run.lose("a")
    run.callback.v2_playbook_on_stats(None)
    assert run.said == []


def test_batches_are_numbered_and_progress_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path / "evidence", monkeypatch)
    for number, hosts in enumerate((("h0",), ("h1", "h2"), ("h3",)), 1):
        run.batch(*hosts, everyone=4, serial=(1, "50%"))
        for host in hosts:
            run.ok(host, PROXY, **WROTE)
        assert run.said[-1].startswith(f"mde.connectivity.evidence: batch {number} of 3, endpoint_proxy: ")
    found = run.end()
    assert [(b["batch"], b["hosts"]) for b in found["batches"]] == [(1, 1), (2, 2), (3, 1)]
    assert (found["expected"], found["not_started"]) == (4, 0)


def test_a_loop_brings_one_result_per_item(run: Run) -> None:
    run.ok("a", PROXY, results=[WROTE, {"skipped": True}], changed=True)
    assert run.directory
    record = load(run.directory, "a")
    assert record is not None
    assert record.commands == ("write",)


def test_a_disk_that_refuses_is_said_once(run: Run) -> None:
    assert run.directory
    run.ok("a", PROXY, **WROTE)
    (run.directory / "hosts" / "a.json").unlink()
    (run.directory / "hosts").rmdir()
    (run.directory / "hosts").write_text("")
    run.ok("a", PROBE, **PROBED)
    run.ok("b", PROXY, **WROTE)
    run.callback.v2_playbook_on_stats(None)
    assert [text for text in run.said if "No more evidence is written" in text] == [
        f"The directory of evidence {run.directory / 'hosts'} cannot be made: File exists. No more evidence is written."
    ]
