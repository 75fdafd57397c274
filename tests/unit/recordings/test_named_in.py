# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name in the recording of a rehearsal is found in whichever way it is spelled, and the committed ones have none."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from windows_lab.profiles import ORGANISATION

from tests.checks import windows_rehearsal
from tests.recordings import stored

HOST = "fra-pc-0815"
WIDE = HOST.encode("utf-16-le")


@pytest.fixture(autouse=True)
def this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_rehearsal, "here", lambda: iter([(HOST, "CONTROLLER")]))


@pytest.mark.parametrize(
    "spelled",
    [
        f"name: {HOST}",
        f"name: {HOST.upper()}.example.com",
        "".join(f"{letter}\\x00" for letter in HOST),
        f"x: 00{HOST.encode().hex()}00",
        f"x: {WIDE.hex().upper()}",
        f"x: {WIDE.hex(',')}",
        f"x: {WIDE.hex(',')[:20]}\\\n  {WIDE.hex(',')[20:]}",
        *(f"x: {base64.b64encode(b'abc'[:n] + HOST.encode() + b'zz').decode()}" for n in range(3)),
        *(f"x: {base64.b64encode(b'abc'[:n] + WIDE + b'z').decode()}" for n in range(3)),
        f"id: {ORGANISATION}",
        "account: anna",
    ],
)
def test_a_name_is_found(spelled: str, tmp_path: Path) -> None:
    (tmp_path / "contract.yml").write_text(spelled, encoding="utf-8")
    assert windows_rehearsal.named_in(tmp_path, Path("/checkout"))


@pytest.mark.parametrize("innocent", ["name: fra-pc-0816", "x: 6672612d70632d30383136", "%SystemRoot%"])
def test_another_is_none(innocent: str, tmp_path: Path) -> None:
    (tmp_path / "contract.yml").write_text(innocent, encoding="utf-8")
    assert windows_rehearsal.named_in(tmp_path, Path("/checkout")) == []


@pytest.mark.parametrize("name", stored.names())
def test_the_committed_recordings_name_nobody(name: str) -> None:
    assert windows_rehearsal.named_in(stored.FOLDER / name, Path("/checkout")) == []
