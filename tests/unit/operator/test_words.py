# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which values the variables of a playbook take, which word was meant, and why an endpoint could not be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._cause import cause_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._meant import few, meant
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._variables import (
    FAMILIES,
    PLAYBOOKS,
    RUN,
    first_batch,
)

ROOT = Path(__file__).parents[3]
GOOD: dict[str, list[Any]] = {
    "mde_batches": [1, "1", "10%", "100%", [1, "5", "25%"], 200],
    "mde_change": ["CHG0001", "a", "1", 12345, "a.b-c_d", "x" * 64],
    "mde_confirm_within": [0, "0", 1439, "15"],
    "mde_deadline": [1, 1440, "30"],
    "mde_evidence": ["CHG0001", "/srv/a b", "./x"],
    "mde_fail_on_drift": [True, "no"],
    "mde_first_batch_above_one": ["true", False],
    "mde_force": [True, "True", "false", "yes"],
    "mde_hosts": ["windows", ["a", "b"], "a:!b"],
    "mde_max_failures": [0, "0", 100],
    "mde_plan": ["plan.json", "/srv/CHG0001/plan.json", "~/x.json"],
    "mde_plan_digest": ["0123456789abcdef" * 4],
    "mde_plan_valid_hours": [1, 8760, "24"],
    "mde_replan": [True],
    "mde_report": ["reports"],
    "mde_slice": [True, "no"],
}
BAD: dict[str, list[Any]] = {
    "mde_batches": [0, -1, "0", "0%", "101%", "abc", "[1,2]", [], [[1]], [1, [2]], [1, 0], True, 1.5, "5 %", None, {}],
    "mde_change": ["", " ", ".", "..", "../x", "a/b", "/a", "-a", "a b", "a\n", "é", "x" * 65, None, ["a"], True],
    "mde_confirm_within": [-1, 1440, "soon", "", 1.5, True, None],
    "mde_deadline": [0, 1441, "", None],
    "mde_evidence": ["", " ", None, 7, ["a"]],
    "mde_fail_on_drift": ["", "maybe", None, 2],
    "mde_first_batch_above_one": ["", None],
    "mde_force": ["", "perhaps", None],
    "mde_hosts": ["", None, 7, {}],
    "mde_max_failures": [-1, "", "-1", None, "10%"],
    "mde_plan": ["", "plan.html", ".json", "plan.json ", None, 7],
    "mde_plan_digest": ["", "abc", "0123456789ABCDEF" * 4, None],
    "mde_plan_valid_hours": [0, -1, 8761, "", None, "1.5"],
    "mde_replan": ["", None],
    "mde_report": ["", None],
    "mde_slice": ["", None],
}


def test_every_variable_is_tried() -> None:
    assert list(GOOD) == list(BAD) == list(RUN)


@pytest.mark.parametrize("name", RUN)
def test_each_variable_takes_what_it_says_and_nothing_else(name: str) -> None:
    assert [value for value in GOOD[name] if not RUN[name].test(value)] == []
    assert [value for value in BAD[name] if RUN[name].test(value)] == []


@pytest.mark.parametrize(
    ("value", "hosts", "first"),
    [(1, 38, 1), ("10%", 38, 3), ("1%", 38, 1), ("100%", 38, 38), ([5, 1], 38, 5), ([5], 1, 1), ("100%", 1, 1)],
)
def test_the_first_batch_is_as_large_as_ansible_makes_it(value: Any, hosts: int, first: int) -> None:
    from ansible.utils.helpers import pct_to_int

    size = value[0] if isinstance(value, list) else value
    assert first_batch(value, hosts) == first == min(pct_to_int(size, hosts), hosts)


def test_every_playbook_is_in_the_table_and_every_family_has_a_role() -> None:
    heads = (ROOT / "playbooks").glob("*.yml")
    # The demo is the playbook site.
    assert {path.stem for path in heads} - {"demo"} <= set(PLAYBOOKS)
    # The move to streamlined connectivity is a playbook without a role.
    for name, family in ((name, family) for name, family in FAMILIES.items() if name != "streamlined"):
        specs = yaml.safe_load((ROOT / "roles" / name / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
        documented = specs["argument_specs"]["main"]["options"]
        assert {f"{family.prefix}{own}" for own in family.own} <= set(documented)
        assert all(documented[f"{family.prefix}{own}"]["type"] == spec["type"] for own, spec in family.own.items())
        assert not {f"{family.prefix}{less}" for less in family.less} & set(documented)


def test_a_close_word_is_meant_and_a_far_one_is_not() -> None:
    assert meant("windws", ["windows", "linux"]) == " Did you mean windows?"
    assert meant("regio", ["regions", "engine"], "endpoint_verify_") == " Did you mean endpoint_verify_regions?"
    assert meant("x", ["windows"]) == ""
    assert few(["a", "b", "c"]) == "a, b, c"
    assert few(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (
            "basic: HTTPConnectionPool(host='10.0.0.1', port=5986): Max retries exceeded with url: /wsman (Caused by "
            "NewConnectionError('<urllib3.connection.HTTPConnection object at 0x7f01ab>: Failed to establish a new "
            "connection: [Errno 111] Connection refused'))",
            "nothing listens at its address",
        ),
        ("ntlm: the specified credentials were rejected by the server", "it refuses the account"),
        ("HTTPSConnectionPool(host='a', port=5986): Read timed out. (read timeout=30)", "it does not answer in time"),
        ("SSLError(SSLCertVerificationError(1, 'certificate verify failed: self-signed'))", "its certificate is not"),
        ("('Connection aborted.', RemoteDisconnected('Remote end closed'))", "the connection was lost"),
        ("<a.Connection object at 0x7f01ab>: [Errno -2] Name or service not known", "its name has no address"),
        ("ssh: some words   of a server\n", "ssh: some words of a server"),
        ("new trouble with <a.b.C object at 0x7f01ab> here", "new trouble with here"),
        ("x" * 10_000, "x" * 300),
    ],
)
def test_the_same_cause_has_the_same_words(said: str, cause: str) -> None:
    assert cause_of(Exception(said)).startswith(cause)
