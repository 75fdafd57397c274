# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook without its imports: one process per environment has done them, and forks a run at a time.

Each run is a process of its own, with its own arguments, environment, directory, output and exit code. What
ansible-core reads of its environment while it is imported is read again, or was the same for the whole environment.
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# These differ from run to run, and nothing that is read once depends on them.
_PER_RUN = frozenset(
    ("ANSIBLE_LOCAL_TEMP", "LAB_RESULTS", "PYTEST_CURRENT_TEST", "DIGEST", "_", "OLDPWD", "PWD", "SHLVL")
)
_USED_BY_EVERY_RUN = (
    "ansible.cli.playbook",
    "ansible.executor.playbook_executor",
    "ansible.plugins.callback.default",
    "ansible.plugins.connection.winrm",
    "ansible.plugins.strategy.linear",
)
_COLLECTION = "ansible_collections.mde.connectivity"
_MOST_SERVERS = 6
_SIZE = 1 << 20
# Those that wait for a run, each with its environment, the one used last at the end.
_servers: list[tuple[str, _Server]] = []


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

    def start(self, command: Mapping[str, Any], streams: Sequence[int]) -> int:
        """Start a command with its output and its errors to file descriptors; return the number of its process."""
        self._socket.settimeout(None)
        socket.send_fds(self._socket, [json.dumps(command).encode()], streams)
        return int(self._socket.recv(64))

    def ended(self, within: float) -> bool:
        """Whether the run has ended, or does so within some seconds."""
        return bool(select.select([self._socket], [], [], within)[0])

    def wait(self, timeout: float) -> int:
        """Return the exit code of the run, as subprocess has it. Raises TimeoutError."""
        self._socket.settimeout(timeout)
        return int(self._socket.recv(64))

    def close(self) -> None:
        """End the process, and the run that it waits for."""
        self._socket.close()
        self._process.terminate()
        self._process.wait()


class Running:
    """A run of ansible-playbook that goes on, as the process pid, and writes to two file descriptors."""

    def __init__(
        self, argv: Sequence[str], environment: Mapping[str, str], work: Path, streams: tuple[int, int]
    ) -> None:
        kept = {name: value for name, value in environment.items() if name not in _PER_RUN}
        self._key = json.dumps([argv[0], sorted(kept.items())])
        waiting = next((entry for entry in _servers if entry[0] == self._key), None)
        if waiting:
            _servers.remove(waiting)
        self._server = waiting[1] if waiting else _Server(kept)
        self._argv = list(argv)
        command = {"argv": self._argv, "environment": dict(environment), "work": str(work)}
        # The account in tests/conftest.py hears of it.
        sys.audit("tests.playbook")
        self.pid = self._server.start(command, streams)

    def ended(self, within: float) -> bool:
        """Whether the run has ended, or does so within some seconds."""
        return self._server.ended(within)

    def exit_code(self, timeout: float) -> int:
        """Wait for the end, once. Raises subprocess.TimeoutExpired when it was ended since it took longer."""
        try:
            code = self._server.wait(timeout)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                # It says first where it is, to its standard error.
                os.kill(self.pid, signal.SIGUSR1)
                time.sleep(1)
                os.kill(self.pid, signal.SIGKILL)
            # Who was killed may still be there for a moment.
            self._server.ended(within=60)
            self._server.close()
            raise subprocess.TimeoutExpired(self._argv, timeout) from None
        _servers.append((self._key, self._server))
        while len(_servers) > _MOST_SERVERS:
            _servers.pop(0)[1].close()
        return code


class Started(Running):
    """A run of ansible-playbook that goes on, as the process pid."""

    def __init__(
        self, program: Path, arguments: Sequence[str], environment: Mapping[str, str], work: Path
    ) -> None:
        self._output = work / "output.txt"
        with self._output.open("wb") as output:
            both = output.fileno(), output.fileno()
            super().__init__([str(program), *arguments], environment, work, both)

    def wait(self, timeout: float) -> tuple[int, str]:
        """Return the exit code and both streams as one text, once. Raises subprocess.TimeoutExpired."""
        try:
            code = self.exit_code(timeout)
        except subprocess.TimeoutExpired as late:
            late.add_note(self._output.read_text(errors="replace")[-8000:])
            raise
        return code, self._output.read_bytes().decode()


@atexit.register
def _close() -> None:
    for _key, server in _servers:
        server.close()


def _serve(handle: int) -> None:
    """Import what every run imports, then fork a run per request."""
    gc.disable()
    for name in _USED_BY_EVERY_RUN:
        importlib.import_module(name)
    _load_plugins()
    gc.freeze()
    gc.enable()
    with socket.socket(fileno=handle) as requests:
        while True:
            data, streams, _flags, _address = socket.recv_fds(requests, _SIZE, 2)
            if not data:
                return
            child = os.fork()
            if not child:
                requests.detach()
                os.close(handle)
                _become(json.loads(data), streams)
                return
            for stream in streams:
                os.close(stream)
            requests.send(str(child).encode())
            status = os.waitpid(child, 0)[1]
            requests.send(str(os.waitstatus_to_exitcode(status)).encode())


def _load_plugins() -> None:
    """Load with their options, which are YAML, those that every run looks at, and those of the collection."""
    from ansible.plugins import loader

    loader.init_plugin_loader()
    importlib.import_module("ansible_collections.ansible.builtin")
    for kind in (
        loader.become_loader,
        loader.cache_loader,
        loader.callback_loader,
        loader.connection_loader,
        loader.filter_loader,
        loader.inventory_loader,
        loader.shell_loader,
        loader.strategy_loader,
        loader.test_loader,
        loader.vars_loader,
    ):
        for _plugin in kind.all(class_only=True):
            pass
    with contextlib.suppress(ImportError):
        plugins = Path(str(importlib.import_module(_COLLECTION).__file__)).parent / "plugins"
        for kind in (loader.action_loader, loader.callback_loader, loader.connection_loader, loader.lookup_loader):
            for file in (plugins / kind.type).glob("*.py"):
                kind.get(f"mde.connectivity.{file.stem}", class_only=True)


def _become(command: Mapping[str, Any], streams: Sequence[int]) -> None:
    """Be ansible-playbook from here on: what follows is what its script does."""
    import ansible.constants
    from ansible.cli.playbook import main
    from ansible.config.manager import find_ini_config_file
    from ansible.utils.collection_loader import AnsibleCollectionConfig

    # The temporary directory of the server is not that of the run.
    atexit._clear()
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(command["work"])
    os.environ.clear()
    os.environ.update(command["environment"])
    sys.argv = list(command["argv"])
    sys.path[0] = os.path.dirname(sys.argv[0])
    constants = ansible.constants
    if find_ini_config_file() == constants.CONFIG_FILE:
        constants.DEFAULT_LOCAL_TMP = constants.config.get_config_value("DEFAULT_LOCAL_TMP")
    else:
        importlib.reload(constants)
    faulthandler.register(signal.SIGUSR1)
    # The run configures its own.
    AnsibleCollectionConfig._collection_finder = None
    try:
        main()
    except SystemExit as ended:
        # What an interpreter does at its end, but for the memory: to free what is the server's would copy all of it.
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(ended.code or 0))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        _serve(int(sys.argv[1]))
