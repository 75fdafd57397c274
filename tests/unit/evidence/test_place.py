# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory of an audit has one name from the beginning of a run to its end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible import constants
from ansible_collections.mde.connectivity.plugins.plugin_utils import _run
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._place import place_of

NOON = 1_764_417_600


def test_what_is_kept_in_the_directory_of_a_run_does_not_change_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    _run.mark_beginning()
    (mark,) = tmp_path.iterdir()
    os.utime(mark, (NOON, NOON))
    (tmp_path / "a key of the connection ssh").touch()
    _run.mark_beginning()
    assert place_of(None, "audit") == Path("audit-20251129T120000Z")
    assert place_of("~/reports", "audit") == Path("~/reports").expanduser()
