# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook without its imports: one process per environment has done them, and forks a run at a time.

Each run is a process of its own, with its own arguments, environment, directory, output and exit code. What
ansible-core reads of its environment while it is imported is read again, or was the same for the whole environment.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import gc
import importlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# These differ from run to run, and nothing that is read once depends on them.
_PER_RUN = frozenset(("ANSIBLE_LOCAL_TEMP", "LAB_RESULTS", "PYTEST_CURRENT_TEST"))
_USED_BY_EVERY_RUN = (
    "ansible.cli.playbook",
    "ansible.executor.playbook_executor",
    "ansible.plugins.callback.default",
    "ansible.plugins.connection.winrm",
    "ansible.plugins.strategy.linear",
)
_MOST_SERVERS = 3
_SIZE = 1 << 20
_servers: dict[str, _Server] = {}


class Ended(Exception):
    """The run took longer than it may; it was ended."""


class _Server:
    """A process that has imported ansible-core in an environment, and its end of a socket pair."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                env=dict(environment),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        self._socket = ours

    def run(self, command: Mapping[str, Any], output: int, timeout: float) -> int:
        """Run a command with both streams to a file descriptor, and return its exit code as subprocess has it."""
        self._socket.settimeout(timeout)
        handles = array.array("i", [output])
        self._socket.sendmsg(
            [json.dumps(command).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)]
        )
        try:
            return int(self._socket.recv(64))
        except TimeoutError:
            self.close()
            raise Ended from None

    def close(self) -> None:
        """End the process, and the run that it waits for."""
        self._socket.close()
        self._process.terminate()
        self._process.wait()


def run(
    program: Path, arguments: Sequence[str], environment: Mapping[str, str], work: Path, timeout: float
) -> tuple[int, str]:
    """Run ansible-playbook, and return its exit code and both streams as one text.

    Raises subprocess.TimeoutExpired as subprocess.run does.
    """
    kept = {name: value for name, value in environment.items() if name not in _PER_RUN}
    key = json.dumps([str(program), sorted(kept.items())])
    server = _servers.pop(key, None) or _Server(kept)
    command = {"argv": [str(program), *arguments], "environment": dict(environment), "work": str(work)}
    with (work / "output.txt").open("w+b") as output:
        try:
            code = server.run(command, output.fileno(), timeout)
        except Ended:
            raise subprocess.TimeoutExpired(command["argv"], timeout) from None
        output.seek(0)
        said = output.read().decode()
    _servers[key] = server
    while len(_servers) > _MOST_SERVERS:
        _servers.pop(next(iter(_servers))).close()
    return code, said


@atexit.register
def _close() -> None:
    for server in _servers.values():
        server.close()


def _serve(handle: int) -> None:
    """Import what every run imports, then fork a run per request."""
    for name in _USED_BY_EVERY_RUN:
        importlib.import_module(name)
    from ansible.plugins.loader import connection_loader, init_plugin_loader

    # The runtime of ansible.builtin is thousands of lines of YAML, and a playbook loads every connection there is.
    init_plugin_loader()
    importlib.import_module("ansible_collections.ansible.builtin")
    for _connection in connection_loader.all(class_only=True):
        pass
    gc.freeze()
    with socket.socket(fileno=handle) as requests:
        while True:
            data, ancillary, _flags, _address = requests.recvmsg(_SIZE, socket.CMSG_SPACE(4))
            if not data:
                return
            (output,) = array.array("i", ancillary[0][2])
            child = os.fork()
            if not child:
                requests.detach()
                os.close(handle)
                _become(json.loads(data), output)
                return
            os.close(output)
            status = os.waitpid(child, 0)[1]
            requests.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(command: Mapping[str, Any], output: int) -> None:
    """Be ansible-playbook from here on: what follows is what its script does."""
    import ansible.constants
    from ansible.cli.playbook import main
    from ansible.utils.collection_loader import AnsibleCollectionConfig

    # The temporary directory of the server is not that of the run.
    atexit._clear()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.chdir(command["work"])
    os.environ.clear()
    os.environ.update(command["environment"])
    sys.argv = list(command["argv"])
    sys.path[0] = os.path.dirname(sys.argv[0])
    importlib.reload(ansible.constants)
    # The run configures its own.
    AnsibleCollectionConfig._collection_finder = None
    sys.exit(main())


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        _serve(int(sys.argv[1]))
