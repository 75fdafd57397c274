# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lookup, the filter and the role offer is what the code knows, and no default differs."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mde.connectivity.plugins.doc_fragments import service_urls as service_urls_fragment
from ansible_collections.mde.connectivity.plugins.filter import service_allowlist as filter_plugin
from ansible_collections.mde.connectivity.plugins.lookup import service_urls as lookup_plugin
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._lists import NAMES
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import (
    CLOUDS,
    GENERATIONS,
    REGIONS,
    Choice,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._reader import parse
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._render import (
    FORMATS,
    PRIVATE,
    Settings,
)

ROLE = Path(__file__).resolve().parents[3] / "roles" / "service_allowlist"
FRAGMENT = yaml.safe_load(service_urls_fragment.ModuleDocFragment.DOCUMENTATION)["options"]
LOOKUP = {**FRAGMENT, **yaml.safe_load(lookup_plugin.DOCUMENTATION)["options"]}
FILTER = yaml.safe_load(filter_plugin.DOCUMENTATION)["options"]


def of_role(file: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROLE / file).read_text()))


OPTIONS = of_role("meta/argument_specs.yml")["argument_specs"]["main"]["options"]


def option(name: str) -> dict[str, Any]:
    return dict(OPTIONS[f"service_allowlist_{name}"])


@pytest.mark.parametrize(
    ("documented", "known"),
    [
        (LOOKUP["generation"], GENERATIONS),
        (LOOKUP["cloud"], CLOUDS),
        (FILTER["format"], FORMATS),
        (option("generation"), GENERATIONS),
        (option("cloud"), CLOUDS),
        (option("regions"), REGIONS),
        (option("formats"), FORMATS),
    ],
)
def test_choices_are_those_of_the_code(documented: dict[str, Any], known: Any) -> None:
    assert documented["choices"] == list(known)


def test_defaults_of_the_filter_are_those_of_the_code() -> None:
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(filter_plugin.service_allowlist).parameters.items()
        if parameter.default is not parameter.empty
    }
    assert defaults == vars(Settings())
    assert FILTER["clients"]["default"] == list(PRIVATE)
    assert {name: FILTER[name].get("default") for name in ("listen", "via")} == {
        "listen": None,
        "via": "DIRECT",
    }


def test_the_role_has_the_defaults_of_lookup_and_filter() -> None:
    documented = {name: value["default"] for name, value in OPTIONS.items() if "default" in value}
    assert of_role("defaults/main.yml") == documented
    for name in ("generation", "cloud", "regions", "include_optional", "files"):
        assert option(name)["default"] == LOOKUP[name]["default"]
    assert option("squid_clients")["default"] == FILTER["clients"]["default"]
    assert option("pac_via")["default"] == FILTER["via"]["default"]
    assert Choice("standard").include_optional is LOOKUP["include_optional"]["default"]
    assert list(NAMES) == list(FORMATS)


def test_every_variable_of_the_role_is_in_its_readme() -> None:
    readme = (ROLE / "README.md").read_text()
    assert [name for name in OPTIONS if f"`{name}`" not in readme] == []


def test_the_file_in_the_examples_can_be_read() -> None:
    lines = [line for line in lookup_plugin.EXAMPLES.splitlines() if line.startswith("#   ")]
    (service,) = parse(yaml.safe_load("\n".join(line[1:] for line in lines)), "example").services
    assert service.probes[0].url == "https://fe2.update.microsoft.com/"
