# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache of Wine prefixes: what is kept, what is removed, and what a prefix has less than Wine's own."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from windows_lab.wine import prefix

HOUR = 60 * 60
HIVE = r"""WINE REGISTRY Version 2

[Software\\Microsoft\\Windows NT\\CurrentVersion\\FontSubstitutes] 1795981984
"Arial"="Tahoma"

[Software\\Microsoft\\Windows NT\\CurrentVersion\\Time Zones\\Alaskan Standard Time] 1795981981
"Std"="Alaskan Standard Time"

[Software\\Microsoft\\Windows NT\\CurrentVersion\\Time Zones\\UTC] 1795981981
"MUI_Std"="@tzres.dll,-22000"
"Std"="Coordinated Universal Time"

[Software\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon] 1795981984
"Shell"="explorer.exe"
"""


def test_a_prefix_of_other_sources_stays_for_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_WINE_CACHE", str(tmp_path))
    monkeypatch.setattr(prefix, "_digest", lambda: "mine")
    monkeypatch.setattr(prefix, "_build", Path.mkdir)
    for name, age in (("used", HOUR - 60), ("unused", HOUR + 60)):
        (tmp_path / f"prefix-{name}").mkdir()
        os.utime(tmp_path / f"prefix-{name}", (time.time() - age,) * 2)
    assert prefix.base() == tmp_path / "prefix-mine"
    assert {path.name for path in tmp_path.iterdir()} == {"lock", "prefix-mine", "prefix-used"}
    os.utime(tmp_path / "prefix-mine", (0, 0))
    prefix.base()
    assert (tmp_path / "prefix-mine").stat().st_mtime > time.time() - 60


def test_what_every_process_would_read_for_nothing_is_gone_and_the_rest_stays(tmp_path: Path) -> None:
    hive = tmp_path / "system.reg"
    hive.write_text(HIVE, encoding="ascii")
    prefix._shorten(hive)
    kept = HIVE.split("\n\n")
    kept[3] = kept[3].replace('"MUI_Std"="@tzres.dll,-22000"\n', "")
    assert hive.read_text(encoding="ascii") == "\n\n".join((kept[0], *kept[3:]))
