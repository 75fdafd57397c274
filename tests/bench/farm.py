# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.bench.farm COUNT RTT...`: thousands of endpoints in one process, told by JSON lines what to do."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from windows_lab.backend import Backend, Completed
from windows_lab.front import Front
from windows_lab.host import Host
from windows_lab.network.view import Network
from windows_lab.simulated import SimulatedEndpoint
from windows_lab.tls import Tls

from tests.bench import peers, work
from tests.bench.network import Surroundings

# Bytes of a command line with its input.
_LINE = 2**20
# Endpoints that run a command at the same time.
_THREADS = 32


class FarmHost(Host):
    """An endpoint that takes the peers' wrapper besides what any endpoint of the lab takes."""

    __slots__ = ("peer",)

    def __init__(self, name: str) -> None:
        super().__init__(SimulatedEndpoint(name, work.STARTS["drifted"]))
        self.peer = peers.PeerEndpoint(converged=False)

    def begin(self, start: work.Start, network: Network) -> None:
        """Become an endpoint in that state and network, to which nothing has been sent yet."""
        endpoint = SimulatedEndpoint(self.name, work.STARTS[start])
        endpoint.network = network
        self.backend = endpoint
        self.peer = peers.PeerEndpoint(start == "converged")
        self.reset()

    def command(self, line: str, stdin: bytes = b"") -> Completed:
        if peers.is_wrapper(line, stdin):
            return self.peer.run(stdin)
        return super().command(line, stdin)


class Farm:
    """The endpoints, and what they say about themselves when a run is over."""

    def __init__(self, count: int, around: Surroundings) -> None:
        self._around = around
        # A command may wait for a task that it has started.
        self._threads = ThreadPoolExecutor(_THREADS)
        self.hosts = [FarmHost(name(number)) for number in range(1, count + 1)]
        self._by_name = {host.name: host for host in self.hosts}
        self._starts: list[work.Start] = []

    def begin(self, used: int, drifted_each: int) -> dict[str, Any]:
        """Put all endpoints into their first state; of `used` ones every n-th is drifted (0: none)."""
        self._around.forget()
        self._starts = []
        for number, host in enumerate(self.hosts):
            drifted = bool(drifted_each) and number < used and number % drifted_each == 0
            self._starts.append("drifted" if drifted else "converged")
            host.begin(self._starts[-1], self._around.network)
        return {}

    def totals(self, used: int) -> dict[str, Any]:
        """What the endpoints in use were sent."""
        accounts = [host.account for host in self.hosts[:used]]
        return {
            field: sum(getattr(account, field) for account in accounts)
            for field in ("requests", "bytes_in", "bytes_out")
        }

    def asked(self) -> dict[str, Any]:
        """What the endpoints asked for in their network."""
        return self._around.asked()

    def wrong(self, used: int, kind: str) -> dict[str, Any]:
        """Endpoints that are not as they must be after a run, each with what is wrong."""
        found = {}
        for number, host in enumerate(self.hosts):
            says = _judge(host, self._starts[number], kind if number < used else "untouched")
            if says:
                found[host.name] = says
        return {"wrong": found}

    @staticmethod
    def usage() -> dict[str, Any]:
        """CPU seconds of this process so far."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {"cpu": used.ru_utime + used.ru_stime}

    def commands(self) -> dict[str, Any]:
        """The command lines that the first endpoint was sent."""
        return {"commands": self.hosts[0].account.commands}

    async def serve(self, rtts: list[float]) -> dict[str, Any]:
        """Open two ports per delay, for HTTP and for HTTPS; each serves all endpoints by their paths.

        One more port takes command lines as JSON, without delay.
        """
        tls = Tls.of(self._around.authority, ["127.0.0.1", "localhost"])
        ports = {}
        for rtt in rtts:
            front = Front(self.hosts, self._threads, rtt_ms=rtt)
            ports[str(rtt)] = {"http": await front.listen(), "https": await front.listen(tls=tls)}
        lines = await asyncio.start_server(self._line, "127.0.0.1", 0, backlog=1024, limit=_LINE)
        for of_rtt in ports.values():
            of_rtt["line"] = lines.sockets[0].getsockname()[1]
        return {"ports": ports, "authority": str(self._around.authority.pem)}

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        endpoint, line, stdin = json.loads(await reader.readline())
        command = self._by_name[endpoint].command
        done = await asyncio.get_running_loop().run_in_executor(self._threads, command, line, stdin.encode())
        answer = [done.rc, done.stdout.decode("latin-1"), done.stderr.decode("latin-1")]
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        writer.close()


def name(number: int) -> str:
    """Name of an endpoint of the farm."""
    return f"endpoint-{number:04}"


def names(count: int) -> str:
    """The first endpoints of the farm as a range in an inventory."""
    return f"endpoint-[0001:{count:04}]"


def _judge(host: FarmHost, start: work.Start, kind: str) -> str:
    """What is wrong with an endpoint after a run of that kind; empty when nothing is."""
    if host.account.refused:
        return host.account.refused[0]
    if kind == "untouched":
        return "it was sent something, and it is not in the inventory" if host.account.requests else ""
    if kind.startswith("peers"):
        return (
            ""
            if tuple(host.peer.calls) == peers.asked(kind)
            else f"the peers' modules were {host.peer.calls}"
        )
    return _judge_state(host.backend, start, kind)


def _judge_state(endpoint: Backend, start: work.Start, kind: str) -> str:
    lacking = work.missing(endpoint)
    if kind == "applied":
        if lacking:
            return f"not as asked: {', '.join(lacking)}"
        right = bool(endpoint.writes) == (start == "drifted")
    else:
        right = not endpoint.writes and bool(lacking) == (start == "drifted")
    return "" if right else f"it began {start}, and was written to {len(endpoint.writes)} times"


async def main(count: int, rtts: list[float], around: Surroundings) -> None:
    """Serve, and answer each line on standard input with one on standard output, until the input ends."""
    farm = Farm(count, around)
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print(json.dumps(await farm.serve(rtts)), flush=True)
    while line := await lines.readline():
        wanted, options = cast(tuple[str, dict[str, Any]], json.loads(line))
        print(json.dumps(getattr(farm, wanted)(**options)), flush=True)


if __name__ == "__main__":
    # With the usual 5 ms whoever serves a port waits for every thread of an endpoint that computes.
    sys.setswitchinterval(0.0005)
    with Surroundings() as surroundings:
        asyncio.run(main(int(sys.argv[1]), [float(rtt) for rtt in sys.argv[2:]], surroundings))
