# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation is the argument spec: it is whole, agrees with itself, and tells what the code does."""

from __future__ import annotations

import functools
import json
import re
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
ROLES = {
    "endpoint_proxy": {"main"},
    "endpoint_verify": {"main", "check", "verify", "once", "recorded"},
    "service_allowlist": {"main"},
}
WINRS, WINRM = "mde.connectivity.winrs", "ansible.builtin.winrm"
# What a writer returns in the shape of its "before".
STATES = ("after", "diff", "expected", "observed")
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


def role_page(name: str) -> dict[str, Any]:
    docs = ansible_doc("role", *(f"mde.connectivity.{each}" for each in ROLES))
    return dict(docs[f"mde.connectivity.{name}"])


def connection(name: str) -> dict[str, Any]:
    return dict(ansible_doc("connection", WINRS, WINRM)[name])


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


def held(resource: Any) -> dict[str, Any]:
    """What a resource reports of an endpoint on which only SavedLegacySettings is set, for two accounts."""
    registry = Registry(resource.queries())
    registry.add(Query("HKU"), Completed(0, "\nHKEY_USERS\\S-1-5-18\n"), frozenset())
    for saved in (Place("system").saved, Place("connection").saved):
        key = saved.key.replace("HKU", "HKEY_USERS", 1).replace("HKCU", "HKEY_CURRENT_USER", 1)
        answer = Completed(0, f"{key}\n    SavedLegacySettings    REG_BINARY    46{'00' * 55}\n")
        for query in resource.queries():
            if query.covers(saved):
                registry.add(query, answer, frozenset())
    return dict(resource.report(resource.decode(registry, State())))


@functools.cache
def reported() -> dict[str, Any]:
    return held(EndpointInfo({}))


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


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_of_the_role_shows_its_options_and_leaves_their_check_to_the_module(name: str) -> None:
    page = role_page("endpoint_proxy")
    option = page["entry_points"]["main"]["options"][f"endpoint_proxy_{name}"]
    assert f"O(mde.connectivity.endpoint_proxy#module:{name})" in str(option["description"])
    inside = module("endpoint_proxy")["doc"]["options"][name]["suboptions"]
    renamed = re.sub(r"O\((?=\w+\.\w)", "O(endpoint_proxy_", json.dumps(inside))
    assert option["options"] == json.loads(renamed)
    # ansible-core checks the options of a dict before the module does, and prints what it does not like: secrets too.
    secret = {f"endpoint_proxy_{name}": {"state": "http://u:hunter2@proxy", "sever": "hunter2"}}
    assert not ArgumentSpecValidator(page["entry_points"]["main"]["options"]).validate(secret).error_messages
    as_dict = {f"endpoint_proxy_{name}": {**option, "type": "dict"}}
    assert ArgumentSpecValidator(as_dict).validate(secret).error_messages


@pytest.mark.parametrize(("role", "documented"), ROLES.items())
def test_every_entry_point_that_is_documented_is_on_the_page_of_its_role(role: str, documented: set[str]) -> None:
    page = role_page(role)
    assert set(page["entry_points"]) == documented
    readme = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    assert set(re.findall("`tasks_from: (\\w+)`", readme)) | {"main"} == documented
    for entry in documented:
        assert page["entry_points"][entry]["options"] == page["entry_points"]["main"]["options"]
        assert (ROOT / "roles" / role / "tasks" / f"{entry}.yml").exists()


def test_method_offers_nothing_but_ways_to_a_block() -> None:
    doc = module("endpoint_proxy")["doc"]
    assert set(doc["options"]) == {"method", *BLOCKS, "restore", "role", "verify_role"}
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
    own = {"verification"} if name == "endpoint_proxy" else set()
    assert set(returned) == (RESULT_KEYS | own if name in WRITERS else set(reported()))
    for path, value in leaves(returned):
        assert value["description"], path
        assert value["returned"], path
        assert value["type"], path
        assert "contains" in value or "sample" in value or path in STATES, path


@pytest.mark.parametrize("kind", ["lookup", "filter"])
def test_what_lookups_and_filters_return_is_explained(kind: str) -> None:
    names = [f"mde.connectivity.{path.stem}" for path in (ROOT / "plugins" / kind).glob("*.py")]
    docs = ansible_doc(kind, *sorted(names))
    assert set(docs) == set(names)
    for name, page in docs.items():
        for path, value in leaves(page["return"]):
            assert {"description", "returned", "type"} <= set(value), f"{name} {path}"
            assert "contains" in value or "sample" in value, f"{name} {path}"


@pytest.mark.parametrize("name", WRITERS)
def test_the_state_is_described_once(name: str) -> None:
    returned = module(name)["return"]
    assert returned["before"]["contains"]
    for key in STATES:
        assert "RV(before)" in returned[key]["description"]
        assert "contains" not in returned[key]


@pytest.mark.parametrize("name", sorted(set(WRITERS) - {"endpoint_proxy"}))
def test_a_snapshot_has_the_shape_that_endpoint_proxy_describes(name: str) -> None:
    entries = module("endpoint_proxy")["return"]["snapshot"]["contains"]
    (sample,) = module(name)["return"]["snapshot"]["sample"]
    assert sample.keys() == entries.keys() - {"withheld"}


def test_endpoint_info_returns_what_is_documented() -> None:
    documented = shape(module("endpoint_info")["return"])
    found = keys_of(reported())
    assert found["wininet"]["system"] == documented["wininet"]["system"]
    documented["wininet"] = found["wininet"]
    assert found == documented


@pytest.mark.parametrize("name", [*BLOCKS, "endpoint_proxy"])
def test_before_has_the_shape_of_endpoint_info(name: str) -> None:
    info = shape(module("endpoint_info")["return"])
    before = module(name)["return"]["before"]["contains"]
    assert before
    for key, value in before.items():
        assert f"RV(mde.connectivity.endpoint_info#module:{key})" in value["description"]
    samples = {key: value["sample"] for key, value in before.items()}
    for scope in samples.pop("wininet", {}).values():
        assert keys_of(scope) == info["wininet"]["system"]
    assert keys_of(samples) == {key: info[key] for key in samples}


def test_endpoint_proxy_shows_all_of_endpoint_info() -> None:
    before = module("endpoint_proxy")["return"]["before"]["contains"]
    assert set(before) == set(module("endpoint_info")["return"]) - {"windows", "onboarding"}


@pytest.mark.parametrize("name", WRITERS)
def test_a_resource_decodes_what_its_before_shows(name: str) -> None:
    resource_type = MODULES[name]
    task = next(task for task in examples(name) if f"mde.connectivity.{name}" in task)
    arguments = resource_type.complete(task[f"mde.connectivity.{name}"])
    validator = ArgumentSpecValidator(spec(module(name)["doc"]["options"]))
    resource = resource_type(validator.validate(arguments).validated_parameters)
    found = held(resource)
    documented = module(name)["return"]["before"]["contains"]
    if name == "endpoint_proxy":
        assert {"effective", "conflicts"} < set(found) <= set(documented)
    else:
        assert set(found) == set(documented)
    info = {**shape(documented), **shape(module("endpoint_info")["return"])}
    for scope in found.pop("wininet", {}).values():
        assert keys_of(scope) == info["wininet"]["system"]
    assert keys_of(found) == {key: info[key] for key in found}


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
    ours, theirs = (
        {name: sources(option) for name, option in connection(plugin)["doc"]["options"].items()}
        for plugin in (WINRS, WINRM)
    )
    assert ours == theirs


def test_the_password_of_winrs_is_a_secret_for_whom_knows_of_secrets() -> None:
    assert connection(WINRS)["doc"]["options"]["remote_password"]["secret"] is True


def test_no_plugin_reads_what_a_module_was_invoked_with() -> None:
    # ansible-core does not promise that it is there.
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "plugins").rglob("*.py")]
    assert len(sources) > 100
    assert not [text for text in sources if "invocation" in text]
    # From another exit code than 0 it would infer that a task failed which does not say so.
    assert not [text for text in sources if re.search(r"""["'](rc|exception)["']""", text)]


def test_the_front_page_is_short_has_a_picture_and_leads_on() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(page.splitlines()) < 150
    assert re.search(r"!\[[^]]+\]\(https://", page)
    # The page of a package has nothing beside it.
    assert not re.findall(r"\]\((?!https://|#)[^)]*\)", page)
