# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation is the argument spec: it is whole, agrees with itself, and tells what the code does."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._antivirus_proxy import (
    AntivirusProxy,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._datacollection_proxy import (
    DataCollectionProxy,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._endpoint_info import (
    EndpointInfo,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._endpoint_proxy import EndpointProxy
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._state import State
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._winhttp_advproxy import (
    WinHttpAdvProxy,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._winhttp_import_ie import (
    WinHttpImportIe,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._winhttp_proxy import WinHttpProxy
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._wininet import Place
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._wpad import Wpad
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Completed
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry import Query, Registry

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = {
    "winhttp_proxy": WinHttpProxy,
    "winhttp_import_ie": WinHttpImportIe,
    "wpad": Wpad,
    "datacollection_proxy": DataCollectionProxy,
    "antivirus_proxy": AntivirusProxy,
}
WRITERS: dict[str, type[Any]] = {**BLOCKS, "winhttp_advproxy": WinHttpAdvProxy, "endpoint_proxy": EndpointProxy}
MODULES: dict[str, type[Any]] = {**WRITERS, "endpoint_info": EndpointInfo}
SPEC_KEYS = ("type", "elements", "required", "default", "choices", "aliases")
RESULT_KEYS = {
    "before",
    "after",
    "diff",
    "commands",
    "snapshot",
    "warnings",
    "reboot_required",
    "reboot_reason",
    "reverted",
    "ansible_facts",
    "unknown",
    "rolled_back",
    "expected",
    "observed",
}


@functools.cache
def ansible_doc(kind: str, *names: str) -> dict[str, Any]:
    """What ansible-doc says of plugins, fragments merged in, by name."""
    # The environment that ansible-test makes has no program of that name.
    answer = subprocess.run(
        [sys.executable, "-m", "ansible.cli.doc", "--json", "-t", kind, *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return dict(json.loads(answer.stdout))


def module(name: str) -> dict[str, Any]:
    docs = ansible_doc("module", *(f"mde.connectivity.{each}" for each in MODULES))
    return dict(docs[f"mde.connectivity.{name}"])


def spec(options: Mapping[str, Any]) -> dict[str, Any]:
    """What an argument spec takes of documented options, with the default of every key written out."""
    found: dict[str, Any] = {}
    for name, option in options.items():
        found[name] = {key: option.get(key) for key in SPEC_KEYS}
        found[name]["required"] = bool(option.get("required"))
        if "suboptions" in option:
            found[name]["options"] = spec(option["suboptions"])
    return found


def examples(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load(module(name)["examples"]))


def shape(returned: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a documented result, and below each its own."""
    return {key: shape(value.get("contains") or {}) for key, value in returned.items()}


def keys_of(value: object) -> dict[str, Any]:
    return {key: keys_of(below) for key, below in value.items()} if isinstance(value, dict) else {}


def leaves(returned: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for key, value in returned.items():
        yield ".".join((*path, key)), value
        yield from leaves(value.get("contains") or {}, (*path, key))


@functools.cache
def reported() -> dict[str, Any]:
    """The result of endpoint_info for an endpoint on which only SYSTEM's SavedLegacySettings is set."""
    resource = EndpointInfo({})
    place, registry = Place("system"), Registry(resource.queries())
    key = place.saved.key.replace("HKU", "HKEY_USERS", 1)
    query = next(query for query in resource.queries() if query.covers(place.saved))
    registry.add(Query("HKU"), Completed(0, "\nHKEY_USERS\\S-1-5-18\n"), frozenset())
    answer = Completed(0, f"{key}\n    SavedLegacySettings    REG_BINARY    46{'00' * 55}\n")
    registry.add(query, answer, frozenset())
    return resource.report(resource.decode(registry, State()))


def test_every_action_has_its_documentation() -> None:
    actions, documented = (
        {path.stem for path in ROOT.glob(f"plugins/{folder}/*.py")} for folder in ("action", "modules")
    )
    assert set(MODULES) <= actions
    assert actions == documented


@pytest.mark.parametrize("name", MODULES)
def test_documentation_is_whole(name: str) -> None:
    doc = module(name)["doc"]
    assert doc["version_added"] == "1.0.0"
    assert len(doc["short_description"]) < 80
    assert not doc["short_description"].endswith(".")
    assert doc["notes"]
    assert doc["seealso"]
    support = {key: value["support"] for key, value in doc["attributes"].items()}
    writes = "full" if name in WRITERS else "N/A"
    # That a module without a name in _facts returns ansible_facts is said where it is so.
    assert support.pop("facts", None) == ("full" if "ansible_facts" in module(name)["return"] else None)
    assert support == {
        "action_group": "full",
        "check_mode": "full",
        "diff_mode": writes,
        "idempotent": writes,
        "platform": "full",
        "become": "none",
        "environment": "none",
        "async": "none",
    }
    assert all(doc["attributes"][key]["details"] for key in ("become", "environment", "async"))


@pytest.mark.parametrize("name", MODULES)
def test_options_have_no_second_name(name: str) -> None:
    options = module(name)["doc"].get("options", {})
    assert not [key for key, option in options.items() if option.get("aliases")]


@pytest.mark.parametrize("name", BLOCKS)
def test_block_has_the_options_of_its_module(name: str) -> None:
    block = module("endpoint_proxy")["doc"]["options"][name]
    assert (block["type"], block.get("required", False)) == ("dict", False)
    assert spec(block["suboptions"]) == spec(module(name)["doc"]["options"])


def test_method_offers_nothing_but_ways_to_a_block() -> None:
    doc = module("endpoint_proxy")["doc"]
    assert set(doc["options"]) == {"method", *BLOCKS, "restore"}
    assert doc["options"]["method"]["choices"] == ["wpad", "winhttp", "winhttp_import", "static"]


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_accepted(name: str) -> None:
    tasks = examples(name)
    own = [task[f"mde.connectivity.{name}"] for task in tasks if f"mde.connectivity.{name}" in task]
    assert len(tasks) >= 3
    assert own
    assert all(task["name"] for task in tasks)
    assert all(any("." in key for key in task) for task in tasks), "a module without its full name"
    resource = MODULES[name]
    validator = ArgumentSpecValidator(spec(module(name)["doc"].get("options", {})))
    for arguments in own:
        result = validator.validate(resource.complete(arguments or {}))
        assert not result.error_messages
        resource(result.validated_parameters)


@pytest.mark.parametrize("name", MODULES)
def test_every_returned_key_is_explained(name: str) -> None:
    returned = module(name)["return"]
    assert set(returned) == (RESULT_KEYS if name in WRITERS else set(reported()))
    for path, value in leaves(returned):
        assert value["description"], path
        assert value["returned"], path
        assert value["type"], path
        assert "contains" in value or "sample" in value, path


def test_endpoint_info_returns_what_is_documented() -> None:
    documented = shape(module("endpoint_info")["return"])
    found = keys_of(reported())
    assert found["wininet"]["system"] == documented["wininet"]["system"]
    documented["wininet"] = found["wininet"]
    assert found == documented


@pytest.mark.parametrize("name", BLOCKS)
def test_before_and_after_have_the_shape_of_endpoint_info(name: str) -> None:
    returned, whole = module(name)["return"], shape(module("endpoint_info")["return"])
    before = shape(returned["before"]["contains"])
    assert before
    if "wininet" in before:
        whole["wininet"] = dict.fromkeys(before["wininet"], whole["wininet"]["system"])
    assert before == {key: whole[key] for key in before}
    for key in ("after", "expected", "observed"):
        assert returned[key]["contains"] == returned["before"]["contains"]
    assert shape(returned["diff"]["contains"]) == {"before": before, "after": before}


def test_endpoint_proxy_samples_have_the_shape_of_endpoint_info() -> None:
    before = module("endpoint_proxy")["return"]["before"]["contains"]
    samples = {key: value["sample"] for key, value in before.items()}
    info = shape(module("endpoint_info")["return"])
    del info["windows"], info["onboarding"]
    assert keys_of(samples) == info


@pytest.mark.parametrize("name", WRITERS)
def test_a_resource_decodes_what_its_before_shows(name: str) -> None:
    resource_type = MODULES[name]
    task = next(task for task in examples(name) if f"mde.connectivity.{name}" in task)
    arguments = resource_type.complete(task[f"mde.connectivity.{name}"])
    validator = ArgumentSpecValidator(spec(module(name)["doc"]["options"]))
    resource = resource_type(validator.validate(arguments).validated_parameters)
    registry = Registry(resource.queries())
    registry.add(Query("HKU"), Completed(0, "\nHKEY_USERS\\S-1-5-18\n"), frozenset())
    state = resource.decode(registry, State())
    documented = set(module(name)["return"]["before"]["contains"])
    if name == "endpoint_proxy":
        assert {"effective", "conflicts"} < set(resource.report(state)) <= documented
    else:
        assert set(resource.report(state)) == documented


def sources(option: Mapping[str, Any]) -> dict[str, Any]:
    """Where the value of a connection's option may come from, and what it is then taken for."""
    type_ = str(option.get("type"))
    return {
        "type": {"integer": "int", "boolean": "bool"}.get(type_, type_),
        "default": option.get("default"),
        "choices": set(option.get("choices") or ()),
        "aliases": set(option.get("aliases") or ()),
        "vars": {each["name"] for each in option.get("vars", ())},
        "keyword": {each["name"] for each in option.get("keyword", ())},
        "ini": {(each["section"], each["key"]) for each in option.get("ini", ())},
        "env": {each["name"] for each in option.get("env", ())},
    }


def test_winrs_takes_every_variable_of_winrm() -> None:
    docs = ansible_doc("connection", "mde.connectivity.winrs", "ansible.builtin.winrm")
    ours, theirs = (
        {name: sources(option) for name, option in docs[plugin]["doc"]["options"].items()}
        for plugin in ("mde.connectivity.winrs", "ansible.builtin.winrm")
    )
    assert ours == theirs
