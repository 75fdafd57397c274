# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflow of docs/awx goes through AWX's own importer, and names only what is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from awxkit.api.client import Connection
from awxkit.api.pages.api import ApiV2

from tests.integration.rollout.awx_api import ATTACHED, FIELDS, AwxApi

pytestmark = pytest.mark.simulated

ROOT = Path(__file__).parents[3]
AWX = ROOT / "docs" / "awx"
CONTENT: dict[str, list[dict[str, Any]]] = json.loads((AWX / "workflow.json").read_text(encoding="utf-8"))
WORKFLOWS = CONTENT["workflow_job_templates"]
NODES = [node for workflow in WORKFLOWS for node in workflow["related"]["workflow_nodes"]]
# What each of them runs between approval and evidence, and that which makes its plan.
WORK = {"MDE change": ("rollout", "MDE rollout", "MDE plan")}
WORK["MDE streamlined"] = ("move", "MDE streamlined move", "MDE streamlined plan")
VARIABLE = re.compile(r"\bmde_\w+")


@pytest.fixture
def api() -> Iterator[AwxApi]:
    """An AWX in which there is what docs/awx/README.md asks for."""
    with AwxApi() as raised:
        raised.add("organizations", {"name": "Default"})
        raised.add("credential_types", {"name": "Machine", "kind": "ssh"})
        raised.add("projects", {"name": "MDE rollout", "organization": 1})
        raised.add("inventories", {"name": "Windows endpoints", "organization": 1})
        raised.add("execution_environments", {"name": "MDE connectivity"})
        for name in ("Windows endpoints, read only", "Windows endpoints, administrator"):
            raised.add("credentials", {"name": name, "organization": 1, "credential_type": 1})
        yield raised


def test_the_importer_makes_the_templates_and_the_graph(api: AwxApi) -> None:
    root = ApiV2(Connection(api.url), endpoint="/api/v2/").get()
    root.import_assets(CONTENT)
    assert not getattr(root, "_has_error", False)
    templates = api.objects["job_templates"]
    assert {made["name"]: made["playbook"] for made in templates.values()} == {
        "MDE plan": "plan.yml",
        "MDE rollout": "rollout.yml",
        "MDE rollback": "rollback.yml",
        "MDE evidence": "evidence.yml",
        "MDE streamlined plan": "streamlined_plan.yml",
        "MDE streamlined move": "streamlined.yml",
    }
    for number, made in templates.items():
        assert (made["project"], made["inventory"], made["execution_environment"]) == (1, 1, 1)
        reads = {"MDE plan": [1], "MDE streamlined plan": [1], "MDE evidence": []}
        assert api.hanging.get(("job_templates", number, "credentials"), []) == reads.get(made["name"], [2])
        assert api.hanging["job_templates", number, "survey_spec"]["spec"]
    for number, made in api.objects["workflow_job_templates"].items():
        check_graph(api, number, *WORK[made["name"]])
    assert len(api.objects["workflow_job_templates"]) == len(WORK)


def check_graph(api: AwxApi, workflow: int, work: str, template: str, planned: str) -> None:
    """The nodes of a workflow, what follows on what, and what each runs."""
    every = api.objects["workflow_job_template_nodes"]
    nodes = {number: made for number, made in every.items() if made["workflow_job_template"] == workflow}
    names = {number: made["identifier"] for number, made in nodes.items()}
    edges = {
        (names[number], kind, names[target])
        for (_api, number, kind), targets in api.hanging.items()
        if kind.endswith("_nodes") and number in nodes
        for target in targets
    }
    assert edges == {
        ("plan", "success_nodes", "approve"),
        ("approve", "success_nodes", work),
        (work, "failure_nodes", "decide"),
        (work, "always_nodes", "evidence"),
        ("decide", "success_nodes", "rollback"),
        ("rollback", "always_nodes", "evidence-after-rollback"),
    }
    runs = {made["identifier"]: made.get("unified_job_template") for made in nodes.values()}
    asked = {number for _api, number, kind in api.hanging if kind == "create_approval_template"}
    approvals = {names[number] for number in asked & set(names)}
    assert approvals == {"approve", "decide"} == {name for name, run in runs.items() if run is None}
    templates = api.objects["job_templates"]
    assert {name: templates[run]["name"] for name, run in runs.items() if run} == {
        "plan": planned,
        work: template,
        "rollback": "MDE rollback",
        "evidence": "MDE evidence",
        "evidence-after-rollback": "MDE evidence",
    }


def test_every_field_is_one_that_awx_takes() -> None:
    # The importer drops a field that it does not know without a word.
    extra = {"natural_key", "related"}
    for kind in ("job_templates", "workflow_job_templates"):
        for asset in CONTENT[kind]:
            assert set(asset) - extra <= set(FIELDS[kind])
    for node in NODES:
        assert set(node) - extra <= set(FIELDS["workflow_job_template_nodes"])
        assert set(node["related"]) <= {*ATTACHED, "create_approval_template"}


def test_a_template_gets_its_name_from_its_fields() -> None:
    for asset in (*CONTENT["job_templates"], *WORKFLOWS):
        assert asset["name"] == asset["natural_key"]["name"]


def test_every_playbook_is_in_the_project_and_every_variable_in_a_playbook() -> None:
    known = set()
    for folder in (ROOT / "playbooks", AWX / "project"):
        for path in folder.glob("*.yml"):
            known |= set(VARIABLE.findall(path.read_text(encoding="utf-8")))
    for asset in CONTENT["job_templates"]:
        assert (AWX / "project" / asset["playbook"]).is_file()
        variables = yaml.safe_load(asset["extra_vars"])
        asked = {question["variable"] for question in asset["related"]["survey_spec"]["spec"]}
        assert {*variables, *asked} <= known | {"change_directory"}
        assert set(VARIABLE.findall(asset["extra_vars"])) <= {*variables, *asked}


def test_the_surveys_ask_for_what_the_templates_need() -> None:
    needed = {q["variable"] for asset in CONTENT["job_templates"] for q in asset["related"]["survey_spec"]["spec"]}
    assert needed == {"mde_change", "mde_hosts"}
    for workflow in WORKFLOWS:
        assert {question["variable"] for question in workflow["related"]["survey_spec"]["spec"]} == needed


def test_a_survey_asks_as_narrowly_as_awx_can() -> None:
    # AWX knows a least and a greatest length for a text, and no expression.
    for asset in (*CONTENT["job_templates"], *WORKFLOWS):
        for question in asset["related"]["survey_spec"]["spec"]:
            assert (question["type"], question["required"], question["min"], question["max"]) == ("text", True, 1, 64)
