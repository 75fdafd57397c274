# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages of an endpoint's step, what each may see, and what follows: the table in the guide of a rollout."""

from __future__ import annotations

import enum
from collections.abc import Mapping


class Stage(enum.Enum):
    """What a step is about to do; the words are those of the guide."""

    READ = "read"
    WRITE = "write and read back"
    VERIFY = "verify"
    CONFIRM = "confirm"
    RESTORE = "restore"


class Seen(enum.Enum):
    """What a stage saw of the endpoint; the words are those of the guide."""

    UNREACHED = "not reached, and nothing was written"
    LOST = "not reached, and something may be written"
    REFUSED = "its state does not allow it"
    MOVED = "its state has moved"
    STILL = "it ended ok before, and still is as planned"
    DIFFERS = "as it was planned on"
    PLANNED = "in the planned state"
    HELD = "it holds what was written"
    NOT_PERMITTED = "nothing was changed"
    PUT_BACK = "it holds something else, and the old bytes are back"
    NOT_PUT_BACK = "it holds something else, and the old bytes are not back"
    REACHED = "the service is reached, or is not to be asked"
    NOT_REACHED = "the service is not reached, or could not be asked"
    CONFIRMED = "no task is left that would undo it"
    UNDONE = "the task has undone it"
    PACKAGE_FAILED = "the onboarding package ended with an error"
    PENDING = "the onboarding package needs a restart that was not asked for"
    RESTORED = "the old bytes are back"
    NOT_RESTORED = "the old bytes are not back"
    UNTOUCHED = "nothing had been written"
    TIME_OVER = "the time of the step is over"
    ABANDONED = "the run that began the step is gone"


# What follows: another stage, or one of the four words that end a step.
FOLLOWS: Mapping[tuple[Stage, Seen], Stage | str] = {
    (Stage.READ, Seen.UNREACHED): "failed",
    (Stage.READ, Seen.LOST): "unverified",
    (Stage.READ, Seen.REFUSED): "failed",
    (Stage.READ, Seen.MOVED): "failed",
    (Stage.READ, Seen.STILL): "ok",
    (Stage.READ, Seen.DIFFERS): Stage.WRITE,
    (Stage.READ, Seen.PLANNED): Stage.VERIFY,
    (Stage.WRITE, Seen.UNREACHED): "failed",
    (Stage.WRITE, Seen.LOST): "unverified",
    (Stage.WRITE, Seen.REFUSED): "failed",
    (Stage.WRITE, Seen.NOT_PERMITTED): "failed",
    (Stage.WRITE, Seen.PUT_BACK): "rolled_back",
    (Stage.WRITE, Seen.NOT_PUT_BACK): "failed",
    (Stage.WRITE, Seen.MOVED): "failed",
    (Stage.WRITE, Seen.HELD): Stage.VERIFY,
    (Stage.WRITE, Seen.PACKAGE_FAILED): "failed",
    (Stage.VERIFY, Seen.UNREACHED): "failed",
    (Stage.VERIFY, Seen.LOST): "unverified",
    (Stage.VERIFY, Seen.REFUSED): "failed",
    (Stage.VERIFY, Seen.NOT_REACHED): Stage.RESTORE,
    (Stage.VERIFY, Seen.REACHED): Stage.CONFIRM,
    (Stage.VERIFY, Seen.PENDING): "unverified",
    (Stage.CONFIRM, Seen.UNREACHED): "unverified",
    (Stage.CONFIRM, Seen.LOST): "unverified",
    (Stage.CONFIRM, Seen.REFUSED): "unverified",
    (Stage.CONFIRM, Seen.UNDONE): "rolled_back",
    (Stage.CONFIRM, Seen.CONFIRMED): "ok",
    (Stage.RESTORE, Seen.UNTOUCHED): "failed",
    (Stage.RESTORE, Seen.NOT_RESTORED): "failed",
    (Stage.RESTORE, Seen.RESTORED): "rolled_back",
    **{(stage, seen): "unverified" for stage in Stage for seen in (Seen.TIME_OVER, Seen.ABANDONED)},
}
