# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real squid on loopback, whose rules are those that the role service_allowlist writes, and no others."""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from windows_lab.network.dns import NoNames
from windows_lab.network.listener import low_ports, own_address

PROGRAM = Path("/usr/sbin/squid")
# Where squid keeps what its processes would share, under its name and beyond its end.
MEMORY = Path("/dev/shm")
_SECONDS = 30.0
_READY = "Accepting HTTP Socket connections"
# Accounts without rights that a squid which root starts can change to.
_ACCOUNTS = ("proxy", "squid", "nobody")

# Addresses to go out from keep squid on loopback whatever the rules allow: from there no other network is in reach.
# A connection to a server serves one request: one that is kept may be ended by the server just when the next request
# goes out on it, which squid answers with a 502 of its own.
_FRAME = """\
http_port 127.0.0.1:{port}
visible_hostname squid.lab.test
hosts_file {directory}/hosts
dns_nameservers {resolver}
dns_timeout 1 second
tcp_outgoing_address 127.0.0.1
tcp_outgoing_address ::1
udp_outgoing_address 127.0.0.1
cache deny all
cache_mem 0 MB
pid_filename {directory}/squid.pid
cache_log {directory}/cache.log
coredump_dir {directory}
netdb_filename none
logformat lab %rm %#ru %>Hs %Ss %<a %#{{Authorization}}>h %#{{Proxy-Authorization}}>h
access_log stdio:{directory}/access.log logformat=lab
pinger_enable off
server_persistent_connections off
max_filedescriptors 4096
{account}{authentication}include {directory}/allowlist.conf
"""
_AUTHENTICATION = """\
auth_param basic program /bin/sh {directory}/helper
auth_param basic children 1
auth_param basic realm lab
acl lab_user proxy_auth REQUIRED
http_access deny !lab_user
"""
# A helper of squid for the scheme Basic that takes every name and password.
_HELPER = "while read -r credentials; do echo OK; done\n"


class SquidFailed(Exception):
    """Squid ended, or is not ready in time; the message has what it wrote."""


class LogIncomplete(Exception):
    """Squid's access log does not get as long as it was expected to."""


@dataclass(frozen=True)
class LogRow:
    """One line of squid's access log.

    `target` is a URL, or host and port of a tunnel; `result` is what squid made of the request, such as
    TCP_DENIED; `server` is the address that it asked, and the last two are what the client sent. Each of
    the three is None where there was none.
    """

    method: str
    target: str
    status: int
    result: str
    server: str | None
    authorization: str | None
    proxy_authorization: str | None


def missing() -> str | None:
    """A sentence on what is not installed; None when squid is."""
    return None if PROGRAM.exists() else f"A real squid is Debian's package squid; there is no {PROGRAM}."


class Squid:
    """A squid, from the beginning of a `with` to its end, at `proxy` ("127.0.0.1:PORT").

    `allowlist` is the text of the role's squid.conf, with the clients 127.0.0.0/8. `hosts` are the names
    that squid knows besides; every other name does not exist. With `authenticate` it asks who comes for a
    name and a password, and takes any. Without the right to listen below port 1024, nothing answers where
    squid looks for DNS, so a name that does not exist takes it some seconds.
    """

    def __init__(
        self, allowlist: str, hosts: Mapping[str, str] | None = None, *, authenticate: bool = False
    ) -> None:
        self.port = _free_port()
        self.proxy = f"127.0.0.1:{self.port}"
        # Letters and digits alone.
        self.name = f"lab{secrets.token_hex(8)}"
        self._allowlist = allowlist
        self._hosts = dict(hosts or {})
        self._authenticate = authenticate
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as starting:
            self.directory = Path(starting.enter_context(tempfile.TemporaryDirectory(prefix="mde-squid-")))
            self.dns = starting.enter_context(NoNames()) if low_ports() else None
            self._write()
            self._process = self._started()
            starting.callback(self._stop)
            self._wait_until_ready(1)
            self._exits = starting.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._exits.close()

    def reconfigure(self, allowlist: str) -> None:
        """Have the running squid read another allow-list; returns when that one counts."""
        ready = self.messages().count(_READY)
        self._write_file("allowlist.conf", allowlist)
        self._process.send_signal(signal.SIGHUP)
        self._wait_until_ready(ready + 1)

    def log(self, at_least: int = 0) -> list[LogRow]:
        """The access log, once it has that many rows: squid writes one when a connection has ended."""
        deadline = time.monotonic() + _SECONDS
        while len(rows := self._rows()) < at_least:
            if time.monotonic() > deadline:
                raise LogIncomplete(f"squid logged {len(rows)} of {at_least} requests: {rows}")
            time.sleep(0.02)
        return rows

    def messages(self) -> str:
        """What squid wrote about itself."""
        return _text(self.directory / "cache.log") + _text(self.directory / "stderr")

    def _rows(self) -> list[LogRow]:
        # The last line may not be whole yet.
        return [_row(line) for line in _text(self.directory / "access.log").split("\n")[:-1]]

    def _write(self) -> None:
        values = {"directory": self.directory, "port": self.port}
        frame = _FRAME.format(
            **values,
            # Never the resolver of this machine: where there is none of the lab, one that does not answer.
            resolver=self.dns.address if self.dns else own_address(),
            account="" if os.geteuid() else f"cache_effective_user {_account()}\n",
            authentication=_AUTHENTICATION.format(**values) if self._authenticate else "",
        )
        lines = (f"{address} {name}\n" for name, address in self._hosts.items())
        self._write_file("squid.conf", frame)
        self._write_file("allowlist.conf", self._allowlist)
        self._write_file("hosts", "".join(lines))
        self._write_file("helper", _HELPER)
        if not os.geteuid():
            shutil.chown(self.directory, _account())

    def _write_file(self, name: str, text: str) -> None:
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)

    def _started(self) -> subprocess.Popen[bytes]:
        command = [str(PROGRAM), "-N", "-n", self.name, "-f", str(self.directory / "squid.conf")]
        with (self.directory / "stderr").open("wb") as errors:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, cwd=self.directory
            )

    def _wait_until_ready(self, times: int) -> None:
        deadline = time.monotonic() + _SECONDS
        # It says so a moment before it does.
        while self.messages().count(_READY) < times or not _listens(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise SquidFailed(self.messages())
            time.sleep(0.02)

    def _stop(self) -> None:
        # It takes two seconds to end by itself, and has nothing to save.
        self._process.kill()
        self._process.wait()
        for segment in MEMORY.glob(f"{self.name}-*"):
            segment.unlink()


def _listens(port: int) -> bool:
    """Whether somebody does at 127.0.0.1; squid would log a connection that asks nothing."""
    address = int.from_bytes(socket.inet_aton("127.0.0.1"), sys.byteorder)
    rows = [row.split() for row in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()]
    return any((row[1], row[3]) == (f"{address:08X}:{port:04X}", "0A") for row in rows[1:])


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _row(line: str) -> LogRow:
    method, target, status, result, *optional = line.split(" ")
    server, authorization, proxy_authorization = (None if word == "-" else unquote(word) for word in optional)
    return LogRow(method, unquote(target), int(status), result, server, authorization, proxy_authorization)


def _account() -> str:
    existing = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _ACCOUNTS if name in existing)


def _free_port() -> int:
    """Return a port below those that the system hands out, so that nobody is given it before squid takes it."""
    while True:
        port = random.randint(20000, 30000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
