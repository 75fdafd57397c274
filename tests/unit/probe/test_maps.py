# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How MpCmdRun.exe ended, by its exit code and its number alone, in whatever language it speaks."""

from __future__ import annotations

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._maps import (
    MORE_REASONS,
    commands,
    outcome,
    row,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import Refused
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Completed

FAILED = "ValidateMapsConnection failed to establish a connection to MAPS"
ANSWERS = {
    "ValidateMapsConnection successfully established a connection to MAPS\nexit 0 \n": ("ok", None),
    "Hergestellt.\nexit 0 \n": ("ok", None),
    # The words alone decide nothing.
    f"{FAILED}\nexit 0 \n": ("ok", None),
    f"{FAILED} (hr=0x80070006 httpcore=451)\nMpCmdRun.exe: hr = 0x80070006.\nexit 2 \n": ("maps_failed", 6),
    f"{FAILED} (hr=0x80072F8F httpcore=451)\nexit 2 \n": ("tls_failed", 12175),
    "Fehler (hr=0x80072efe httpcore=451)\nexit 2 \n": ("reset", 12030),
    "Fehler (hr=0x80072efe httpcore=451)\nexit 0 \n": ("reset", 12030),
    "exit -2147023436 \n": ("maps_failed", None),
    "ValidateMapsConnection successfully established a connection to MAPS\n": ("not_tried", None),
    "": ("not_tried", None),
}


def completed(answer: str, there: str = "there\n", create: int = 0) -> list[Completed]:
    """What each of commands() came to."""
    nothing = Completed(0, "")
    return [
        *[nothing] * 3,
        *(nothing, nothing, Completed(create, "ERROR: denied" if create else ""), nothing, nothing),
        *(Completed(0, there), Completed(0, answer)),
        *[nothing] * 3,
    ]


@pytest.mark.parametrize("answer", ANSWERS)
def test_exit_code_and_number_decide(answer: str) -> None:
    found = row(outcome(completed(answer)), {"method": "static", "proxy": "https://p.test:8080"})
    assert (found["reason"], found["error"]) == ANSWERS[answer]
    assert found["via"] == "p.test:8080"
    assert bool(found["advice"]) == (found["reason"] != "ok")
    assert found["verdict"] == {"ok": "ok", "not_tried": "unknown"}.get(found["reason"], "failed")


def test_without_the_program_nothing_else_counts() -> None:
    found = row(outcome(completed("exit 1 \n", there="")), {"method": "inherited", "proxy": None})
    assert (found["verdict"], found["reason"], found["via"]) == ("unknown", "no_antivirus", None)
    assert set(MORE_REASONS) == {"maps_failed", "no_antivirus"}


def test_a_task_that_can_not_be_made_is_refused_with_what_was_said() -> None:
    assert len(completed("")) == len(commands(1))
    with pytest.raises(Refused, match=r"needs an administrator. The endpoint said: ERROR: denied"):
        outcome(completed("", create=1))
