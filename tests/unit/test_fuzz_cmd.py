# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fuzzing of cmd.exe finds what it is there for."""

from __future__ import annotations

import itertools

import pytest
from windows_lab.profiles import PROFILES
from windows_lab.simulated.endpoint import SimulatedEndpoint

from tests.fuzz import cmd


def model(lines: list[str]) -> str:
    endpoint = SimulatedEndpoint("w1", PROFILES["clean"])
    return "".join(endpoint.run(line).stdout.decode() for line in lines)


def test_the_strings_of_a_seed_are_the_same_and_of_another_others() -> None:
    first, again, other = (list(cmd.strings(seed, 200)) for seed in (1, 1, 2))
    assert first == again != other
    kept = cmd.KEPT.read_text(encoding="ascii").splitlines()
    assert first[: len(kept)] == kept
    assert len(first) == len(kept) + 200


def test_every_string_holds() -> None:
    cmd.said(list(cmd.strings(3, 300)), model)


@pytest.mark.parametrize("bare", ["quote", "quoted"])
def test_a_quoting_that_does_not_quote_is_found(bare: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cmd, bare, lambda argument: argument)
    with pytest.raises(cmd.Broken):
        cmd.said(list(cmd.strings(1, 300)), model)


@pytest.mark.parametrize(
    ("before", "after"), [("5eaf00d5 0", "5eaf00d5 1"), ("[\\", "[/"), ("5eaf00d5 0", "5eaf00d5"), ("[", "[ x")]
)
def test_an_answer_that_is_another_is_found(before: str, after: str) -> None:
    with pytest.raises(cmd.Broken):
        cmd.said(list(cmd.strings(1, 50)), lambda lines: model(lines).replace(before, after, 1))


def test_arguments_that_arrive_otherwise_are_found() -> None:
    items = cmd.strings(1, 50)
    with pytest.raises(cmd.Broken, match="arrived as"):
        cmd.fuzz("model", items, model, lambda arguments: [argument.rstrip("\\") for argument in arguments])
    assert not list(itertools.islice(items, 1))
