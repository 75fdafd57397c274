# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of a step's stages is whole, ends in known words, and is what the guide shows."""

from __future__ import annotations

from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import VERDICTS
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._states import FOLLOWS, Seen, Stage

from tests.guides import read, rows

ANY = (Seen.TIME_OVER, Seen.ABANDONED)


def test_the_guide_shows_the_table() -> None:
    stages = {stage.value for stage in Stage} | {"any"}
    cells = [tuple(cell.strip("`") for cell in row) for row in rows(read("guide_rollout"))]
    shown = [row for row in cells if row[0] in stages]
    table = [
        (stage.value, seen.value, follows.value if isinstance(follows, Stage) else follows)
        for (stage, seen), follows in FOLLOWS.items()
        if seen not in ANY
    ]
    assert shown == [*table, *(("any", seen.value, "unverified") for seen in ANY)]


def test_every_way_through_ends_in_a_word_of_a_record() -> None:
    assert {follows for follows in FOLLOWS.values() if isinstance(follows, str)} == set(VERDICTS)
    assert {seen for _stage, seen in FOLLOWS} == set(Seen)
    for stage in Stage:
        assert all(FOLLOWS[stage, seen] == "unverified" for seen in ANY)
    # No stage is come back to, so a step ends.
    order = list(Stage)
    after = [(stage, follows) for (stage, _seen), follows in FOLLOWS.items() if isinstance(follows, Stage)]
    assert all(order.index(stage) < order.index(follows) for stage, follows in after)
    # What is good was read or verified just before.
    assert {(stage, seen) for (stage, seen), follows in FOLLOWS.items() if follows == "ok"} == {
        (Stage.READ, Seen.STILL),
        (Stage.CONFIRM, Seen.CONFIRMED),
    }
