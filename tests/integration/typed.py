# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ansible-playbook for a shell that a test types at: it has its run done by a process that has the imports."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.integration import warm

_PROGRAM = Path(sys.executable).with_name("ansible-playbook")
_SIZE = 1 << 20
_TIMEOUT = 300
_CLIENT = """#!{python} -IS
import json, os, socket, sys
link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
link.connect({address!r})
socket.send_fds(link, [json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()], [1, 2])
sys.exit(int(link.recv(64)))
"""


@contextlib.contextmanager
def folder() -> Iterator[str]:
    """A folder with such an ansible-playbook, which does one run at a time, to stand first on a search path."""
    with (
        tempfile.TemporaryDirectory(prefix="mde-typed-") as place,
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener,
    ):
        client, address = Path(place, _PROGRAM.name), str(Path(place, "socket"))
        listener.bind(address)
        listener.listen()
        client.write_text(_CLIENT.format(python=sys.executable, address=address), encoding="utf-8")
        client.chmod(0o700)
        thread = threading.Thread(target=_answer, args=(listener, place))
        thread.start()
        try:
            yield place
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _answer(listener: socket.socket, place: str) -> None:
    """Do one run after the other, until nobody can ask for one any more."""
    while True:
        try:
            link, _address = listener.accept()
        except OSError:
            return
        with link:
            data, streams, _flags, _sender = socket.recv_fds(link, _SIZE, 2)
            arguments, environment, work = json.loads(data)
            # The process with the imports is one for all such folders.
            environment["PATH"] = environment["PATH"].removeprefix(f"{place}{os.pathsep}")
            run = warm.Running([str(_PROGRAM), *arguments], environment, Path(work), (streams[0], streams[1]))
            for stream in streams:
                os.close(stream)
            code = run.exit_code(_TIMEOUT)
            with contextlib.suppress(BrokenPipeError):
                link.send(str(code if code >= 0 else 128 - code).encode())
