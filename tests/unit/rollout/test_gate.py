# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gate reads no record twice that is as it was, and every one that is not."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
from ansible import constants
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import Record, path_of, save
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout import _gate
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._gate import EndedWell

HOSTS = ["one", "two", "three"]
DIGEST = "ab" * 32
OTHER = "cd" * 32


@pytest.fixture
def evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Evidence in which the last host did not end well."""
    run = tmp_path / "run"
    run.mkdir()
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(run))
    for host in HOSTS:
        ended(tmp_path / "evidence", host, "failed" if host == "three" else "ok")
    return tmp_path / "evidence"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts whose records were read, in order."""
    seen: list[str] = []
    load = _gate.load

    def noting(directory: Path, host: str) -> Record | None:
        seen.append(host)
        return load(directory, host)

    monkeypatch.setattr(_gate, "load", noting)
    return seen


def ended(evidence: Path, host: str, verdict: str) -> None:
    record = Record(host=host, run="r", who="me", started="2026-01-31T12:00:00Z", plan_digest=DIGEST)
    save(evidence, dataclasses.replace(record, state="done", verdict=verdict, reason="so it was"))


def words(evidence: Path, work: str = "rollout", digest: str = DIGEST, *, last: bool = False) -> dict[str, str]:
    found = EndedWell(evidence, work, digest).endings(HOSTS, last)
    assert [ending.host for ending in found] == HOSTS
    assert all(ending.good == (ending.word == _gate.GOOD[work]) for ending in found)
    return {ending.host: ending.word for ending in found}


def test_what_ended_well_is_read_once_and_the_rest_each_time(evidence: Path, read: list[str]) -> None:
    expected = {"one": "ok", "two": "ok", "three": "failed"}
    assert words(evidence) == expected
    assert words(evidence) == expected
    assert read == [*HOSTS, "three"]


def test_the_last_gate_reads_all(evidence: Path, read: list[str]) -> None:
    assert words(evidence) == words(evidence, last=True)
    assert read == [*HOSTS, *HOSTS]


def test_where_nothing_can_be_kept_all_are_read_each_time(evidence: Path, read: list[str]) -> None:
    Path(constants.DEFAULT_LOCAL_TMP).rmdir()
    assert words(evidence) == words(evidence)
    assert read == [*HOSTS, *HOSTS]


def test_a_file_that_was_touched_in_any_way_is_read(evidence: Path, read: list[str]) -> None:
    words(evidence)
    del read[:]
    path_of(evidence, "one").chmod(0o640)
    before = path_of(evidence, "two").stat()
    path_of(evidence, "two").write_bytes(b" " * before.st_size)
    os.utime(path_of(evidence, "two"), ns=(before.st_atime_ns, before.st_mtime_ns))
    assert words(evidence) == {"one": "ok", "two": "failed", "three": "failed"}
    assert read == HOSTS


@pytest.mark.parametrize("verdict", ["failed", "rolled_back", "ok"])
def test_a_record_that_was_written_since_is_read(evidence: Path, read: list[str], verdict: str) -> None:
    words(evidence)
    ended(evidence, "one", verdict)
    del read[:]
    assert words(evidence) == {"one": verdict, "two": "ok", "three": "failed"}
    assert read == ["one", "three"]


def test_a_record_that_is_gone_or_was_edited_is_no_good_ending(evidence: Path) -> None:
    words(evidence)
    path_of(evidence, "one").unlink()
    with path_of(evidence, "two").open("a") as file:
        file.write(" ")
    assert words(evidence)["one"] == "failed"
    path_of(evidence, "two").write_text("{}")
    assert words(evidence)["two"] == "failed"


def test_another_plan_and_another_work_read_for_themselves(evidence: Path) -> None:
    words(evidence)
    assert set(words(evidence, digest=OTHER).values()) == {"failed"}
    assert words(evidence, "rollback", "") == {"one": "ok", "two": "ok", "three": "failed"}
