# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that becomes full while a rollout goes on: it is said what was written, and the next run makes it right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from windows_lab.lab import Lab

from tests import needs
from tests.integration.rollout.rollout_site import Change, blamed, raise_stage
from tests.integration.rollout.witness import Watched

pytestmark = pytest.mark.simulated

SIZE = 1 << 20
# Commands of a step, and of a rollback: the read, the write.
READ, WRITE = 1, 2


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own; skips where none can be mounted."""
    directory = tmp_path / "disk"
    directory.mkdir()
    with needs.small_disk(directory, SIZE):
        yield directory


def fill(disk: Path) -> None:
    """Leave no room on a disk."""
    content = bytes(2 * SIZE)
    with pytest.raises(OSError, match="No space left on device"):
        (disk / "filler").write_bytes(content)


def filled(change: Change, disk: Path, name: str, command: int, playbook: str) -> str:
    """Run a playbook on one endpoint, with a disk that is full before a command, and return what it is blamed with."""
    endpoint = change.endpoint(name)
    assert isinstance(endpoint, Watched)
    endpoint.intrude(command, lambda: fill(disk))
    run = change.play(playbook, "--limit", name)
    assert run.rc != 0
    assert "No space left on device" in run.output
    assert (disk / "filler").exists()
    (disk / "filler").unlink()
    return " ".join(blamed(run)[name].split())


def refused(change: Change, disk: Path) -> None:
    """On a disk that is full already, a rollout does not begin."""
    fill(disk)
    run = change.play("rollout")
    (disk / "filler").unlink()
    assert run.rc != 0
    assert "No space left on device" in run.output
    assert change.untouched(*change.lab.endpoints)


def test_a_full_disk_hides_nothing_and_the_next_run_makes_the_record_right(disk: Path, tmp_path: Path) -> None:
    with raise_stage() as network, Lab(backend=Watched, endpoints=3) as lab:
        change = Change(lab, network, tmp_path)
        change.evidence = disk / "evidence"
        change.variables["mde_evidence"] = str(change.evidence)
        change.plan()
        before = change.all_held()

        refused(change, disk)

        said = filled(change, disk, "clean-1", READ, "rollout")
        assert said.startswith("Nothing was written to the endpoint. ")
        assert change.all_held() == before
        assert change.verdicts() == {}

        said = filled(change, disk, "clean-2", WRITE, "rollout")
        assert said.startswith("The endpoint was written, and ended ok: ")
        assert "Its record could not be written and does not say so" in said
        assert change.proxy("clean-2") == network.proxy
        record = change.record("clean-2")
        assert (record["verdict"], record["state"], record["observed"]) == (None, "writing", {})

        assert change.play("rollout").rc == 0
        assert change.verdicts() == dict.fromkeys(lab.endpoints, "ok")
        assert all(change.proxy(name) == network.proxy for name in lab.endpoints)
        assert all(change.record(name)["observed"]["effective"]["proxy"] == network.proxy for name in lab.endpoints)
        assert change.record("clean-2")["snapshot"] == record["snapshot"]

        said = filled(change, disk, "clean-3", WRITE, "rollback")
        assert said.startswith("The endpoint ended rolled_back: ")
        assert "Its record could not be written and does not say so" in said
        assert change.held("clean-3") == before["clean-3"]
        assert (change.record("clean-3")["verdict"], change.record("clean-3")["observed"]) == (None, {})

        assert change.play("rollback").rc == 0
        assert change.verdicts() == dict.fromkeys(lab.endpoints, "rolled_back")
        assert change.all_held() == before
