# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wine starts at fixed addresses; a line is run once more only where it did not start a program that is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from windows_lab.backend import Completed
from windows_lab.wine import prefix
from windows_lab.wine.endpoint import started

SAYS = "Can't recognize '{}' as an internal or external command, or batch script.\r\n"


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        (SAYS.format('reg query "HKLM\\\\X" /reg:64 '), 2),
        (SAYS.format("netsh winhttp reset proxy"), 2),
        (SAYS.format("C:\\windows\\SysWOW64\\netsh.exe winhttp reset proxy"), 2),
        (SAYS.format("C:\\windows\\System32\\reg.exe query HKU"), 2),
        (SAYS.format("CMD.EXE /C reg query HKU"), 2),
        (SAYS.format('C:\\lab\\args.exe "" a'), 2),
        (SAYS.format('find /v "" '), 2),
        (SAYS.format('cscript //nologo "C:\\probe.js" "C:\\input" '), 2),
        (SAYS.format("nosuch"), 1),
        (SAYS.format("regedit /s x"), 1),
        (SAYS.format("C:\\planted\\reg.exe query HKU"), 1),
        ("ERROR: Access is denied.\r\n", 1),
    ],
)
def test_a_line_is_run_again_only_for_a_program_that_is_there(text: str, runs: int) -> None:
    answers = [Completed(0, text.encode()), Completed(0, b"second")]
    calls: list[int] = []

    def run() -> Completed:
        calls.append(1)
        return answers[len(calls) - 1]

    assert started(run) is answers[runs - 1]
    assert len(calls) == runs


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A Wine, and where programs are looked for first."""
    for name in ("wine64", "wineserver64", "setarch"):
        (tmp_path / name).touch(0o755)
    monkeypatch.setattr(prefix, "missing", lambda: None)
    monkeypatch.setenv("LAB_WINE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    prefix.programs.cache_clear()
    yield tmp_path
    prefix.programs.cache_clear()


@pytest.mark.parametrize(("code", "before"), [(0, ("setarch", "-R")), (1, ())])
def test_wine_starts_at_fixed_addresses_where_that_is_permitted(
    folder: Path, code: int, before: tuple[str, ...]
) -> None:
    (folder / "setarch").write_text(f'#!/bin/sh\n[ "$*" = "-R true" ] && exit {code}\n', encoding="ascii")
    assert prefix.programs().wine == (*before, str(folder / "wine64"))
