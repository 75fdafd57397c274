# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs of the public repository run every check once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import yaml

from tests.checks.catalogue import CHECKS

ROOT = Path(__file__).resolve().parents[2]


def test_every_check_is_in_one_job() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    parts = workflow["jobs"]["checks"]["strategy"]["matrix"]["include"]
    assert Counter(name for part in parts for name in part["checks"].split()) == Counter(c.name for c in CHECKS)
