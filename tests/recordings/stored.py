# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recordings of this folder, each in a folder of its own, and where in them the answers to a test are."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from windows_lab.recording import Recording

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Every recording by its name."""
    return sorted(file.parent.name for file in FOLDER.glob("*/machine.yml"))


@functools.cache
def recording(name: str) -> Recording:
    """A recording by its name."""
    return Recording.read(FOLDER / name)


def recorded_backends() -> list[Any]:
    """Parameters for a fixture: each recording in which the contract was played, with its evidence as mark."""
    played = [(name, recording(name)) for name in names()]
    return [
        pytest.param(f"recorded {name}", marks=getattr(pytest.mark, one.machine.evidence))
        for name, one in played
        if any(part.startswith("contract/") for part in one.parts)
    ]


def part(item: pytest.Item) -> str:
    """Under which name a recording has what a test asks: its file, and the test without its back end."""
    assert isinstance(item, pytest.Function)
    name = item.originalname
    if hasattr(item, "callspec"):
        backend = str(item.callspec.params.get("start", ""))
        ids = item.callspec.id.removeprefix(backend).removesuffix(backend).strip("-")
        name += f"[{ids}]" if ids else ""
    return f"{item.path.stem.removeprefix('test_')}/{name}"
