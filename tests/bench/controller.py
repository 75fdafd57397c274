# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of ansible-playbook against the farm: what it took, and whether it did what it was asked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from windows_lab import auth

from tests.bench import farm
from tests.bench.work import URLS, WORKS, Start, plays
from tests.twice import ROOT, recap

Connection = Literal["winrs", "winrm"]
_PLUGINS: dict[Connection, str] = {"winrs": "mde.connectivity.winrs", "winrm": "ansible.builtin.winrm"}
FOLDER = ROOT / ".cache" / "bench"
TASKS_CPU = FOLDER / "cpu.json"
_PLUGIN_FOLDER = ROOT / "tests" / "bench"


class WrongResultError(Exception):
    """A run did not do what it was asked, so its figures mean nothing."""


@dataclass(frozen=True)
class Run:
    """What is to be run: which work, from which state, over which connection, how wide."""

    work: str
    connection: Connection = "winrs"
    start: Start = "converged"
    rtt: float = 0
    hosts: int = 10
    forks: int = 10
    # Of an otherwise converged fleet every n-th endpoint is drifted.
    drifted_each: int = 0

    def __str__(self) -> str:
        return f"{self.work} {self.connection} {self.start} {self.rtt:g} ms {self.hosts} hosts {self.forks} forks"

    @property
    def drifted(self) -> int:
        """One endpoint in how many is drifted; 0 when none is."""
        return self.drifted_each or int(self.start == "drifted")


@dataclass(frozen=True)
class Taken:
    """Wall and CPU seconds of a process and all its descendants, and the MB of the largest of them.

    What passed up to its first pause, which is the start of ansible-playbook, is by itself.
    """

    start_wall: float
    start_cpu: float
    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Figures(Taken):
    """What a run took: the controller, the wire in requests and bytes, the farm in CPU seconds."""

    requests: int
    bytes_in: int
    bytes_out: int
    farm_cpu: float


class FarmProcess:
    """A context manager: the farm, in a process of its own."""

    def __init__(self, count: int, rtts: tuple[float, ...]) -> None:
        self._command = [sys.executable, "-m", "tests.bench.farm", str(count), *map(str, rtts)]
        self.count = count
        self.ports: dict[float, int] = {}

    def __enter__(self) -> FarmProcess:
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ports = {float(rtt): port for rtt, port in self._answer().items()}
        return self

    def __exit__(self, *_exc: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise WrongResultError(f"the farm ended with exit code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, wanted: str, **options: Any) -> dict[str, Any]:
        """Call one method of the farm."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([wanted, options]) + "\n")
        self._process.stdin.flush()
        return self._answer()


def inventory(run: Run, port: int) -> str:
    """The inventory of a run: a range of names and nothing per endpoint, which is the smallest that Ansible knows."""
    common = {
        "ansible_connection": _PLUGINS[run.connection],
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_user": auth.USER,
        "ansible_password": auth.PASSWORD,
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": "basic",
        "ansible_winrm_path": "/{{ inventory_hostname }}/wsman",
    }
    variables = [f"{name}={value}" for name, value in common.items()]
    return "\n".join(["[windows]", farm.names(run.hosts), "[windows:vars]", *variables, ""])


def _environment(home: Path, before: str) -> dict[str, str]:
    """What the controller sees: nothing of the user's own Ansible, and no proxy before the loopback address."""
    return {
        "ANSIBLE_ACTION_PLUGINS": str(_PLUGIN_FOLDER / "action"),
        "ANSIBLE_CONFIG": str(home / "ansible.cfg"),
        "ANSIBLE_HOME": str(home / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "MDE_BENCH_PAUSE_BEFORE": before,
        "NO_PROXY": "127.0.0.1",
        "PATH": os.environ["PATH"],
    }


@dataclass(frozen=True)
class Controller:
    """An environment with ansible-playbook in it, and the folder that it takes for the user's home."""

    python: Path
    home: Path = FOLDER

    def run(
        self, lab: FarmProcess, wanted: Run, pause: Callable[[], object] = lambda: None
    ) -> Figures:
        """Run it, compare what the farm holds with what was asked, and say what it took.

        The controller pauses before each batch of a playbook of the collection, and before each task of any other
        work; then pause is called, and what passes meanwhile is in no figure.

        Raises WrongResultError.
        """
        lab.ask("begin", used=wanted.hosts, drifted_each=wanted.drifted)
        command = self._prepare(wanted, lab.ports[wanted.rtt])
        environment = _environment(self.home, "play" if WORKS[wanted.work].playbook else "task")
        before = lab.ask("usage")
        log = self.home / "run.log"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            ) as process,
        ):
            taken = measured(process, pause)
        after = lab.ask("usage")
        check_run(wanted, process.returncode, log.read_text(encoding="utf-8"))
        if WORKS[wanted.work].tasks and not taken.wall:
            raise WrongResultError(f"{wanted}: the controller did not pause, so its start is not told from its work")
        _check_farm(wanted, lab)
        totals = lab.ask("totals", used=wanted.hosts)
        print(f"{wanted!s:60}{taken.wall:8.2f} s  {taken.cpu:8.2f} s CPU", flush=True)
        return Figures(**vars(taken), **totals, farm_cpu=after["cpu"] - before["cpu"])

    def _prepare(self, wanted: Run, port: int) -> list[str]:
        self.home.mkdir(parents=True, exist_ok=True)
        hosts, playbook = self.home / "inventory.ini", self.home / "playbook.yml"
        what = WORKS[wanted.work]
        callbacks = ",".join(["mde_bench_pause", *["mde_bench_cpu"] * what.timed])
        (self.home / "ansible.cfg").write_text(
            f"[defaults]\ncallback_plugins = {_PLUGIN_FOLDER / 'callback'}\ncallbacks_enabled = {callbacks}\n",
            encoding="utf-8",
        )
        hosts.write_text(inventory(wanted, port), encoding="utf-8")
        playbook.write_text(yaml.safe_dump(plays(what, wanted.hosts)), encoding="utf-8")
        command = [str(self.python.parent / "ansible-playbook"), "-i", str(hosts), "-f", str(wanted.forks)]
        return [*command, *what.arguments, str(playbook)]


def measured(process: subprocess.Popen[bytes], pause: Callable[[], object]) -> Taken:
    """Wait for a process; whenever it has stopped itself pause is called, and then it goes on."""
    begun = time.monotonic()
    starts: list[tuple[float, float]] = []
    while True:
        _pid, status, used = os.wait4(process.pid, os.WUNTRACED)
        now = time.monotonic()
        starts.append((now - begun, used.ru_utime + used.ru_stime))
        if not os.WIFSTOPPED(status):
            break
        try:
            pause()
        except BaseException:
            process.kill()
            raise
        begun += time.monotonic() - now
        os.kill(process.pid, signal.SIGCONT)
    process.returncode = os.waitstatus_to_exitcode(status)
    (start_wall, start_cpu), (wall, cpu) = starts[0], starts[-1]
    return Taken(start_wall, start_cpu, wall - start_wall, cpu - start_cpu, used.ru_maxrss / 1024)


def check_run(wanted: Run, code: int, output: str) -> None:
    """Compare exit code and recap with what was asked; raises WrongResultError."""
    what = WORKS[wanted.work]
    if code:
        raise WrongResultError(f"{wanted}: exit code {code}\n{output[-4000:]}")
    if not what.tasks:
        return
    hosts = recap(output)
    expected = {farm.name(number + 1): _drifted(wanted, number) for number in range(wanted.hosts)}
    said = {name: bool(found.changed) for name, found in hosts.items()}
    if what.empty:
        expected = dict.fromkeys(expected, False)
    if said != expected:
        differing = sorted(name for name in {*said, *expected} if said.get(name) != expected.get(name))
        raise WrongResultError(
            f"{wanted}: the recap is wrong about {', '.join(differing[:10])}\n{output[-4000:]}"
        )


def _drifted(wanted: Run, number: int) -> bool:
    return bool(wanted.drifted) and number % wanted.drifted == 0


def _check_farm(wanted: Run, lab: FarmProcess) -> None:
    what = WORKS[wanted.work]
    kind = wanted.work if what.peer else "empty" if what.empty else "audit" if what.audit else "applied"
    wrong = lab.ask("wrong", used=wanted.hosts, kind=kind)["wrong"]
    asked = lab.ask("asked")
    times = wanted.hosts if what.urls else 0
    expected = {"urls": dict.fromkeys(URLS, times) if times else {}, "tunnels": times * len(URLS)}
    if asked != expected:
        raise WrongResultError(f"{wanted}: the URLs that were asked for are {asked}, not {expected}")
    if wrong:
        shown = "\n".join(f"  {name}: {says}" for name, says in list(wrong.items())[:10])
        raise WrongResultError(f"{wanted}: {len(wrong)} endpoints are not as they must be\n{shown}")
