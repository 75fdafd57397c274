# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real KDC of MIT Kerberos on loopback, with the lab's account and a service for each name of an endpoint."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from windows_lab import auth

REALM = "LAB.TEST"
_PROGRAMS = {"krb5kdc": "krb5-kdc", "kdb5_util": "krb5-kdc", "kadmin.local": "krb5-admin-server", "kinit": "krb5-user"}
# By what clients call WinRM; Active Directory takes the first two for the third.
_SERVICES = ("HTTP", "WSMAN", "host")
_SECONDS = 10.0
_CLIENT = """[libdefaults]
 default_realm = {realm}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 kdc_timesync = {timesync}
[realms]
 {realm} = {{
  kdc = 127.0.0.1:{port}
 }}
"""
_SERVER = """[kdcdefaults]
 kdc_listen = 127.0.0.1:{port}
 kdc_tcp_listen = 127.0.0.1:{port}
[realms]
 {realm} = {{
  database_name = {directory}/principal
  key_stash_file = {directory}/stash
 }}
[logging]
 kdc = FILE:{directory}/kdc.log
"""


class KdcFailed(Exception):
    """The KDC did not start."""


@dataclass(frozen=True)
class Kdc:
    """`environment` is what clients and the lab itself need to find it and the keys of the services."""

    environment: Mapping[str, str]
    user: str = f"{auth.USER}@{REALM}"


def missing() -> str:
    """What is not installed of what a KDC, its clients and the lab need; empty where all is there."""
    packages = {package for program, package in _PROGRAMS.items() if not _program(program)}
    packages |= {f"{name} of Python" for name in ("gssapi", "krb5") if importlib.util.find_spec(name) is None}
    return f"Kerberos needs {', '.join(sorted(packages))}." if packages else ""


@contextlib.contextmanager
def kdc(names: Iterable[str], clock: str = "") -> Iterator[Kdc]:
    """A KDC that knows the account of the lab, and WinRM under each of these names; raises KdcFailed.

    clock shifts its clock by what libfaketime takes, as "-10m"; clients do not follow it then, as they do by default.
    """
    with tempfile.TemporaryDirectory(prefix="mde-lab-kdc-") as directory:
        place = Path(directory)
        port = _free_port()
        (place / "krb5.conf").write_text(_CLIENT.format(realm=REALM, port=port, timesync=0 if clock else 1))
        (place / "kdc.conf").write_text(_SERVER.format(realm=REALM, port=port, directory=directory))
        environment = {
            "KRB5_CONFIG": str(place / "krb5.conf"),
            "KRB5_KDC_PROFILE": str(place / "kdc.conf"),
            "KRB5_KTNAME": str(place / "keytab"),
            "KRB5CCNAME": str(place / "tickets"),
        }
        _fill(names, environment)
        with _serving(port, environment, clock):
            yield Kdc(environment)


def _fill(names: Iterable[str], environment: Mapping[str, str]) -> None:
    _run(environment, "kdb5_util", "create", "-s", "-r", REALM, "-P", auth.PASSWORD)
    _run(environment, "kadmin.local", "addprinc", "-pw", auth.PASSWORD, "+requires_preauth", auth.USER)
    for principal in (f"{service}/{name}" for name in names for service in _SERVICES):
        _run(environment, "kadmin.local", "addprinc", "-randkey", principal)
        _run(environment, "kadmin.local", "ktadd", "-k", environment["KRB5_KTNAME"], principal)


@contextlib.contextmanager
def _serving(port: int, environment: Mapping[str, str], clock: str) -> Iterator[None]:
    shifted = {"LD_PRELOAD": _clock_library(), "FAKETIME": clock} if clock else {}
    process = subprocess.Popen(
        [_program("krb5kdc"), "-n"], env={**os.environ, **environment, **shifted}, stdout=subprocess.DEVNULL
    )
    try:
        _wait(process, port)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + _SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None or time.monotonic() > end:
            raise KdcFailed("krb5kdc does not answer")
        time.sleep(0.02)


def _clock_library() -> str:
    """Debian's libfaketime; raises KdcFailed."""
    found = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if found is None:
        raise KdcFailed("A clock is shifted by Debian's package faketime.")
    return str(found)


def _program(name: str) -> str:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") or ""


def _run(environment: Mapping[str, str], name: str, *arguments: str) -> None:
    done = subprocess.run(
        [_program(name), *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise KdcFailed(f"{name}: {done.stderr.strip()}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
