# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real OpenSSH server on loopback in front of the lab's endpoints, one port each.

The lab process owns the listening sockets and starts `sshd -i` per connection, as inetd does: no port is
guessed, nothing listens outside loopback, and no daemon can outlive the lab.
"""

from __future__ import annotations

import os
import pwd
import re
import selectors
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from windows_lab import launcher, sshshell
from windows_lab.backend import Completed

Shell = Callable[[str, bytes], Completed]

ADDRESS = "127.0.0.1"
PRIVILEGE_SEPARATION_DIRECTORY = Path("/run/sshd")

# A program that may read standard input, where a command begins. Every other line starts at once, because an
# SSH client on a terminal never ends its input, and Ansible gives its client a terminal.
_INPUT_READER = re.compile(
    r"""
    (?: ^ | [&('] | \bdo\b ) [\s@"]*
    (?:
        (?: [^\s"&|']*\\ )? (?: [cw]script | more | sort | find | findstr ) (?: \.exe | \.com )? (?= ["\s<>|&)] | $ )
        | set\s+/p
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_PIPELINE = re.compile(r"\$input\s*\|")
# Input that has not begun by then is taken for a terminal on which no one types.
_INPUT_BEGINS = 2.0

# No PAM and no StrictModes: the lab's files live below a world-writable directory, perhaps in a container. What newer
# OpenSSH prefers as key exchange takes a third of a session's CPU. Of a shell inside another one bash reads no startup
# files: what they print would stand in an answer, and what they start can take ten times as long as the session.
_CONFIG = """\
HostKey {directory}/host_key
KexAlgorithms curve25519-sha256
AuthorizedKeysFile {directory}/authorized_keys
AllowUsers {user}
SetEnv SHLVL=1
ForceCommand {command}
PermitRootLogin prohibit-password
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
UseDNS no
PidFile none
PermitTTY no
PermitUserRC no
DisableForwarding yes
PrintMotd no
PrintLastLog no
LogLevel VERBOSE
"""


class SshdUnavailable(Exception):
    """OpenSSH's server or key generator is not installed."""


def _program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        raise SshdUnavailable(f"{name} is not installed: apt-get install openssh-server openssh-client")
    return path


def available() -> bool:
    """True when this machine can run the SSH front."""
    try:
        return all(_program(name) for name in ("sshd", "ssh", "ssh-keygen"))
    except SshdUnavailable:
        return False


def login_user() -> str:
    """The account that logs in: without root, sshd can only let in the account that runs it."""
    return pwd.getpwuid(os.getuid()).pw_name


class Sshd:
    """SSH front of any number of endpoints; `serve` adds one, `close` ends all."""

    def __init__(self) -> None:
        self._sshd = _program("sshd")
        self._directory = Path(tempfile.mkdtemp(prefix="mde-ssh-"))
        self._shells: dict[int, Shell] = {}
        self._sessions: list[subprocess.Popen[bytes]] = []
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._closing = threading.Event()
        try:
            self._write_files()
            self._commands = self._listen_for_commands()
        except BaseException:
            shutil.rmtree(self._directory, ignore_errors=True)
            raise
        self._threads = [
            threading.Thread(target=target, name=f"lab-{name}", daemon=True)
            for name, target in (("sshd", self._accept_clients), ("sshd-shell", self._accept_commands))
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @property
    def key_file(self) -> Path:
        """The private key that opens every endpoint."""
        return self._directory / "client_key"

    @property
    def log(self) -> str:
        """What the servers have written so far."""
        path = self._directory / "sshd.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def serve(self, shell: Shell) -> int:
        """Put one endpoint's shell behind a loopback port of its own, and say which port that is."""
        listener = socket.create_server((ADDRESS, 0), backlog=64)
        listener.setblocking(False)
        address, port = listener.getsockname()
        if address != ADDRESS:
            listener.close()
            raise RuntimeError(f"the lab must listen on {ADDRESS}, not on {address}")
        self._shells[port] = shell
        self._selector.register(listener, selectors.EVENT_READ)
        self._wake.send(b"+")
        return int(port)

    def variables(self, port: int, shell_type: str) -> dict[str, str | int]:
        """Inventory variables that aim Ansible at `port`; `shell_type` is `cmd` or `powershell`."""
        options = {
            # A master connection would outlive the lab, and its path can be longer than a socket's may.
            "ControlMaster": "no",
            "ControlPath": "none",
            "UserKnownHostsFile": "/dev/null",
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "no",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "LogLevel": "ERROR",
        }
        arguments = " ".join(f"-o {name}={value}" for name, value in options.items())
        return {
            "ansible_connection": "ssh",
            "ansible_shell_type": shell_type,
            "ansible_host": ADDRESS,
            "ansible_port": port,
            "ansible_user": login_user(),
            "ansible_ssh_private_key_file": str(self.key_file),
            "ansible_ssh_args": "-F /dev/null",
            "ansible_ssh_common_args": arguments,
        }

    def close(self) -> None:
        """End the sessions, the listeners and the files; a second call does nothing."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._wake.send(b"-")
        self._commands.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=5)
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fileobj)
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
        self._wake.close()
        self._commands.close()
        for session in self._sessions:
            session.terminate()
            session.wait(timeout=5)
        shutil.rmtree(self._directory, ignore_errors=True)

    def _write_files(self) -> None:
        generate = [_program("ssh-keygen"), *shlex.split("-q -t ed25519 -N '' -C lab -f")]
        for name in ("host_key", "client_key"):
            subprocess.run([*generate, str(self._directory / name)], check=True, capture_output=True)
        shutil.copy(self._directory / "client_key.pub", self._directory / "authorized_keys")
        forced = [sys.executable, "-I", "-S", sshshell.__file__, str(self._directory / "shell.sock")]
        text = _CONFIG.format(directory=self._directory, user=login_user(), command=shlex.join(forced))
        (self._directory / "sshd_config").write_text(text)
        if os.getuid() == 0:
            PRIVILEGE_SEPARATION_DIRECTORY.mkdir(mode=0o755, parents=True, exist_ok=True)
        check = subprocess.run([*self._command(), "-t"], capture_output=True, text=True, check=False)
        if check.returncode:
            raise SshdUnavailable(f"sshd refuses the lab's configuration: {check.stderr.strip()}")

    def _command(self) -> list[str]:
        return [self._sshd, "-f", str(self._directory / "sshd_config")]

    def _listen_for_commands(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(self._directory / "shell.sock"))
        listener.listen(64)
        return listener

    def _accept_clients(self) -> None:
        while not self._closing.is_set():
            for key, _events in self._selector.select(timeout=1):
                self._begin_session(key.fileobj)
            self._sessions = [session for session in self._sessions if session.poll() is None]

    def _begin_session(self, ready: object) -> None:
        assert isinstance(ready, socket.socket)
        if ready is self._woken:
            ready.recv(64)
            return
        try:
            client, _address = ready.accept()
        except BlockingIOError:
            return
        client.setblocking(True)
        command = [*self._command(), "-i", "-E", str(self._directory / "sshd.log")]
        with client:
            stream = client.fileno()
            session = subprocess.Popen(command, stdin=stream, stdout=stream, stderr=subprocess.DEVNULL)
        self._sessions.append(session)

    def _accept_commands(self) -> None:
        while not self._closing.is_set():
            try:
                stream, _address = self._commands.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(stream,), name="lab-ssh-command", daemon=True).start()

    def _answer(self, stream: socket.socket) -> None:
        with stream:
            try:
                port, size = sshshell.REQUEST.unpack(sshshell.read_exactly(stream, sshshell.REQUEST.size))
                line = sshshell.read_exactly(stream, size).decode("utf-8", "replace")
                done = self._run(port, line, self._input_of(stream, line))
                header = sshshell.ANSWER.pack(done.rc & 0xFFFFFFFF, len(done.stdout), len(done.stderr))
                stream.sendall(header + done.stdout + done.stderr)
            except (OSError, EOFError):
                return  # The client has gone: there is no one left to tell.

    def _input_of(self, stream: socket.socket, line: str) -> bytes:
        if not _reads_input(line):
            stream.sendall(sshshell.NO_INPUT)
            return b""
        stream.sendall(sshshell.WANTS_INPUT)
        stream.settimeout(_INPUT_BEGINS)
        parts = []
        try:
            while part := stream.recv(65536):
                parts.append(part)
                stream.settimeout(None)
        except TimeoutError:
            stream.settimeout(None)
        return b"".join(parts)

    def _run(self, port: int, line: str, stdin: bytes) -> Completed:
        shell = self._shells.get(port)
        if shell is None:
            return Completed(1, b"", f"No endpoint of the lab is on port {port}.\r\n".encode())
        try:
            return shell(line, stdin)
        except Exception as error:  # noqa: BLE001 - a broken endpoint must fail its command, not hang its client
            return Completed(1, b"", f"The lab's endpoint failed: {error!r}\r\n".encode())


def _reads_input(line: str) -> bool:
    try:
        script = launcher.script_of(line)
    except launcher.Refused:
        return False
    return bool(_INPUT_READER.search(line) or _PIPELINE.match(script))
