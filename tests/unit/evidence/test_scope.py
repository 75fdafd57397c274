# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory of evidence says what it is about, and nothing else is taken for that."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from ansible import constants
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence import _place, _scope
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._place import claim
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import RecordError
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._scope import (
    SCOPE,
    Scope,
    load_scope,
    plan_of,
    save_scope,
)

KNOWN = Scope("rollout", "CHG0001", "a" * 64, ("pc-1", "pc-2"), ("pc-1",), "run", "alice", "2026-01-31T12:00:00Z")


def test_a_scope_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert load_scope(tmp_path) is None
    save_scope(tmp_path, KNOWN)
    assert load_scope(tmp_path) == KNOWN


def test_the_plan_is_read_without_the_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert plan_of(tmp_path) is None
    save_scope(tmp_path, replace(KNOWN, plan_digest=None))
    assert plan_of(tmp_path) is None
    save_scope(tmp_path, replace(KNOWN, hosts=tuple(f"pc-{number}" for number in range(5000))))
    monkeypatch.setattr(_scope, "load_scope", None)
    assert plan_of(tmp_path) == KNOWN.plan_digest


def test_the_plan_is_found_as_well_where_a_person_has_put_the_file_in_another_order(tmp_path: Path) -> None:
    save_scope(tmp_path, KNOWN)
    content = json.loads((tmp_path / SCOPE).read_text())
    (tmp_path / SCOPE).write_text(json.dumps(dict(sorted(content.items(), reverse=True))))
    assert plan_of(tmp_path) == KNOWN.plan_digest
    (tmp_path / SCOPE).write_text("{")
    with pytest.raises(RecordError, match="does not say what the evidence beside it is about"):
        plan_of(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        json.dumps({"format": 2}),
        *(
            json.dumps({"format": 2, **KNOWN.__dict__, name: value})
            for name, value in (
                ("kind", "other"),
                ("kind", []),
                ("format", 1),
                ("hosts", "pc-1"),
                ("hosts", [1]),
                ("plan_digest", 5),
                ("who", None),
                ("strange", ""),
            )
        ),
    ],
)
def test_what_is_no_scope_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / SCOPE).write_text(text)
    with pytest.raises(RecordError, match=r"scope.json does not say what the evidence beside it is about"):
        load_scope(tmp_path)


def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / SCOPE).symlink_to(tmp_path / "none")
    with pytest.raises(RecordError, match="cannot be read"):
        load_scope(tmp_path)


def test_of_a_play_the_first_endpoint_alone_reads_and_writes_the_scope(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, directory = tmp_path / "run", tmp_path / "audit"
    run.mkdir()
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(run))
    first = claim(directory, "audit", ["pc-1", "pc-2"])
    assert first.run == "run"
    claim(directory, "audit", ["pc-3"])
    scope = load_scope(directory)
    assert scope is not None
    assert (scope.run, scope.who, scope.hosts) == (*first, ("pc-1", "pc-2", "pc-3"))
    with monkeypatch.context() as patch:
        patch.setattr(_place, "load_scope", None)
        assert claim(directory, "audit", ["pc-1", "pc-2"]) == claim(directory, "audit", ["pc-3"]) == first
    (directory / SCOPE).unlink()
    claim(directory, "audit", ["pc-3"])
    assert load_scope(directory) == replace(scope, hosts=("pc-3",), in_run=("pc-3",))
    with pytest.raises(RecordError, match="holds another audit"):
        claim(directory, "verify", ["pc-3"])
