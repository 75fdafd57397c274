# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PowerShell of MDE_POWERSHELL: when there is one, and the line that a script becomes."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from windows_lab import launcher
from windows_lab.wine import powershell

SCRIPT = "$input | & cmd.exe /d /s /c 'ver'; exit $LASTEXITCODE"


@pytest.mark.parametrize(("name", "windows"), [("pwsh.exe", True), ("PWSH.EXE", True), ("pwsh", False), ("", False)])
def test_only_a_windows_build_is_seen_by_the_endpoints(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, windows: bool
) -> None:
    monkeypatch.setenv("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
    monkeypatch.setenv(powershell.VARIABLE, str(tmp_path / name) if name else "")
    assert powershell.is_windows() == windows
    assert (powershell.path() is None) == (name == "")
    seen = powershell.environment()
    assert bool(seen) == windows
    if windows:
        assert seen[powershell.VARIABLE] == "Z:" + str(tmp_path / name).replace("/", "\\")
        assert seen["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] == "1"


def test_a_script_is_a_line_and_a_long_one_a_file(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    short = powershell.line(SCRIPT, tmp_path)
    assert base64.b64decode(short.rpartition(" ")[2]).decode("utf-16-le") == SCRIPT
    assert list((tmp_path / "lab").iterdir()) == []
    long = SCRIPT.replace("ver", "ver&rem " + "x" * 7900)
    line = powershell.line(long, tmp_path)
    assert max(len(short), len(line)) < launcher.LIMIT
    assert (tmp_path / "lab" / "script.ps1").read_text(encoding="utf-8-sig") == long
    assert r"$input | & ([scriptblock]::Create([IO.File]::ReadAllText('C:\lab\script.ps1')))" in line
