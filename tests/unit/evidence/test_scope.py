# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory of evidence says what it is about, and nothing else is taken for that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import RecordError
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._scope import (
    SCOPE,
    Scope,
    load_scope,
    save_scope,
)

KNOWN = Scope("rollout", "CHG0001", "a" * 64, ("pc-1", "pc-2"), ("pc-1",), "run", "alice", "2026-01-31T12:00:00Z")


def test_a_scope_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert load_scope(tmp_path) is None
    save_scope(tmp_path, KNOWN)
    assert load_scope(tmp_path) == KNOWN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        json.dumps({"format": 2}),
        *(
            json.dumps({"format": 2, **KNOWN.__dict__, name: value})
            for name, value in (
                ("kind", "other"),
                ("kind", []),
                ("format", 1),
                ("hosts", "pc-1"),
                ("hosts", [1]),
                ("plan_digest", 5),
                ("who", None),
                ("strange", ""),
            )
        ),
    ],
)
def test_what_is_no_scope_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / SCOPE).write_text(text)
    with pytest.raises(RecordError, match=r"scope.json does not say what the evidence beside it is about"):
        load_scope(tmp_path)


def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / SCOPE).symlink_to(tmp_path / "none")
    with pytest.raises(RecordError, match="cannot be read"):
        load_scope(tmp_path)
