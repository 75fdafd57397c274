# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine for the tests of a run, and the end of the run: everything put back, and the recording written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.windows.connect import connect  # isort: skip - before anything of the collection
from windows_lab.lab import Lab
from windows_lab.profiles import Profile
from windows_lab.recording import Machine, Recording, RecordingEndpoint, Scrubber

from tests.integration.site import Site
from tests.recordings.stored import part
from tests.windows import facts
from tests.windows.before import OURS, Before
from tests.windows.named import EVIDENCE, RECORDING, Named
from tests.windows.questions import QUESTIONS
from tests.windows.remote import RemoteEndpoint


@dataclass
class Run:
    """A machine and its front on loopback, over which Ansible plays; all that it answers is kept."""

    named: Named
    remote: RemoteEndpoint
    endpoint: RecordingEndpoint
    lab: Lab

    @property
    def what(self) -> Machine:
        return self.endpoint.recording.machine

    def site(self, work: Path) -> Site:
        """The machine for tests that play."""
        return Site(self.lab, work)

    @property
    def wire(self) -> Wire:
        """The machine for the product's own commands, without Ansible between."""
        return Wire(self)

    def give(self, place: tuple[str, str], value: tuple[str, bytes] | None) -> None:
        """Set a value, or delete it (None)."""
        if value is None:
            self.remote.delete_value(*place)
        else:
            self.remote.set_value(*place, *value)

    def clean(self) -> None:
        """Take away the keys of the contract's tests."""
        self.remote.delete_keys(*OURS)


class Wire:
    """What the product's Endpoint wants of a connection, and all of it is kept."""

    def __init__(self, run: Run) -> None:
        self._endpoint = run.endpoint
        self.transport = run.remote.transport
        self._shell = run.remote._shell

    def exec_command(self, cmd: str, in_data: Any = None) -> tuple[int, bytes, bytes]:
        """Run a line, or the script that it stands in."""
        stdin = in_data.encode() if isinstance(in_data, str) else in_data or b""
        done = self._endpoint.powershell(cmd, stdin) or self._endpoint.run(cmd, stdin)
        return done.rc, done.stdout, done.stderr

    def close(self) -> None:
        """The run closes it."""

    def reset(self) -> None:
        """Nothing here restarts the machine."""


_ENDED: list[str] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how the machine was left."""
    for line in _ENDED:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def windows_run() -> Iterator[Run]:
    """The machine that the environment names."""
    named = Named.of(os.environ)
    evidence = os.environ.get(EVIDENCE, "")
    remote = RemoteEndpoint("windows", Profile("windows"), connect(named))
    machine = facts.machine(remote, named.connection, evidence)
    if machine.evidence == "wine":
        remote.profile = Profile("wine", codepage="cp437")
    ours = {line for question in QUESTIONS for line in question.lines}
    endpoint = RecordingEndpoint(remote, Recording(machine), Scrubber(facts.names(remote, named), ours))
    before = Before(remote)
    with Lab(lambda _name, _profile: endpoint, 1) as lab:
        try:
            yield Run(named, remote, endpoint, lab)
        finally:
            endpoint.recording.write(Path(os.environ[RECORDING]))
            before.restore()
            same = len(before.exported - before.moved)
            _ENDED.append(f"Restored: reg.exe lists {len(before.lists)} keys as before, and exports {same} of "
                          f"{len(before.exported)} that are there to the same bytes.")


@pytest.fixture
def machine(windows_run: Run, request: pytest.FixtureRequest) -> Run:
    """The machine; what it is asked from here on is kept under the name of the test."""
    windows_run.endpoint.part = part(request.node)
    return windows_run
