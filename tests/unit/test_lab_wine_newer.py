# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab takes the Wine that is named to it, and no other; where a newer one can't be had, that is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from windows_lab.wine import newer, prefix

from tests.checks import wine_newer
from tests.checks.runner import SKIPPED


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
    monkeypatch.setattr(prefix, "_fixed_addresses", lambda: ())
    found = prefix.programs()
    assert (found.wine, found.server) == ((str(named / "wine64"),), str(named / "wineserver64"))


def test_where_it_is_not_no_other_stands_in_for_it(named: Path) -> None:
    reason = prefix.missing()
    assert reason is not None
    assert "Wine, wineserver" in reason


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ("", "it takes apt-get and patchelf"),
        ("echo 'Other stable file:/p'", "neither Debian nor Ubuntu"),
        ("echo 'Debian bookworm-updates file:/p'", "neither Debian nor Ubuntu"),
        ("echo 'Debian bookworm file:/p'; test $1 = indextargets", "returned non-zero exit status"),
    ],
)
def test_why_there_is_no_newer_wine_is_said_and_the_check_did_not_run(
    lists: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    programs = {"apt-get": lists, "patchelf": "true"} if lists else {"patchelf": "true"}
    for name, does in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n", encoding="ascii")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(wine_newer.wine, "missing", lambda: None)
    monkeypatch.setattr(wine_newer, "PLACE", tmp_path / "place")
    assert wine_newer.main() == SKIPPED
    printed = capsys.readouterr().out
    assert "There is no newer Wine here" in printed
    assert said in printed
    assert not (tmp_path / "place" / "ready").exists()


def test_what_lies_there_already_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ready").touch()
    monkeypatch.setenv("PATH", "")
    assert newer.prepare(tmp_path) == tmp_path / "bin"
