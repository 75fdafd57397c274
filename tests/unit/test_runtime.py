# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What meta/runtime.yml promises."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))


def test_every_module_is_in_the_group() -> None:
    assert RUNTIME["action_groups"]["all"] == sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))


def test_no_release_of_ansible_core_to_come_is_refused() -> None:
    # ansible-galaxy leaves out a collection whose range does not hold the controller's version.
    assert RUNTIME["requires_ansible"] == ">=2.18.0"
