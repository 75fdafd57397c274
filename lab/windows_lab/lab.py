# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab as a whole: endpoints, their fronts, and a thread that serves them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from windows_lab import inventory
from windows_lab.backend import Backend
from windows_lab.front import ADDRESS, Front
from windows_lab.host import Account, Drop, Host
from windows_lab.network.authority import Authority
from windows_lab.profiles import PROFILES, Profile
from windows_lab.tls import Tls

if TYPE_CHECKING:
    from windows_lab.sshd import Sshd

T = TypeVar("T")
EndpointMaker = Callable[[str, Profile], Backend]
BackendName = Literal["simulated", "wine"]

# Beyond these, one port serves all endpoints by their paths.
PORTS = 64
# How many endpoints run a command at the same time: Wine keeps a core busy for each.
_WINE_AT_ONCE = 4
_AT_ONCE = 32


class LabError(Exception):
    """The lab cannot be raised as it was asked for."""


def named_profiles(endpoints: int | None, profiles: Mapping[str | Profile, int] | None) -> dict[str, Profile]:
    """Names and profiles of the endpoints: those that `profiles` counts, and clean ones."""
    counts: dict[Profile, int] = {}
    for wanted, count in (profiles or {}).items():
        if isinstance(wanted, str) and wanted not in PROFILES:
            raise LabError(f"There is no profile {wanted}; there are {', '.join(PROFILES)}.")
        if count < 0:
            raise LabError(f"{count} endpoints of one profile is no number of endpoints.")
        profile = PROFILES[wanted] if isinstance(wanted, str) else wanted
        counts[profile] = counts.get(profile, 0) + count
    total = sum(counts.values())
    wanted_total = (total or 1) if endpoints is None else endpoints
    if wanted_total < max(total, 1):
        raise LabError(f"The profiles ask for {total} endpoints, and {wanted_total} were asked for in all.")
    clean = PROFILES["clean"]
    counts[clean] = counts.get(clean, 0) + wanted_total - total
    return {
        f"{profile.name}-{number}": profile
        for profile, count in counts.items()
        for number in range(1, count + 1)
    }


class Lab:
    """A context manager: inside it the endpoints answer on loopback, and tests can look into them.

    `backend` is "simulated", "wine", or what makes an endpoint out of a name and a profile.
    `transports` names fronts that are to be up from the start and whose absence is an error: "psrp",
    "ssh_cmd", "ssh_powershell". WinRM with cmd is always up; an SSH front is started when first asked for.
    """

    def __init__(
        self,
        backend: BackendName | EndpointMaker = "simulated",
        endpoints: int | None = None,
        profiles: Mapping[str | Profile, int] | None = None,
        *,
        rtt_ms: float = 0,
        transports: Iterable[str] = (),
    ) -> None:
        self._backend = backend
        self._profiles = named_profiles(endpoints, profiles)
        self._rtt_ms = rtt_ms
        self._transports = tuple(transports)
        self._exits = contextlib.ExitStack()
        self._loop = asyncio.new_event_loop()
        self._sshd: Sshd | None = None
        self._ssh_ports: dict[tuple[str, str], int] = {}
        self._https_ports: dict[str, int] = {}
        self.endpoints: dict[str, Backend] = {}
        self.hosts: dict[str, Host] = {}
        self.ports: dict[str, int] = {}

    def __enter__(self) -> Lab:
        with contextlib.ExitStack() as starting:
            self.endpoints = self._start_backends(starting)
            self.hosts = {name: Host(backend) for name, backend in self.endpoints.items()}
            executor = starting.enter_context(self._executor())
            self._start_loop(starting)
            self._front = front = self._call(self._make_front(executor))
            starting.callback(lambda: self._call(front.close()))
            self.ports = self._call(self._listen())
            starting.callback(self._stop_ssh)
            for transport in self._transports:
                self._require(transport)
            self._exits = starting.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._exits.close()

    @property
    def shared_port(self) -> bool:
        """Whether the endpoints are told apart by path instead of port."""
        return len(self._profiles) > PORTS

    def account(self, name: str) -> Account:
        """What the endpoint was sent since the last reset."""
        return self.hosts[name].account

    def reset_accounts(self) -> None:
        """Begin all accounts anew; connections that are to be dropped are dropped once more."""
        for host in self.hosts.values():
            host.reset()

    def drop_connection(
        self, name: str, request: int | None, *, after: bool = False, dead: bool = False
    ) -> None:
        """Close the connection at that request of the account (None: never), or `after` carrying it out.

        A `dead` endpoint does so from there on.
        """
        self.hosts[name].drop = None if request is None else Drop(request, after, dead)

    def path(self, name: str) -> str:
        """Path of the endpoint's WinRM service, without a slash in front."""
        return f"{name}/wsman" if self.shared_port else "wsman"

    @functools.cached_property
    def authority(self) -> Authority:
        """The authority that signs what the endpoints show over HTTPS; its files go with the lab."""
        directory = self._exits.enter_context(tempfile.TemporaryDirectory(prefix="mde-lab-authority-"))
        return Authority(Path(directory))

    def port(self, name: str, scheme: inventory.Scheme = "http") -> int:
        """Port of the endpoint's WinRM service; the ports for HTTPS are opened when first asked for."""
        if scheme == "http":
            return self.ports[name]
        if not self._https_ports:
            self._https_ports = self._call(self._listen(self.authority))
        return self._https_ports[name]

    def url(self, name: str, scheme: inventory.Scheme = "http") -> str:
        """Address of the endpoint's WinRM service."""
        return f"{scheme}://{ADDRESS}:{self.port(name, scheme)}/{self.path(name)}"

    def ssh(self, name: str, shell: Literal["cmd", "powershell"]) -> dict[str, str | int]:
        """Inventory variables for the endpoint's SSH service with that default shell, now started."""
        if self._sshd is None:
            self._sshd = _start_sshd()
        if (name, shell) not in self._ssh_ports:
            host = self.hosts[name]
            run = host.command if shell == "cmd" else host.shell_powershell
            self._ssh_ports[name, shell] = self._sshd.serve(run)
        return self._sshd.variables(self._ssh_ports[name, shell], shell)

    def inventory(
        self,
        path: str | Path,
        *,
        connection: inventory.Connection = "winrs",
        transport: inventory.Transport = "basic",
        scheme: inventory.Scheme = "http",
    ) -> Path:
        """Write a YAML inventory with the endpoints in the group `windows`; says where it is.

        With `scheme="https"` clients validate the certificates, which only the lab's own `authority` signs.
        """
        return inventory.write(self, Path(path), connection, transport, scheme)

    def _start_backends(self, starting: contextlib.ExitStack) -> dict[str, Backend]:
        if self._backend == "wine":
            return self._start_wine(starting)
        make = self._backend
        if isinstance(make, str):
            make = cast(EndpointMaker, importlib.import_module("windows_lab.simulated").SimulatedEndpoint)
        endpoints: dict[str, Backend] = {}
        for name, profile in self._profiles.items():
            endpoints[name] = make(name, profile)
            starting.callback(endpoints[name].close)
        return endpoints

    def _start_wine(self, starting: contextlib.ExitStack) -> dict[str, Backend]:
        from windows_lab.wine import WineFarm, WineMissing
        from windows_lab.wine.endpoint import Unsupported

        try:
            farm = WineFarm(self._profiles)
        except (WineMissing, Unsupported) as error:
            raise LabError(str(error)) from error
        return dict(starting.enter_context(farm).endpoints)

    def _executor(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_WINE_AT_ONCE if self._backend == "wine" else _AT_ONCE, "lab-endpoint")

    def _start_loop(self, starting: contextlib.ExitStack) -> None:
        thread = threading.Thread(target=self._loop.run_forever, name="lab-front", daemon=True)
        starting.callback(self._loop.close)
        starting.callback(thread.join)
        starting.callback(self._call_soon_stop)
        thread.start()

    def _call_soon_stop(self) -> None:
        self._call(_cancel_others())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _make_front(self, executor: ThreadPoolExecutor) -> Front:
        return Front(self.hosts.values(), executor, rtt_ms=self._rtt_ms)

    async def _listen(self, authority: Authority | None = None) -> dict[str, int]:
        """A port for each endpoint, with `authority` for HTTPS: its certificate is for the address and its name."""
        if self.shared_port:
            tls = Tls.of(authority, [ADDRESS]) if authority else None
            return dict.fromkeys(self.hosts, await self._front.listen(tls=tls))
        ports = {}
        for name, host in self.hosts.items():
            tls = Tls.of(authority, [ADDRESS, name]) if authority else None
            ports[name] = await self._front.listen(host, tls=tls)
        return ports

    def _require(self, transport: str) -> None:
        if transport == "psrp":
            _import_psrp()
        elif transport in ("ssh_cmd", "ssh_powershell"):
            for name in self.hosts:
                self.ssh(name, "cmd" if transport == "ssh_cmd" else "powershell")
        elif transport not in ("winrs", "winrm"):
            raise LabError(f"There is no transport {transport}.")

    def _stop_ssh(self) -> None:
        if self._sshd is not None:
            self._sshd.close()


def _start_sshd() -> Sshd:
    from windows_lab.sshd import Sshd, SshdUnavailable

    try:
        return Sshd()
    except SshdUnavailable as error:
        raise LabError(str(error)) from error


def _import_psrp() -> None:
    try:
        importlib.import_module("windows_lab.psrp")
    except ImportError as error:
        raise LabError(f"The psrp front needs the Python package {error.name}.") from error


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
