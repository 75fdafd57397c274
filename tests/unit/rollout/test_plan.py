# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan holds as it was made, or not at all."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._plan import (
    HostPlan,
    Plan,
    PlanError,
    differences,
    load,
    load_share,
    said,
)

from tests.unit.evidence.plans import plan_for

MADE = datetime.datetime(2026, 1, 31, 12, 0, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
SETTINGS = {"winhttp_proxy": {"proxy": "proxy.test:80", "bypass": ["<local>"]}}
HOST = HostPlan(
    settings=SETTINGS,
    before={"winhttp": {"proxy": None}},
    after={"winhttp": {"proxy": "proxy.test:80"}},
    commands=("netsh winhttp set proxy proxy.test:80",),
    warnings=("Büro 日本",),
    changed=True,
    reboot_reason="",
)
PLAN = Plan(MADE, MADE + HOUR, "1.0.0", {"pc-1": HOST, "pc-2": HOST}, {"pc-3": "unreachable"})

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    PLAN.save(path)
    return path


def test_a_plan_is_read_as_it_was_written(file: Path) -> None:
    plan = load(file)
    assert (plan.created, plan.valid_until, plan.collection) == (MADE, MADE + HOUR, "1.0.0")
    assert plan.hosts == ("pc-1", "pc-2")
    assert plan.digest == PLAN.digest == json.loads(file.read_text(encoding="utf-8"))["digest"]


def test_the_digest_is_that_of_the_lines_between_the_first_and_the_hosts(file: Path) -> None:
    sealed = file.read_bytes().split(b"\n", 1)[1].partition(b'"hosts":{\n')[0]
    assert hashlib.sha256(sealed).hexdigest() == PLAN.digest
    hosts = json.loads(file.read_text(encoding="utf-8"))["hosts"]
    for host, entry in hosts.items():
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest().encode() in sealed, host


def test_the_order_of_hosts_is_nothing_to_the_digest() -> None:
    turned = dataclasses.replace(PLAN, hosts=dict(reversed(PLAN.hosts.items())))
    assert turned.digest == PLAN.digest


def _compact(content: Any) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def _as_a_plan(content: dict[str, Any]) -> str:
    """What was edited, in the shape of a plan, so that it is not for its shape that it is refused."""
    index, hosts = (
        ",\n".join(f"{json.dumps(name)}:{_compact(value)}" for name, value in content.pop(part).items())
        for part in ("index", "hosts")
    )
    digest = _compact({"digest": content.pop("digest", None)})[1:-1]
    head = _compact(content)[1:-1]
    return f'{{{digest},\n{head},\n"index":{{\n{index}\n}},\n"hosts":{{\n{hosts}\n}}}}\n'


def test_what_is_edited_below_has_the_shape_of_a_plan(file: Path) -> None:
    assert _as_a_plan(json.loads(file.read_text(encoding="utf-8"))) == file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "edit",
    [
        lambda c: c.update(created="2026-01-31T12:00:01Z"),
        lambda c: c.update(valid_until="2027-01-31T13:00:00Z"),
        lambda c: c.update(collection="1.0.1"),
        lambda c: c.update(more=1),
        lambda c: c["hosts"].pop("pc-2"),
        lambda c: c["hosts"].update({"pc-4": c["hosts"]["pc-1"]}),
        lambda c: c["index"].update({"pc-1": c["index"]["pc-2"]}),
        lambda c: c["left_out"].clear(),
        lambda c: c["hosts"]["pc-1"]["settings"]["winhttp_proxy"].update(proxy="evil.test:80"),
        lambda c: c["hosts"]["pc-1"]["settings"]["winhttp_proxy"]["bypass"].append("*"),
        lambda c: c["hosts"]["pc-1"]["before"]["winhttp"].update(proxy=""),
        lambda c: c["hosts"]["pc-1"]["after"].clear(),
        lambda c: c["hosts"]["pc-1"]["commands"].append("format c:"),
        lambda c: c["hosts"]["pc-1"]["warnings"].clear(),
        lambda c: c["hosts"]["pc-1"].update(changed=1),
        lambda c: c["hosts"]["pc-1"].update(reboot_reason=" "),
        lambda c: c.update(digest=c["digest"].upper()),
        lambda c: c.update(digest=None),
        lambda c: c.pop("digest"),
    ],
)
def test_no_edit_goes_unnoticed(file: Path, edit: Edit) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    edit(content)
    file.write_text(_as_a_plan(content), encoding="utf-8")
    with pytest.raises(PlanError, match="edited"):
        load(file)


def test_no_byte_can_be_another(file: Path) -> None:
    text = file.read_bytes()
    for at in range(len(text)):
        file.write_bytes(text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :])
        with pytest.raises(PlanError):
            load(file)


def test_the_part_of_one_host_is_read_without_the_others(file: Path) -> None:
    for host in PLAN.hosts:
        share = load_share(file, host)
        assert share.planned == PLAN.hosts[host]
        assert share.digest == PLAN.digest
        assert (share.created, share.valid_until, share.collection) == (MADE, MADE + HOUR, "1.0.0")
    with pytest.raises(PlanError, match="There is no plan for pc-3: unreachable"):
        load_share(file, "pc-3")
    with pytest.raises(PlanError, match="pc-4 is not in the plan"):
        load_share(file, "pc-4")


def test_no_byte_of_an_own_part_can_be_another(file: Path) -> None:
    text = file.read_bytes()
    entry = text.index(b'"pc-1":', text.index(b'"hosts":')) + len(b'"pc-1":')
    read = (*range(text.index(b'"hosts":')), *range(entry, text.index(b",\n", entry)))
    for at in read:
        file.write_bytes(text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :])
        with pytest.raises(PlanError):
            load_share(file, "pc-1")


def test_each_host_has_its_own_part_whatever_it_is_called(file: Path) -> None:
    names = ("", ",", "{", '"', '":[', "pc", "pc-1", "Büro 日本", "\\", 'x":[0,1,"0"],"pc', "a\nb", "},")
    hosts = {name: dataclasses.replace(HOST, reboot_reason=name) for name in names}
    dataclasses.replace(PLAN, hosts=hosts, left_out={"gone": '"index":{"lost":[', "lost": "unreachable"}).save(file)
    assert load(file).hosts == tuple(sorted(names))
    assert {name: load_share(file, name).planned for name in names} == hosts
    for lost in ("lost", "c"):
        with pytest.raises(PlanError, match=lost):
            load_share(file, lost)


def test_hosts_that_are_turned_and_what_comes_behind_the_end_are_refused(file: Path) -> None:
    text = file.read_bytes()
    lines = text.splitlines(keepends=True)
    turned = b"".join((*lines[:-3], lines[-2].replace(b"}\n", b"},\n"), lines[-3].replace(b"},\n", b"}\n"), lines[-1]))
    for wrong in (text[:-1], text + b"\n", text + text, json.dumps(json.loads(text), indent=1).encode(), turned):
        assert wrong != text
        file.write_bytes(wrong)
        with pytest.raises(PlanError, match="edited"):
            load(file)


def test_the_memory_for_a_plan_does_not_grow_with_its_entries(file: Path) -> None:
    peaks = []
    for hosts in (200, 1000):
        plan_for(hosts, {}).save(file)
        for read in (load, lambda path: load_share(path, "pc-0001.example.com")):
            tracemalloc.start()
            read(file)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert file.stat().st_size > hosts * 1000
    assert max(peaks[2] - peaks[0], peaks[3] - peaks[1]) < 800 * 1000


@pytest.mark.parametrize("read", [load, lambda path: load_share(path, "pc-1")])
@pytest.mark.parametrize("text", ["", "[" * 100_000, "[]", '{"format": 2}', '{"format": 1}', "\0"])
def test_what_is_no_plan_is_said(tmp_path: Path, read: Callable[[Path], Any], text: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=r"plan\.json is no plan"):
        read(file)


def test_a_plan_that_is_not_there_and_one_that_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"can't be read: No such file"):
        load(tmp_path / "missing.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlanError, match="is no plan"):
        load(tmp_path / "bytes.json")


@pytest.mark.parametrize(
    ("now", "version", "sentence"),
    [
        (MADE + HOUR + datetime.timedelta(seconds=1), "1.0.0", "The plan is too old"),
        (MADE - HOUR, "1.0.0", "from the future"),
        (MADE, "1.0.1", r"made by version 1\.0\.0 of the collection, and this is 1\.0\.1"),
    ],
)
def test_when_and_by_whom_a_plan_may_not_be_carried_out(now: datetime.datetime, version: str, sentence: str) -> None:
    PLAN.check(MADE, "1.0.0")
    PLAN.check(MADE + HOUR, "1.0.0")
    with pytest.raises(PlanError, match=sentence):
        PLAN.check(now, version)


def test_differences_name_the_places() -> None:
    planned = {"a": {"b": 1, "c": [1]}, "gone": None, "same": {"x": 1}}
    found = {"a": {"b": 2, "c": [2]}, "same": {"x": 1}, "new": True}
    assert [(d.path, d.planned, d.found) for d in differences(planned, found)] == [
        ("a.b", 1, 2),
        ("a.c", [1], [2]),
        ("new", None, True),
    ]
    assert differences({"a": {}}, {"a": 1})[0].path == "a"
    assert not differences(planned, planned)


def test_what_is_held_is_said_before_what_follows_from_it() -> None:
    none = {"effective": {}, "winhttp": {}}
    found = differences(none, {"conflicts": 1, "effective": {"proxy": 2}, "winhttp": {"a": 3, "b": 4}})
    assert said(found) == (
        "winhttp.a was null and is 3; winhttp.b was null and is 4; effective.proxy was null and is 2; and 1 more"
    )
    assert said(found[-1:]) == "conflicts was null and is 1"
