# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab takes the Wine that is named to it, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from windows_lab.wine import prefix


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that LAB_WINE names, with nothing in it."""
    monkeypatch.setenv("LAB_WINE", str(tmp_path))
    prefix.programs.cache_clear()
    yield tmp_path
    prefix.programs.cache_clear()


def test_a_wine_that_is_named_is_taken(named: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefix, "missing", lambda: None)
    for program in ("wine64", "wineserver64"):
        (named / program).write_text("#!/bin/sh\n", encoding="ascii")
        (named / program).chmod(0o755)
    found = prefix.programs()
    assert (found.wine, found.server) == (str(named / "wine64"), str(named / "wineserver64"))


def test_where_it_is_not_no_other_stands_in_for_it(named: Path) -> None:
    reason = prefix.missing()
    assert reason is not None
    assert "Wine, wineserver" in reason
