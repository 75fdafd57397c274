# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of ansible-playbook against the farm: what it took, and whether it did what it was asked."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from windows_lab import auth

from tests.bench import farm
from tests.bench.work import WORKS, Start, plays
from tests.twice import ROOT, recap

Connection = Literal["winrs", "winrm", "line"]
SignIn = Literal["basic", "ntlm", "kerberos"]
_PLUGINS: dict[Connection, str] = {
    "winrs": "mde.connectivity.winrs",
    "winrm": "ansible.builtin.winrm",
    "line": "mde_bench_line",
}
FOLDER = ROOT / ".cache" / "bench"
TASKS_CPU = FOLDER / "cpu.json"
# The host of a playbook that reaches no endpoint.
_CONTROLLER = "localhost"
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
    sign_in: SignIn = "ntlm"
    # Of an otherwise converged fleet every n-th endpoint is drifted.
    drifted_each: int = 0

    def __str__(self) -> str:
        what = f"{self.work} {self.connection} {self.sign_in} {self.start}"
        return f"{what} {self.rtt:g} ms {self.hosts} hosts {self.forks} forks"

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
    # Of the last process alone, which is the one that makes evidence where a run is a rollout.
    last_memory: float


@dataclass(frozen=True)
class Realm:
    """Where tickets come from: the account, and what the environment needs to find the KDC and the keys."""

    user: str
    environment: Mapping[str, str]


class FarmProcess:
    """A context manager: the farm, in a process of its own; with a realm it takes tickets too.

    Where it is `apart`, it has half of the cores until its end, and all that this process starts has the others.
    """

    def __init__(
        self,
        count: int,
        rtts: tuple[float, ...],
        realm: Realm | None = None,
        python: str = sys.executable,
        *,
        apart: bool = False,
    ) -> None:
        self._command = [python, "-m", "tests.bench.farm", str(count), *map(str, rtts)]
        self.count = count
        self.realm = realm
        self._cores = os.sched_getaffinity(0)
        half = len(self._cores) // 2
        self._own = set(sorted(self._cores)[:half]) if apart and half else self._cores
        self.ports: dict[float, dict[str, int]] = {}
        # The file of the authority that signed the certificate of the ports for HTTPS.
        self.authority = ""

    def __enter__(self) -> FarmProcess:
        more = self.realm.environment if self.realm else {}
        os.sched_setaffinity(0, self._own)
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env={**os.environ, **more},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        os.sched_setaffinity(0, self._cores - self._own or self._cores)
        answer = self._answer()
        self.ports = {float(rtt): ports for rtt, ports in answer["ports"].items()}
        self.authority = answer["authority"]
        return self

    def __exit__(self, *_exc: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        os.sched_setaffinity(0, self._cores)
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


def inventory(run: Run, lab: FarmProcess) -> str:
    """The inventory of a run: a range of names and nothing per endpoint, which is the smallest that Ansible knows."""
    scheme = scheme_of(run)
    common = {
        "ansible_connection": _PLUGINS[run.connection],
        "ansible_host": "127.0.0.1",
        "ansible_port": lab.ports[run.rtt][scheme],
        "ansible_user": auth.USER,
        "ansible_password": auth.PASSWORD,
        "ansible_winrm_scheme": scheme,
        "ansible_winrm_transport": run.sign_in,
        "ansible_winrm_path": "/{{ inventory_hostname }}/wsman",
    }
    if scheme == "https":
        common["ansible_winrm_server_cert_validation"] = "validate"
        common["ansible_winrm_ca_trust_path"] = lab.authority
    if run.sign_in == "kerberos":
        assert lab.realm is not None
        common["ansible_user"] = lab.realm.user
        common["ansible_winrm_kerberos_hostname_override"] = "localhost"
        common["ansible_winrm_kinit_env_vars"] = "KRB5_CONFIG,PATH"
    variables = [f"{name}={value}" for name, value in common.items()]
    return "\n".join(["[windows]", farm.names(run.hosts), "[windows:vars]", *variables, ""])


def scheme_of(run: Run) -> str:
    """Which port of the farm a run needs: Basic is measured over HTTP, everything else over HTTPS."""
    if run.connection == "line":
        return "line"
    return "http" if run.sign_in == "basic" else "https"


def _environment(home: Path, before: str, realm: Realm | None) -> dict[str, str]:
    """What the controller sees: nothing of the user's own Ansible, and no proxy before the loopback address."""
    return {
        "ANSIBLE_ACTION_PLUGINS": str(_PLUGIN_FOLDER / "action"),
        "ANSIBLE_CONNECTION_PLUGINS": str(_PLUGIN_FOLDER / "connection"),
        "ANSIBLE_CONFIG": str(home / "ansible.cfg"),
        "ANSIBLE_HOME": str(home / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "MDE_BENCH_PAUSE_BEFORE": before,
        "NO_PROXY": "127.0.0.1",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        **(realm.environment if realm else {}),
    }


@dataclass(frozen=True)
class Controller:
    """An environment with ansible-playbook in it, and the folder that it takes for the user's home."""

    python: Path
    home: Path = FOLDER

    def run(
        self, lab: FarmProcess, wanted: Run, pause: Callable[[], object] = lambda: None
    ) -> Figures:
        """Run it, compare what the farm holds with what was asked, and say what it took, all steps together.

        The controller pauses before each batch of a playbook of the collection, and before each task of any other
        work; then pause is called, and what passes meanwhile is in no figure.

        Raises WrongResultError.
        """
        what = WORKS[wanted.work]
        lab.ask("begin", used=wanted.hosts, drifted_each=wanted.drifted)
        commands = self._prepare(wanted, lab)
        before = lab.ask("usage")
        steps = [self._step(wanted, command, lab.realm, pause) for command in commands]
        taken = together(steps)
        after = lab.ask("usage")
        if what.tasks and not taken.wall:
            raise WrongResultError(f"{wanted}: the controller did not pause, so its start is not told from its work")
        _check_farm(wanted, lab)
        if wanted.work == "audit":
            (FOLDER / "lines.json").write_text(json.dumps(lab.ask("commands")["commands"]), encoding="utf-8")
        totals = lab.ask("totals", used=wanted.hosts)
        print(f"{wanted!s:60}{taken.wall:8.2f} s  {taken.cpu:8.2f} s CPU", flush=True)
        farm_cpu = after["cpu"] - before["cpu"]
        return Figures(**vars(taken), **totals, farm_cpu=farm_cpu, last_memory=steps[-1].memory)

    def _step(
        self, wanted: Run, command: list[str], realm: Realm | None, pause: Callable[[], object]
    ) -> Taken:
        """One process of a run."""
        environment = _environment(self.home, "play" if WORKS[wanted.work].playbooks else "task", realm)
        log = self.home / "run.log"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                command,
                cwd=self._work,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            ) as process,
        ):
            taken = measured(process, pause)
        check_run(wanted, process.returncode, log.read_text(encoding="utf-8"))
        return taken

    @property
    def _work(self) -> Path:
        """The current directory of a run, where it leaves its evidence."""
        return self.home / "work"

    def _prepare(self, wanted: Run, lab: FarmProcess) -> list[list[str]]:
        """The command lines of a run, with the files that they read."""
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir(parents=True)
        hosts, what = self.home / "inventory.ini", WORKS[wanted.work]
        if what.program:
            return [[str(self.python), "-m", what.program, self._asked(wanted, lab)]]
        callbacks = ",".join(["mde_bench_pause", *["mde_bench_cpu"] * what.timed])
        (self.home / "ansible.cfg").write_text(
            f"[defaults]\ncallback_plugins = {_PLUGIN_FOLDER / 'callback'}\ncallbacks_enabled = {callbacks}\n",
            encoding="utf-8",
        )
        hosts.write_text(inventory(wanted, lab), encoding="utf-8")
        command = [str(self.python.parent / "ansible-playbook"), "-i", str(hosts), "-f", str(wanted.forks)]
        commands = []
        for number, content in enumerate(plays(what, wanted.hosts), 1):
            playbook = self.home / f"playbook-{number}.yml"
            playbook.write_text(yaml.safe_dump(content), encoding="utf-8")
            commands.append([*command, *what.arguments, str(playbook)])
        return commands

    @staticmethod
    def _asked(wanted: Run, lab: FarmProcess) -> str:
        """What a program that is no run of Ansible is told, as JSON: the lines are those of the last audit."""
        content = {
            "port": lab.ports[wanted.rtt][scheme_of(wanted)],
            "authority": lab.authority,
            "user": auth.USER,
            "password": auth.PASSWORD,
            "hosts": [farm.name(number) for number in range(1, wanted.hosts + 1)],
            "lines": json.loads((FOLDER / "lines.json").read_text(encoding="utf-8")),
        }
        return json.dumps(content)


def together(taken: Sequence[Taken]) -> Taken:
    """What several processes took, one after the other."""
    sums = {
        name: sum(getattr(one, name) for one in taken) for name in ("start_wall", "start_cpu", "wall", "cpu")
    }
    return Taken(**sums, memory=max(one.memory for one in taken))


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
    hosts = recap(output)
    if not what.tasks or list(hosts) == [_CONTROLLER]:
        return
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
    expected = dict.fromkeys(what.urls, wanted.hosts)
    if asked != expected:
        raise WrongResultError(f"{wanted}: the URLs that were asked for are {asked}, not {expected}")
    if wrong:
        shown = "\n".join(f"  {name}: {says}" for name, says in list(wrong.items())[:10])
        raise WrongResultError(f"{wanted}: {len(wrong)} endpoints are not as they must be\n{shown}")
