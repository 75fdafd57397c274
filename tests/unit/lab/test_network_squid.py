# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a squid counts as ready, with a program in its place that takes its time."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest
from windows_lab.network import squid
from windows_lab.network.squid import Squid

# As squid does: what it is about to do is in its log first.
SLOW = """\
#!{python}
import pathlib, re, signal, socket, sys, time

here = pathlib.Path(sys.argv[sys.argv.index("-f") + 1]).parent
port = int(re.search("http_port 127.0.0.1:([0-9]+)", (here / "squid.conf").read_text())[1])
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
while True:
    with (here / "cache.log").open("a") as log:
        log.write("Accepting HTTP Socket connections\\n")
    time.sleep(0.3)
    with socket.create_server(("127.0.0.1", port)):
        signal.sigwait([signal.SIGHUP])
"""


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "squid"
    program.write_text(SLOW.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(squid, "PROGRAM", program)


def connect(running: Squid) -> None:
    socket.create_connection(("127.0.0.1", running.port), timeout=10).close()


@pytest.mark.usefixtures("put")
def test_it_listens_when_it_is_ready() -> None:
    with Squid("") as running:
        connect(running)


@pytest.mark.usefixtures("put")
def test_it_listens_again_with_other_rules() -> None:
    with Squid("") as running:
        running.reconfigure("http_access deny all\n")
        connect(running)
