# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table at the end of a run: what it says of many endpoints, and that it stays in its columns."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._endings import (
    Ending,
    Endings,
    ending,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._progress import Progress
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._table import columns, table


def state(proxy: str | None, *, detects: bool = False) -> dict[str, Any]:
    method = "winhttp" if proxy else "wpad" if detects else "direct"
    return {
        "effective": {"method": method, "proxy": proxy},
        "winhttp": {"native": {"readable": True, "proxy": proxy, "bypass": None}},
        "wininet": {"system": {"readable": True, "auto_detect": detects}},
    }


def configured(**more: Any) -> dict[str, Any]:
    return {"changed": True, "before": state("old:1", detects=True), "after": state("new:2"), **more}


def verified(ok: int, **more: Any) -> dict[str, Any]:
    return {"changed": False, "summary": {"ok": ok, "rows": 3, "reachable": ok == 3}, **more}


def test_an_ending_says_what_was_what_is_and_what_wins() -> None:
    assert ending("pc-1", configured(), verified(3), check=False) == Ending(
        "pc-1", "changed", "WinHTTP old:1, WPAD", "WinHTTP new:2", "WinHTTP new:2", "3 of 3"
    )
    assert ending("pc-1", configured(), None, check=True).ended == "planned"
    assert ending("pc-1", configured(changed=False), None, check=False).ended == "as desired"


def test_what_did_not_go_well_is_never_among_what_ended_well() -> None:
    lost = {"unreachable": True, "msg": "Connection refused"}
    found = {
        "never": ending("pc-1", None, None, check=False),
        "left out": ending("pc-1", {"skipped": True}, None, check=False),
        "lost": ending("pc-1", lost, None, check=False),
        "lost later": ending("pc-1", configured(), lost, check=False),
        "failed": ending("pc-1", configured(failed=True, msg="no", after=None), None, check=False),
        "not reached": ending(
            "pc-1", configured(), verified(1, failed=True, msg="pc-1 does not"), check=False
        ),
        "failed later": ending("pc-1", configured(), {"failed": True, "msg": "pc-1: no"}, check=False),
    }
    assert {name: each.ended for name, each in found.items()} == {
        "never": "not looked at",
        "left out": "not looked at",
        "lost": "unreachable",
        "lost later": "unreachable",
        "failed": "failed",
        "not reached": "not reached",
        "failed later": "failed",
    }
    assert (found["lost"].why, found["lost"].now) == ("nothing listens at its address", "unknown")
    assert (found["not reached"].why, found["failed later"].why) == ("does not", "no")
    endings = Endings(check=False)
    for each in found.values():
        endings.add(each)
    assert endings.lines(0)[-1].startswith("0 of 7 ended well, ")


def test_a_verification_within_the_first_result_counts_like_one_of_its_own() -> None:
    inside = verified(1, msg="pc-1 does not")
    whole = configured(failed=True, msg="pc-1 does not", verification=inside)
    apart = ending("pc-1", configured(), {**inside, "failed": True}, check=False)
    assert ending("pc-1", whole, None, check=False) == apart
    assert ending("pc-1", configured(verification=verified(3)), None, check=False).reached == "3 of 3"
    earlier = verified(1, failed=True, msg="pc-1 does not")
    assert ending("pc-1", configured(verification=verified(3)), earlier, check=False).ended == "changed"
    skipped = {"skipped": True, "changed": False}
    assert ending("pc-1", configured(verification=verified(3)), skipped, check=False).reached == "3 of 3"
    assert ending("pc-1", configured(), skipped, check=False).reached == "not asked"
    lost = ending("pc-1", configured(unreachable=True, msg="Connection refused"), None, check=False)
    assert (lost.ended, lost.now, lost.reached) == ("unreachable", "WinHTTP new:2", "not asked")


def test_of_many_endpoints_the_worst_are_shown_and_all_are_counted() -> None:
    endings = Endings(check=False)
    for number in range(5000):
        endings.add(
            Ending(f"pc-{number:04}", "failed" if number == 4999 else "changed", why="no" * (number == 4999))
        )
    lines = endings.lines(12)
    assert len(lines) < 50
    assert lines[1].startswith("pc-4999")
    assert lines[43] == "and 4958 more"
    assert lines[-1] == "4999 of 5000 ended well, 4999 changed, 1 failed; 12 left out by --limit."


def test_a_cause_that_endpoints_have_in_common_is_a_line_with_their_names() -> None:
    endings = Endings(check=False)
    for name in ("pc-1", "pc-2", "pc-3", "pc-4"):
        endings.add(Ending(name, "failed", why=f"{name} is full"))
    endings.add(Ending("pc-5", "failed", why="its own"))
    assert endings.lines(0)[7:-1] == ["4 x failed: the endpoint is full (pc-1, pc-2, pc-3 and 1 more)"]


def test_a_password_in_a_message_is_not_in_the_table() -> None:
    endings = Endings(check=False)
    endings.add(
        ending("pc-1", {"failed": True, "msg": "proxy who:geheim@old.example.com:3128"}, None, check=False)
    )
    assert "geheim" not in "\n".join(endings.lines(0))


def test_columns_stay_in_line_with_letters_that_are_two_columns_wide() -> None:
    rows = [["endpoint", "was", "why"], ["経理部-1", "プロキシ", "x"], ["pc-1", "e\u0301", "x"]]
    lines = list(table(rows))
    where = {columns(line[: re.search(r"(why|x)$", line).start()]) for line in lines}  # type: ignore[union-attr]
    assert len(where) == 1
    assert lines[1] == "経理部-1  プロキシ  x"


def test_no_cell_is_wider_than_its_bound_and_a_line_stays_one() -> None:
    (_titles, row) = table([["a", "why"], ["部" * 100, "b\nc " * 100]])
    cell, reason = re.split(r"  +", row, maxsplit=1)
    assert (columns(cell), len(reason)) == (59, 100)
    assert cell.endswith("...")
    assert reason.endswith("...")
    assert "\n" not in row


def test_the_counts_come_first_in_a_progress_line() -> None:
    progress = Progress(2, 3, 40)
    assert progress.short("Write") == "0 of 40 done, 0 failed, batch 2 of 3: Write"
    progress.report("Write", "pc-1", 0.0)
    progress.failed("pc-1", dropped=True)
    assert progress.short("Write") == "1 of 40 done, 1 failed, batch 2 of 3: Write"
    assert progress.goes_on("Write")
