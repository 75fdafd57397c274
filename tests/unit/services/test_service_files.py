# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of service URLs: what is right is read, and every mistake is one sentence that says where it is."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import DATA, built_in
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import (
    REACHABLE,
    Builds,
    Probe,
    ServiceFileError,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._names import is_host
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._reader import parse, read_file
from hypothesis import given
from hypothesis import strategies as st

ENTRY: dict[str, Any] = {
    "hosts": ["a.example.com", "b.example.com"],
    "ports": [80, 443],
    "purpose": "Test",
    "required": True,
}
WILD: dict[str, Any] = {**ENTRY, "hosts": ["*.example.com"], "probes": [{"hosts": ["a.example.com"]}]}
WHERE = "own.yml, entry 1 ('a.example.com'), "
# What is changed in an entry, and the sentence after the place.
BAD_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"hosts": None}, "own.yml, entry 1, field hosts: has to be a list, and each of it a name in lower case"),
    ({"ports": []}, f"{WHERE}field ports: has to be a list"),
    ({"ports": [0]}, f"{WHERE}field ports: '0' is not a port from 1 to 65535."),
    ({"ports": [True]}, f"{WHERE}field ports: 'True' is not a port from 1 to 65535."),
    ({"ports": [443, 443]}, f"{WHERE}field ports: names something twice."),
    ({"purpose": None}, f"{WHERE}field purpose: is missing"),
    ({"purpose": "=1+1"}, f"{WHERE}field purpose: '=1+1' is not one line"),
    ({"purpose": "a\nb"}, f"{WHERE}field purpose: 'a?b' is not one line"),
    ({"required": "yes"}, f"{WHERE}field required: 'yes' is not true or false."),
    ({"path": "pki"}, f"{WHERE}field path: 'pki' is not a path that begins with '/'."),
    ({"regions": ["ca"]}, f"{WHERE}field regions: 'ca' is not one of us, eu, uk, au, ch, in, ae."),
    ({"clouds": "gcc"}, f"{WHERE}field clouds: has to be a list"),
    ({"generations": [["x"]]}, f"{WHERE}field generations: a list is not one of"),
    ({"builds": 17763}, f"{WHERE}field builds, has to be a mapping with the fields from, before, only_when_known."),
    ({"builds": {"from": "1809"}}, f"{WHERE}field builds, field from: '1809' is not the number"),
    ({"builds": {"from": 3, "before": 3}}, f"{WHERE}field builds, field before: has to be greater than"),
    ({"builds": {"only_when_known": 1}}, f"{WHERE}field builds, field only_when_known: '1' is not true or false."),
    ({"direct": "no"}, f"{WHERE}field direct: 'no' is not true or false."),
    ({"source": "a page"}, f"{WHERE}field source: has to be a list, and each of it one line of ASCII text."),
    ({"as_of": "3 September"}, f"{WHERE}field as_of: '3 September' is not a day such as 2026-09-03."),
    ({"as_of": "20260903"}, f"{WHERE}field as_of: '20260903' is not a day such as 2026-09-03."),
    ({"probes": {}}, f"{WHERE}field probes: has to be a list."),
    (
        {"probes": [{"statuses": [99]}]},
        f"{WHERE}field probes, probe 1, field statuses: '99' is not an HTTP status",
    ),
    ({"probes": [{"ports": [8080]}]}, f"{WHERE}field probes, probe 1, field ports: '8080' is not a port of"),
    ({"probes": [{"path": "x y"}]}, f"{WHERE}field probes, probe 1, field path: 'x y' is not a path"),
    (
        {"probes": [{"hosts": ["c.example.com"]}]},
        f"{WHERE}field probes, probe 1, field hosts: belongs to a wildcard",
    ),
    ({"purposes": "x"}, f"{WHERE}field 'purposes': there is no such field, there are hosts, ports"),
]
BAD_HOSTS = [
    "",
    "A.example.com",
    "example",
    "10.0.0.1",
    "*",
    "*.com",
    "a.*.com",
    "*a.example.com",
    "https://a.example.com",
    "a.example.com:443",
    "a.example.com.",
    "a_b.example.com",
    "-a.example.com",
    "a..example.com",
    "a.example.com\nhttp_access allow all",
    f"{'a' * 64}.example.com",
    ".".join(["a" * 60] * 5),
    42,
    None,
]
BAD_WILDCARDS = [
    ([{}], "field hosts: is missing; *.example.com is no address, so name hosts below it."),
    ([{"hosts": ["*.a.example.com"]}], "field hosts: '*.a.example.com' is not a name in lower case."),
]
BAD_TEXTS = {
    "services: [": "is not usable as YAML or JSON: ",
    "services: []\nservices: []": "line 2: is not usable as YAML or JSON: 'services' stands twice.",
    "- 1": "has to be a mapping with the fields about, generations, clouds, builds, source, as_of, services.",
    "": "has to be a mapping",
    "about: x": "field services: has to be a list of entries.",
    "services: [1]": "entry 1, has to be a mapping with the fields hosts, ports",
    "{clouds: [azure], services: [{hosts: [a.example.com], ports: [1], purpose: x, required: true}]}": (
        "field clouds: 'azure' is not one of commercial, gcc, gcc_high, dod."
    ),
    "[" * 5000: "is not usable as YAML or JSON: ",
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
NAMES = st.builds(lambda labels: ".".join([*labels, "example"]), st.lists(LABELS, min_size=1, max_size=3))
ENTRIES = st.fixed_dictionaries(
    {
        "hosts": st.lists(NAMES, min_size=1, max_size=3, unique=True),
        "ports": st.lists(st.integers(1, 65535), min_size=1, max_size=3, unique=True),
        "purpose": st.from_regex(r"[A-Za-z0-9][ -~]{0,30}", fullmatch=True),
        "required": st.booleans(),
    },
    optional={
        "regions": st.lists(st.sampled_from(["us", "eu", "uk", "au"]), min_size=1, unique=True),
        "builds": st.builds(lambda first: {"from": first, "before": first + 1}, st.integers(1, 30000)),
        "probes": st.just([]) | st.just([{"path": "/test", "statuses": [200]}]),
    },
)


def mistakes(*entries: Any) -> tuple[str, ...]:
    with pytest.raises(ServiceFileError) as raised:
        parse({"services": list(entries)}, "own.yml")
    return raised.value.mistakes


def refusal(content: Any) -> tuple[str, ...] | None:
    """What is said against a file, None where it is read."""
    try:
        parse(content, "own.yml")
    except ServiceFileError as error:
        return error.mistakes
    return None


@pytest.mark.parametrize(("change", "sentence"), BAD_FIELDS, ids=lambda value: str(value)[:40])
def test_a_bad_field_is_one_sentence(change: dict[str, Any], sentence: str) -> None:
    (said,) = mistakes({**ENTRY, **change})
    assert said.startswith(sentence)
    assert said.endswith(".")


@pytest.mark.parametrize("host", BAD_HOSTS, ids=repr)
def test_a_bad_host_is_one_sentence(host: Any) -> None:
    (said,) = mistakes({**ENTRY, "hosts": [host]})
    assert said.startswith("own.yml, entry 1 (")
    assert "field hosts: " in said
    assert said.endswith("is not a name in lower case, or '*.' and a name.")
    assert "\n" not in said


@pytest.mark.parametrize(("probes", "end"), BAD_WILDCARDS)
def test_a_wildcard_is_never_asked_as_such(probes: list[Any], end: str) -> None:
    assert any(said.endswith(end) for said in mistakes({**WILD, "probes": probes}))


def test_a_probe_lies_below_its_wildcard() -> None:
    (said,) = mistakes({**WILD, "probes": [{"hosts": ["a.example.com", "a.example.org"]}]})
    assert said.endswith("probe 1, field hosts: 'a.example.org' is not below *.example.com.")


@pytest.mark.parametrize("text", BAD_TEXTS, ids=lambda text: text[:30])
def test_a_bad_file_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "own.yml"
    path.write_text(text)
    with pytest.raises(ServiceFileError) as raised:
        read_file(path)
    (said,) = raised.value.mistakes
    assert said.startswith(str(path))
    assert BAD_TEXTS[text] in said


def test_the_lists_that_come_with_the_collection_are_read_as_a_users_own() -> None:
    paths = sorted(DATA.glob("*.yml"))
    assert built_in() == tuple(read_file(path) for path in paths)
    assert len(paths) == 7


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.yml", tmp_path):
        with pytest.raises(ServiceFileError, match=r"cannot be read: .*\.$"):
            read_file(path)
    (tmp_path / "bytes.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ServiceFileError, match="text in UTF-8 is wanted"):
        read_file(tmp_path / "bytes.yml")


def test_every_mistake_is_said_at_once() -> None:
    said = mistakes({**ENTRY, "ports": [0], "required": 1}, ENTRY, {**ENTRY, "purpose": 3})
    assert [sentence.split(" (")[0] for sentence in said] == ["own.yml, entry 1"] * 2 + ["own.yml, entry 3"]


def test_a_whole_entry() -> None:
    content = {
        "builds": {"from": 5},
        "services": [{**WILD, "builds": {"before": 9}, "unconfirmed": "Perhaps"}],
    }
    read = parse(content, "own.yml")
    service = read.services[1]
    assert (read.builds, service.builds, service.port) == ((Builds(5),), Builds(None, 9), 443)
    assert service.probes == (Probe("https://a.example.com/", REACHABLE),)
    assert (service.wildcard, service.unconfirmed) == (True, "Perhaps")


def test_a_file_may_be_json(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(json.dumps({"services": [ENTRY]}))
    assert len(read_file(tmp_path / "own.json").services) == 4


@given(st.lists(ENTRIES, min_size=1, max_size=4))
def test_what_is_right_is_read_whole(entries: list[dict[str, Any]]) -> None:
    services = parse({"services": copy.deepcopy(entries)}, "own.yml").services
    expected = [(host, port) for entry in entries for host in entry["hosts"] for port in entry["ports"]]
    assert [(service.host, service.port) for service in services] == expected
    for service in services:
        assert all(service.host in probe.url for probe in service.probes)


@given(ANYTHING, ANYTHING, st.sampled_from([*ENTRY, "path", "builds", "probes", "regions", "unconfirmed"]))
def test_whatever_a_file_holds_is_read_or_refused_in_sentences(content: Any, value: Any, field: str) -> None:
    for whole in (content, {"services": content}, {"services": [{**ENTRY, field: value}]}):
        said = refusal(whole)
        assert said != ()
        assert all(each.startswith("own.yml, ") and each.endswith(".") for each in said or ())
        assert all("\n" not in each for each in said or ())


@given(st.text() | NAMES)
def test_a_host_never_holds_more_than_a_host(text: str) -> None:
    if is_host(text):
        assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.*")
