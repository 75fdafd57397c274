# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever happens to a rollout, its evidence says of each endpoint what it holds, or that nobody knows.

The histories are random and the same every time; MDE_HISTORIES_SEED=NUMBER makes others.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import itertools
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._publish import publish
from windows_lab.lab import Lab
from windows_lab.profiles import PolicyValue, Profile

from tests.integration.play import Started, run_playbook
from tests.integration.rollout.killing import PATIENCE, at_work, children, end_what_is_left, let_arrive
from tests.integration.rollout.rollout_site import Change
from tests.integration.rollout.witness import PLACES, Said, State, Values, Watched, evidence, words
from tests.integration.site import CONNECTIONS, named, sz
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated

SEED = int(os.environ.get("MDE_HISTORIES_SEED", "1"))
KILLS = 50
OWNED = PolicyValue(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named("policy.corp.test:8080"))
PROFILES: dict[str | Profile, int] = {
    "clean": 5,
    "german": 1,
    "denied": 1,
    "blob28": 1,
    Profile("owned", policy=(OWNED,)): 1,
    Profile("owned-at-once", policy=(OWNED,), policy_at_once=True): 1,
}
MINUTES = 15
SPOILT = ("denied-1", "owned-1", "owned-at-once-1")
AT_ONCE = 2
# An interrupt, a polite end, an end that the workers do not hear of, and one of everything at once.
WAYS = {"interrupted": signal.SIGINT, "ended": signal.SIGTERM, "killed": signal.SIGKILL, "cut": signal.SIGKILL}
# How such a run ends: by the signal, or with ansible-playbook's own exit code for an interrupt.
KILLED = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, 99)


class History:
    """One change, and everything that goes wrong with it; what was said before is kept, to see what is new."""

    def __init__(self, lab: Lab, network: Stage, work: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.change = Change(lab, network, work)
        self.change.variables |= {
            "endpoint_proxy_datacollection_proxy": {"server": network.proxy},
            "mde_max_failures": len(lab.endpoints),
            "mde_first_batch_above_one": True,
        }
        self.change.plan()
        bypass = "*.corp.test"
        self.written = (*(named(network.proxy, bypass, header) for header in (0x18, 0x28)), sz(network.proxy))
        self.kills: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self._records: dict[str, bytes] = {}
        self._said: dict[str, Said] = {}
        self._theirs = 0

    def endpoint(self, name: str) -> Watched:
        endpoint = self.change.lab.endpoints[name]
        assert isinstance(endpoint, Watched)
        return endpoint

    def calm(self) -> None:
        """From here on nothing goes wrong."""
        self.change.lab.reset_accounts()
        for name in self.change.lab.endpoints:
            self.change.lab.drop_connection(name, None)
            self.change.connect(name)
            self.endpoint(name).intrude(0, None)

    def disturb(self) -> None:
        """Let something else go wrong, with some of the endpoints."""
        self.calm()
        dice, lab = self.random, self.change.lab
        for name in lab.endpoints:
            if dice.random() < 0.15:
                dead = dice.random() < 0.3
                lab.drop_connection(name, dice.randint(1, 14), after=dice.random() < 0.5, dead=dead)
            if dice.random() < 0.08:
                self.change.distrust(name)
            if dice.random() < 0.08:
                self.endpoint(name).change(self.work_of_others(name))
            if dice.random() < 0.06:
                theirs = functools.partial(self.endpoint(name).change, self.work_of_others(name))
                self.endpoint(name).intrude(dice.randint(1, 4), theirs)
            if dice.random() < 0.2:
                self.endpoint(name).pass_minutes(MINUTES + 1)

    def work_of_others(self, name: str) -> Values:
        """What somebody else puts on an endpoint: something new, or what it was in the beginning."""
        self._theirs += 1
        theirs = f"theirs-{self._theirs}.corp.test:80"
        choices: list[Values] = [
            {0: ("REG_BINARY", named(theirs))},
            {1: None},
            {2: ("REG_SZ", sz(theirs))},
            dict(enumerate(self.endpoint(name).past[0].state)),
        ]
        return self.random.choice(choices)

    def start(self) -> Started:
        """A rollout, or a rollback, with what may be asked of it."""
        dice = self.random
        forks = ("--forks", str(dice.randint(3, 8)))
        if self._records and dice.random() < 0.35:
            return self.change.start("rollback", *forks, mde_force=dice.random() < 0.6)
        batches = dice.choice(([100], [1, "30%", "100%"]))
        minutes = dice.choice((0, 0, MINUTES))
        replan = dice.random() < 0.6
        return self.change.start(
            "rollout", *forks, mde_batches=batches, mde_confirm_within=minutes, mde_replan=replan
        )

    def live(self, kills: int) -> Iterator[None]:
        """Run after run, until so many were killed; whoever calls may do something else meanwhile."""
        while self.kills.total() < kills:
            yield from self.go_on()

    def begin(self) -> float:
        """When a run begins; what was written until then, by the switch or by others, is none of its work."""
        self._writes = {name: len(self.endpoint(name).writes) for name in self.change.lab.endpoints}
        return time.time()

    def go_on(self) -> Iterator[None]:
        """One run, which may be killed, and what is said after it."""
        self.disturb()
        dice, lab = self.random, self.change.lab
        requests, later, how = dice.randint(1, 60), dice.random() * 0.02, dice.choice(list(WAYS))
        began = self.begin()
        run = self.start()
        while not run.ended(0.002) and sum(lab.account(name).requests for name in lab.endpoints) < requests:
            yield
        twice = False
        if not run.ended(later):
            yield from kill(run, how)
            twice = yield from once_more(run, how)
        ended = run.wait().rc
        if twice:
            end_what_is_left(self.change.work)
        until = time.monotonic() + PATIENCE
        while at_work(self.change.work):
            assert time.monotonic() < until
            time.sleep(0.01)
            yield
        let_arrive(lab)
        print(f"{how} at request {requests}: {ended}")
        if ended in KILLED:
            self.kills[how] += 1
            self.render()
        self.check(began)

    def end(self) -> None:
        """Nothing goes wrong any more: the change can be carried out, and all of it can be taken back."""
        last: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("rollout", "ok", {"mde_batches": [100], "mde_replan": True}),
            ("rollback", "rolled_back", {"mde_force": True}),
        )
        for playbook, verdict, variables in last:
            self.calm()
            began = self.begin()
            self.change.play(playbook, **variables)
            self.check(began)
            assert {ended for name, ended in self.change.verdicts().items() if name not in SPOILT} == {verdict}
        assert not any(self.ours(self.endpoint(name).state) for name in self.change.lab.endpoints)

    def render(self) -> None:
        """Make the evidence of a run that can't any more."""
        if not (self.change.evidence / "hosts").is_dir():
            return
        if self.random.random() < 0.1:
            empty = self.change.work / "empty.yml"
            empty.write_text("{}", encoding="utf-8")
            arguments = ("-e", f"mde_evidence={self.change.evidence}")
            run = run_playbook("mde.connectivity.evidence", empty, self.change.work, arguments)
            assert run.rc == 0, run.output
        else:
            publish(self.change.evidence)

    def check(self, began: float) -> None:
        """Compare what is said of every endpoint with what it holds, and held when it was seen."""
        hosts = self.change.evidence / "hosts"
        said = evidence(self.change.evidence) if hosts.is_dir() else {}
        assert not hosts.is_dir() or said.keys() == self.change.verdicts().keys(), self.change.evidence
        for name in self.change.lab.endpoints:
            if name not in said:
                assert not self.endpoint(name).writes, f"{name} was written, and there is no record of it"
                continue
            record = (hosts / f"{name}.json").read_bytes()
            if record == self._records.get(name):
                assert said[name] == self._said[name], name
                continue
            self.told[said[name].verdict] += 1
            self.judge(name, said[name], json.loads(record), began)
            self._records[name], self._said[name] = record, said[name]

    def judge(self, name: str, said: Said, record: dict[str, Any], began: float) -> None:
        """Compare what is new about an endpoint with what it held."""
        past = [f"{held.since}: {words(held.state)} {held.theirs}" for held in self.endpoint(name).past[-8:]]
        about = "\n".join((f"seed {SEED}: {name}: {said}", json.dumps(record["history"], indent=1), *past))
        if said.now:
            seen = moment(record["observed_at"])
            held = self.endpoint(name).settled(max(seen, began), seen + 1)
            again = seen + 1 <= began and (said.now, said.proxy) == (self._said[name].now, self._said[name].proxy)
            assert again or (said.now, said.proxy) in map(words, held), about
        else:
            assert said.proxy == ("unknown", "unknown"), about
        if said.verdict == "ok":
            assert said.now, about
            assert self.planned(said), about
        if said.verdict in ("failed", "rolled_back"):
            # Somebody else may have come between that and the last look.
            during = self.endpoint(name).settled(began, moment(record["finished"]) + 1)
            assert said.changed or any(not self.ours(state) for state in during), about
            assert said.verdict == "failed" or any(as_before(state, record) for state in during), about
        # The key in which the switch tries what it would import is no setting.
        since = self.endpoint(name).writes[self._writes[name] :]
        written = any("mde.connectivity.undo" not in write for write in since)
        assert not written or "nothing was written" not in record["reason"], about
        assert not any(bytes.fromhex(entry.get("data", "")) in self.written for entry in record["snapshot"]), about

    def planned(self, said: Said) -> bool:
        """Whether it is said that an endpoint holds what was planned."""
        proxy = self.change.network_proxy()
        shown = [text for _name, text in said.now]
        return (shown, said.proxy) == ([proxy, proxy, proxy, f"static {proxy}"], ("static", proxy))

    def ours(self, state: State) -> bool:
        """Whether anything is there that the rollout wrote."""
        return any(value and value[1] in self.written for value in state[:3])


def as_before(state: State, record: dict[str, Any]) -> bool:
    """Whether a state has everything that a record keeps from before the write."""
    kept = {
        (entry["key"], entry["name"], entry["view"]): None
        if entry["absent"]
        else (entry["type"], bytes.fromhex(entry["data"]))
        for entry in record["snapshot"]
    }
    return all(kept.get(place, value) == value for place, value in zip(PLACES, state, strict=True))


def moment(text: str) -> float:
    return datetime.datetime.fromisoformat(text).timestamp()


def kill(run: Started, how: str) -> Iterator[None]:
    """End a run; one that comes to its end meanwhile is left alone."""
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        # Stopped first, the run starts no more workers while they are looked up.
        os.kill(run.pid, signal.SIGSTOP)
        while Path(f"/proc/{run.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "T":
            if run.ended(0):
                return
            yield
        workers = children(run.pid)
        for each in workers if how == "cut" else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        os.kill(run.pid, WAYS[how])
        os.kill(run.pid, signal.SIGCONT)


def once_more(run: Started, how: str) -> Generator[None, None, bool]:
    """Interrupt again, as the guide says: ansible-core 2.19 may wait for ever for a lock that a worker died with.

    Returns whether it had to.
    """
    until = time.monotonic() + PATIENCE / 2
    while not run.ended(0.002):
        if time.monotonic() > until:
            print(f"{how}, and did not end")
            with contextlib.suppress(ProcessLookupError):
                os.kill(run.pid, WAYS[how])
            return True
        yield
    return False


def test_whatever_happens_the_evidence_says_what_is_there_or_that_nobody_knows(network: Stage, tmp_path: Path) -> None:
    print(f"MDE_HISTORIES_SEED={SEED}")
    with contextlib.ExitStack() as stack:
        histories = []
        for number in range(AT_ONCE):
            work = tmp_path / str(number)
            work.mkdir()
            lab = stack.enter_context(Lab(backend=Watched, profiles=PROFILES))
            histories.append(History(lab, network, work, SEED + number))
        for _turn in itertools.zip_longest(*(history.live(KILLS // AT_ONCE) for history in histories)):
            pass
        for history in histories:
            print(history.kills, history.told)
            assert history.kills.keys() == WAYS.keys()
            assert history.told.keys() == {"ok", "failed", "rolled_back", "unverified", "open"}
            history.end()
