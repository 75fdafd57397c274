# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A line is run once more only where Wine did not start a program that is there."""

from __future__ import annotations

import pytest
from windows_lab.backend import Completed
from windows_lab.wine.endpoint import started

SAYS = "Can't recognize '{}' as an internal or external command, or batch script.\r\n"


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        (SAYS.format('reg query "HKLM\\\\X" /reg:64 '), 2),
        (SAYS.format("netsh winhttp reset proxy"), 2),
        (SAYS.format("C:\\windows\\SysWOW64\\netsh.exe winhttp reset proxy"), 2),
        (SAYS.format('C:\\lab\\args.exe "" a'), 2),
        (SAYS.format('find /v "" '), 2),
        (SAYS.format('cscript //nologo "C:\\probe.js" "C:\\input" '), 2),
        (SAYS.format("nosuch"), 1),
        (SAYS.format("regedit /s x"), 1),
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
