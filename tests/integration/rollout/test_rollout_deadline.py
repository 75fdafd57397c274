# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An endpoint that takes a write and never says so: the step ends by mde_deadline, and nobody knows what is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from windows_lab.backend import Completed
from windows_lab.lab import Lab

from tests.integration.hostile.hostile import Hanging
from tests.integration.rollout.rollout_site import Change, blamed, raise_stage

pytestmark = pytest.mark.simulated

MINUTES = 1


class SilentAfterWrite(Hanging):
    """The first endpoint carries the write out, and its command does not end."""

    word = "winhttp set proxy"

    def run(self, line: str, stdin: bytes = b"") -> Completed:
        if self.name != "clean-1" or self.ended.is_set():
            return super(Hanging, self).run(line, stdin)
        if self.word in line:
            super(Hanging, self).run(line, stdin)
        return super().run(line, stdin)


def test_a_batch_does_not_wait_for_an_endpoint_that_never_answers(tmp_path: Path) -> None:
    with raise_stage() as network, Lab(backend=SilentAfterWrite, endpoints=2) as lab:
        change = Change(lab, network, tmp_path)
        change.plan()
        run = change.play(
            "rollout",
            mde_batches=[2],
            mde_first_batch_above_one=True,
            mde_deadline=MINUTES,
        )
        assert run.rc != 0
        record = change.record("clean-1")
        assert (record["verdict"], record["observed"]) == ("unverified", {})
        assert "longer than mde_deadline allows, which is 1 minutes" in record["reason"]
        assert "clean-1" in blamed(run)
        assert change.verdicts()["clean-2"] == "ok"
        # It was written, which the same command finds out when the endpoint answers again.
        assert change.proxy("clean-1") == change.network_proxy()
        again = change.play("rollout")
        assert again.rc == 0, again.output[-2000:]
        assert change.verdicts() == dict.fromkeys(lab.endpoints, "ok")
