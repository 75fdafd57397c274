# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables that a person sets for a playbook, and what each of them has to look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_WHOLE = re.compile(r"[0-9]{1,9}")
_PERCENT = re.compile(r"([1-9][0-9]?|100)%")
_CHANGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
# Those of which the filter bool of every ansible-core makes the same as the options of modules do.
_TRUTHS = ("true", "yes", "on", "1", "false", "no", "off", "0")


@dataclass(frozen=True)
class Variable:
    """What a value has to be (test), and that in words."""

    test: Callable[[Any], bool]
    words: str


@dataclass(frozen=True)
class Family:
    """The variables of a role: a prefix, the module whose options they are, and what else there is.

    less are options of the module that are no variables, own the argument spec of those that are no options, and
    registered what the role itself leaves.
    """

    prefix: str
    module: str
    less: tuple[str, ...]
    own: Mapping[str, Any]
    registered: tuple[str, ...]


@dataclass(frozen=True)
class Playbook:
    """Which variables a playbook can't do without, the roles whose settings it uses, and if it reaches endpoints.

    unsafe are those that make another playbook write with care and that this one, which writes too, does not look at;
    shared those that a task reads once for all hosts.
    """

    needs: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    reaches: bool = True
    unsafe: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()


def number(value: Any) -> int | None:
    """The whole number that a value is or says; None where it is none."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _between(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: (found := number(value)) is not None and low <= found <= high


def _matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: (isinstance(value, str) or number(value) is not None) and bool(pattern.fullmatch(str(value)))


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool) or str(value).lower() in _TRUTHS


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_pattern(value: Any) -> bool:
    return bool(value) and isinstance(value, str | list)


def _is_plan(value: Any) -> bool:
    return _is_path(value) and len(value) > len(".json") and value.endswith(".json")


def _is_batch(value: Any) -> bool:
    return (number(value) or 0) >= 1 or isinstance(value, str) and _PERCENT.fullmatch(value) is not None


def batches_of(value: Any) -> list[Any]:
    """The sizes of batches as a list, as the keyword serial takes them."""
    return value if isinstance(value, list) else [value]


def first_batch(value: Any, hosts: int) -> int:
    """How many of so many hosts the first batch has."""
    first = batches_of(value)[0]
    whole = number(first)
    return min(max(1, int(int(first[:-1]) / 100 * hosts)) if whole is None else whole, hosts)


def _are_batches(value: Any) -> bool:
    return bool(batches_of(value)) and all(map(_is_batch, batches_of(value)))


TRUTH = Variable(_is_truth, "true or false")
_DIRECTORY = Variable(_is_path, "a directory, such as CHG0001")

RUN: Mapping[str, Variable] = {
    "mde_batches": Variable(
        _are_batches,
        "one size or a list of them, each a number from 1 or a percentage from 1% to 100%, as in "
        """-e '{"mde_batches": [1, "10%", "100%"]}'""",
    ),
    "mde_change": Variable(
        _matches(_CHANGE),
        "the number of the change, as in -e mde_change=CHG0001: up to 64 letters, digits, dots, dashes and "
        "underscores, the first a letter or a digit",
    ),
    "mde_confirm_within": Variable(_between(0, 1439), "a number of minutes from 0 (no switch) to 1439"),
    "mde_deadline": Variable(_between(1, 1440), "a number of minutes from 1 to 1440"),
    "mde_evidence": _DIRECTORY,
    "mde_fail_on_drift": TRUTH,
    "mde_first_batch_above_one": TRUTH,
    "mde_force": TRUTH,
    "mde_hosts": Variable(_is_pattern, "a pattern of hosts, as in -e mde_hosts=windows"),
    "mde_max_failures": Variable(_between(0, 10**9), "a number of endpoints, 0 or more"),
    "mde_plan": Variable(_is_plan, "a file whose name ends in .json, as in -e mde_plan=plan.json"),
    "mde_plan_digest": Variable(_matches(_DIGEST), "the digest that was approved, 64 digits from 0 to 9 and a to f"),
    "mde_plan_valid_hours": Variable(_between(1, 8760), "a number of hours from 1 to 8760"),
    "mde_replan": TRUTH,
    "mde_report": _DIRECTORY,
    "mde_slice": TRUTH,
}
# What the playbooks and actions themselves leave among the variables of a host.
LEFT = ("mde_connectivity_written", "mde_evidence_directory", "mde_planned")

FAMILIES: Mapping[str, Family] = {
    "endpoint_proxy": Family("endpoint_proxy_", "endpoint_proxy", ("restore", "role", "verify_role"), {}, ("result",)),
    "endpoint_verify": Family(
        "endpoint_verify_",
        "reachability",
        (),
        {"assert": {"type": "bool"}, "report_directory": {"type": "path"}, "sensor": {"type": "bool"}},
        ("contacts", "result"),
    ),
    "streamlined": Family("streamlined_", "onboarding_package", ("verify",), {}, ()),
    "service_allowlist": Family("service_allowlist_", "allowlist_files", (), {}, ("result",)),
}
PREFIXES = ("mde_", *(family.prefix for family in FAMILIES.values()))

_OF_PLAN = ("mde_plan", "mde_plan_valid_hours")
_OF_ROLLOUT = ("mde_change", "mde_evidence", "mde_max_failures", "mde_plan", "mde_plan_digest", "mde_slice")
PLAYBOOKS: Mapping[str, Playbook] = {
    "allowlist": Playbook(families=("service_allowlist",), reaches=False),
    "audit": Playbook(families=("endpoint_proxy",), shared=("mde_fail_on_drift", "mde_report")),
    "evidence": Playbook(needs=("mde_evidence",), reaches=False),
    "plan": Playbook(needs=("mde_plan",), families=("endpoint_proxy",), shared=_OF_PLAN),
    "rollback": Playbook(needs=("mde_evidence",), shared=("mde_evidence",)),
    "rollout": Playbook(needs=("mde_plan", "mde_change"), families=("endpoint_verify",), shared=_OF_ROLLOUT),
    "streamlined": Playbook(
        needs=("mde_plan", "mde_change"),
        families=("streamlined",),
        unsafe=("mde_confirm_within",),
        shared=_OF_ROLLOUT,
    ),
    "streamlined_plan": Playbook(needs=("mde_plan",), families=("streamlined",), shared=_OF_PLAN),
    "site": Playbook(
        families=("endpoint_proxy",), unsafe=("mde_batches", "mde_confirm_within", "mde_max_failures")
    ),
    "verify": Playbook(families=("endpoint_verify",), shared=("endpoint_verify_assert", "mde_report")),
}
