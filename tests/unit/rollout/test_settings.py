# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout verifies as the role does, whose defaults it has no other way to know."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.mde.connectivity.plugins.action import rollout_apply
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import InvalidOption
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._settings import VERIFY_DEFAULTS

DEFAULTS = Path(__file__).parents[3] / "roles" / "endpoint_verify" / "defaults" / "main.yml"


# What the probe has no option for.
OTHERS = {"endpoint_verify_assert", "endpoint_verify_sensor"}


def test_the_defaults_of_a_rollout_are_those_of_the_role() -> None:
    defaults = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))
    assert defaults.keys() >= OTHERS
    asked = {name.removeprefix("endpoint_verify_"): defaults[name] for name in defaults.keys() - OTHERS}
    assert asked == VERIFY_DEFAULTS


def test_what_is_verified_is_said_once() -> None:
    step = object.__new__(rollout_apply.ActionModule)
    with pytest.raises(InvalidOption, match=r"verify_role: .*leave verify out"):
        step._verify({"verify": {}, "verify_role": True}, {})
