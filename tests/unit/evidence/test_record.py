# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A record comes back as it was written, and a file that is none is refused with a sentence."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence import _files
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable, write
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import (
    Record,
    RecordError,
    file_name,
    load,
    path_of,
    read,
    save,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.evidence.fleet import record

HOST = record(0, 10).host


def test_what_was_written_is_read(tmp_path: Path) -> None:
    for number in (0, 17, 67):
        written = record(number, 100)
        assert save(tmp_path, written) == written
        assert load(tmp_path, written.host) == written


def test_a_host_without_a_record_has_none(tmp_path: Path) -> None:
    assert load(tmp_path, "nobody") is None


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "evidence"
    old = os.umask(0)
    try:
        save(directory, record(0, 10))
    finally:
        os.umask(old)
    path = path_of(directory, HOST)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda text: text[: len(text) // 2], "cut short"),
        (lambda text: "", "cut short"),
        (lambda text: "[" * 100_000, "cut short"),
        (lambda text: "[]", "no record of evidence in format 2"),
        (lambda text: text.replace('"format": 2', '"format": 1'), "no record of evidence in format 2"),
        (lambda text: text.replace("CHG0001", "CHG0002"), "edited or damaged"),
        (lambda text: text.replace("CHG0001", "CHG\xff").encode("latin-1"), "cut short"),
        (lambda text: text.replace('"checksum"', '"sum"'), "edited or damaged"),
    ],
)
def test_a_file_that_is_no_record_is_refused(tmp_path: Path, damage, sentence: str) -> None:
    save(tmp_path, record(0, 10))
    path = path_of(tmp_path, HOST)
    damaged = damage(path.read_text())
    path.write_bytes(damaged if isinstance(damaged, bytes) else damaged.encode())
    with pytest.raises(RecordError, match=sentence):
        load(tmp_path, HOST)


def test_the_record_of_another_host_is_refused(tmp_path: Path) -> None:
    save(tmp_path, record(0, 10))
    path_of(tmp_path, HOST).rename(path_of(tmp_path, "other"))
    with pytest.raises(RecordError, match="another host"):
        load(tmp_path, "other")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("verdict", "unreachable"),
        ("state", "half"),
        ("started", "yesterday"),
        ("batch", -1),
        ("batch", True),
        ("plan_digest", "9f"),
        ("before", None),
        ("snapshot", ("text",)),
        ("reachability", {"rows": ["text"]}),
        ("history", ({"time": "now"},)),
        ("host", ""),
    ],
)
def test_a_value_that_no_record_has_is_not_written(tmp_path: Path, field: str, value: object) -> None:
    with pytest.raises(RecordError, match=field):
        save(tmp_path, replace(record(0, 10), **{field: value}))
    assert not list(tmp_path.rglob("*.json"))


@given(st.lists(st.text(min_size=1), min_size=2, max_size=6, unique=True))
def test_every_host_has_a_name_of_its_own_that_is_no_path(hosts: list[str]) -> None:
    names = [file_name(host.encode("utf-8", "replace").decode()) for host in hosts]
    assert len(set(names)) == len({host.encode("utf-8", "replace") for host in hosts})
    for name in names:
        assert "/" not in name
        assert not name.startswith(".")
        assert len(name) <= 200


def test_long_names_differ_at_their_end_only(tmp_path: Path) -> None:
    for name in ("a" * 300, "a" * 300 + "b", "..", "../up", "con:5986"):
        save(tmp_path, replace(record(0, 10), host=name))
        assert load(tmp_path, name).host == name
    assert len(list((tmp_path / "hosts").iterdir())) == 5


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "file.json"
    write(path, "old")

    def refuse(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_files.os, "fsync", refuse)
    with pytest.raises(NotWritable, match="No space left"):
        write(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.json"]


def test_a_file_in_the_place_of_the_directory_is_said(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("")
    with pytest.raises(NotWritable, match="cannot be made"):
        save(tmp_path, record(0, 10))


def test_the_file_is_plain_json(tmp_path: Path) -> None:
    save(tmp_path, record(0, 10))
    content = json.loads(path_of(tmp_path, HOST).read_text(encoding="ascii"))
    assert content["host"] == HOST
    assert content["verdict"] == "ok"
    assert isinstance(read(path_of(tmp_path, HOST)), Record)
