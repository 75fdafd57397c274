# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""While endpoints are worked on, the evidence is made again where it is old, and by one process at a time."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._publish import (
    publish,
    publish_if_due,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import path_of, save
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._scope import Scope, save_scope

from tests.unit.evidence.fleet import fleet

HOSTS = [record.host for record in fleet(3)]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A rollout to three hosts, of which the first has its turn behind it."""
    hosts = tuple(HOSTS)
    save_scope(tmp_path, Scope("rollout", "CHG0001", "0" * 64, hosts, hosts, "run", "alice", "2026-01-31T12:00:00Z"))
    save(tmp_path, next(fleet(3)))
    return tmp_path


def told(directory: Path) -> list[str]:
    """The hosts of the summary, by batch and name."""
    text = (directory / "summary.json").read_text(encoding="utf-8")
    return [line["host"] for line in json.loads(text)["lines"]]


def grow_old(directory: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(directory / "index.html", (then, then))


def test_what_is_new_is_left_and_what_is_old_is_made_again(directory: Path) -> None:
    publish_if_due(directory)
    assert told(directory) == HOSTS[:1]
    for record in fleet(3):
        save(directory, record)
    publish_if_due(directory)
    assert told(directory) == HOSTS[:1]
    grow_old(directory, 60)
    publish_if_due(directory)
    assert told(directory) == HOSTS


def test_a_page_of_many_hosts_may_be_older(directory: Path) -> None:
    publish(directory)
    path_of(directory, HOSTS[0]).unlink()
    with (directory / "index.html").open("a", encoding="utf-8") as page:
        page.write(" " * 2_000_000)
    grow_old(directory, 120)
    publish_if_due(directory)
    assert told(directory) == HOSTS[:1]
    grow_old(directory, 600)
    publish_if_due(directory)
    assert told(directory) == []


def test_a_page_from_the_future_is_made_again(directory: Path) -> None:
    publish(directory)
    path_of(directory, HOSTS[0]).unlink()
    grow_old(directory, -3600)
    publish_if_due(directory)
    assert told(directory) == []


def test_a_folder_of_records_that_can_not_be_read_is_told_and_not_taken_for_empty(directory: Path) -> None:
    for record in (directory / "hosts").iterdir():
        record.unlink()
    (directory / "hosts").rmdir()
    (directory / "hosts").write_text("", encoding="utf-8")
    summary = publish(directory).summary
    assert summary["damaged"] == [f"{directory / 'hosts'} can't be read: Not a directory."]
    assert summary["incomplete"]


def test_one_process_at_a_time_makes_it_and_the_others_go_on(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    publish_if_due(directory)
    assert not (directory / "index.html").exists()
    os.close(handle)
    publish_if_due(directory)
    assert told(directory) == HOSTS[:1]


def test_without_a_scope_and_with_a_damaged_one_nothing_is_made(directory: Path) -> None:
    (directory / "scope.json").write_text("{", encoding="utf-8")
    publish_if_due(directory)
    (directory / "scope.json").unlink()
    publish_if_due(directory)
    assert sorted(path.name for path in directory.iterdir()) == ["hosts"]


def test_page_and_summary_come_from_one_reading(directory: Path) -> None:
    def changed_under_way(record: object) -> None:
        for each in fleet(3):
            save(directory, each)

    published = publish(directory, changed_under_way)
    assert [line.host for line in published.summary["lines"]] == told(directory) == HOSTS[:1]
    page = (directory / "index.html").read_text(encoding="utf-8")
    assert published.summary["sentence"] in page
    assert HOSTS[0] in page
    assert HOSTS[1] not in page
