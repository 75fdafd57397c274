# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fuzzing of cmd.exe finds what it is there for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from windows_lab.profiles import PROFILES
from windows_lab.simulated.endpoint import SimulatedEndpoint

from tests.fuzz import cmd, ledger

Run = Callable[..., int]


def model(lines: list[str]) -> str:
    endpoint = SimulatedEndpoint("w1", PROFILES["clean"])
    return "".join(endpoint.run(line).stdout.decode() for line in lines)


def test_the_strings_of_a_seed_are_the_same_and_of_another_others() -> None:
    first, again, other = (cmd.drawn(seed, 200) for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == 200


def test_every_string_holds() -> None:
    cmd.said([*cmd.kept(), *cmd.drawn(3, 300)], model)


@pytest.mark.parametrize("bare", ["quote", "quoted"])
def test_a_quoting_that_does_not_quote_is_found(bare: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cmd, bare, lambda argument: argument)
    with pytest.raises(cmd.Broken):
        cmd.said(cmd.drawn(1, 300), model)


@pytest.mark.parametrize(
    ("before", "after"), [("5eaf00d5 0", "5eaf00d5 1"), ("[\\", "[/"), ("5eaf00d5 0", "5eaf00d5"), ("[", "[ x")]
)
def test_an_answer_that_is_another_is_found(before: str, after: str) -> None:
    with pytest.raises(cmd.Broken) as raised:
        cmd.said([*cmd.kept(), "\\", *cmd.drawn(1, 50)], lambda lines: model(lines).replace(before, after, 1))
    assert raised.value.item in [*cmd.kept(), "\\"]


def test_arguments_that_arrive_otherwise_are_found_and_are_not_counted() -> None:
    counted: list[int] = []
    block = ["a", "b\\", "c"]
    with pytest.raises(cmd.Broken, match="arrived as") as raised:
        cmd.fuzz([block], model, lambda groups: [argument.rstrip("\\") for argument in groups[0]], counted.append)
    assert (raised.value.item, counted) == ("b\\", [])
    with pytest.raises(cmd.Broken, match="arrived as None"):
        cmd.fuzz([block], model, lambda groups: groups[0][:-1], counted.append)
    assert counted == []


@pytest.fixture
def extend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Extend a ledger and kept strings of this test."""
    monkeypatch.setattr(ledger, "LEDGER", tmp_path / "ledger.yml")
    monkeypatch.setattr(cmd, "KEPT", tmp_path / "kept.txt")
    ledger.LEDGER.write_text("{}\n", encoding="ascii")
    cmd.KEPT.write_text("a\n", encoding="ascii")

    def start(*arguments: str) -> int:
        monkeypatch.setattr(cmd.sys, "argv", ["cmd", *arguments, "model"])
        return cmd.main()

    return start


def test_the_ledger_counts_what_held_and_goes_on_where_it_ended(
    extend: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = []
    monkeypatch.setattr(cmd, "drawn", lambda seed, count: seeds.append(seed) or [f"s{seed}"] * (count // 500))
    assert (extend("--extend", "2000"), ledger.blocks(), seeds) == (0, {"model": 2}, [1, 2])
    assert (extend("--extend", "1000"), ledger.blocks(), seeds) == (0, {"model": 3}, [1, 2, 3])
    assert "seeds from 3 on" in capsys.readouterr().out
    # What is not to extend it counts nothing.
    assert (extend("--seed", "9", "--strings", "1000"), ledger.blocks(), seeds[-1]) == (0, {"model": 3}, 9)


def test_a_string_that_breaks_is_kept_once_and_its_block_is_not_counted(
    extend: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cmd, "drawn", lambda seed, _count: ["fine", "&calc" if seed == 2 else "b"])
    whole = cmd.quote
    monkeypatch.setattr(cmd, "quote", lambda argument: argument if argument == "&calc" else whole(argument))
    for _run in range(2):
        assert extend("--extend", "3000") == 1
        assert ledger.blocks() == {"model": 1}
        assert cmd.kept() == ["a", "&calc"]
    assert "BROKE  model, seeds from 1 on: '&calc'" in capsys.readouterr().out


def test_the_strings_of_a_run_are_those_of_its_day(extend: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert extend("--strings", "2") == 0
    assert f"seeds from {cmd.datetime.date.today().toordinal()} on" in capsys.readouterr().out


def test_the_committed_ledger_counts_whole_blocks_of_known_witnesses() -> None:
    held = ledger.blocks()
    assert {"model", "wine-8", "wine-10"} <= set(held)
    assert all(isinstance(count, int) and count > 0 for count in held.values())
    # A day's seed is none of the ledger's.
    assert max(held.values()) < cmd.datetime.date(2026, 1, 1).toordinal()
