# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that does not end says where it is, and is ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration import warm

pytestmark = pytest.mark.simulated


def test_a_run_that_takes_too_long_says_where_it_is(tmp_path: Path) -> None:
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"ansible.builtin.pause": {"seconds": 60}}]}
    (tmp_path / "pause.json").write_text(json.dumps([play]), encoding="utf-8")
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp")}
    program = Path(sys.executable).with_name("ansible-playbook")
    started = warm.Started(program, ["-i", "localhost,", "pause.json"], environment, tmp_path)
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        started.wait(5)
    assert "_wait_on_pending_results" in caught.value.__notes__[0]
    assert not Path(f"/proc/{started.pid}/exe").exists()
