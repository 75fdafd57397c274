# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make lab`: simulated endpoints, the service and a proxy that stay up, and commands to type at them."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from windows_lab.__main__ import profile_and_count
from windows_lab.inventory import document
from windows_lab.lab import Lab, LabError
from windows_lab.profiles import Profile

from tests.outside import outside
from tests.twice import ROOT

SETTINGS = ROOT / "playbooks" / "vars" / "demo.yml"
FOLDER = ROOT / ".cache" / "lab"
# Endpoints on which a change is meant to fail, and why.
ODD = {
    "denied": "its account may read and not write",
    "policy": "a policy gives the sensor a static proxy that is not there",
    "noreg": "a policy forbids reg.exe",
    "stubnetsh": "its netsh says that it is done, and does nothing",
    "flaky": "its connection breaks in the middle of a write",
}


@dataclass(frozen=True)
class Tryout:
    """A lab that is up: where its inventory is, and the commands in the order in which they are typed."""

    lab: Lab
    inventory: Path
    commands: Mapping[str, str]


def settings(proxy: str) -> dict[str, Any]:
    """What the endpoints are to have and to reach, with the proxy of their own lab."""
    wanted: dict[str, Any] = yaml.safe_load(SETTINGS.read_text(encoding="utf-8"))
    return {name: value for name, value in wanted.items() if name != "mde_hosts"} | {"demo_proxy": proxy}


@contextlib.contextmanager
def tryout(profiles: Mapping[str | Profile, int], folder: Path) -> Iterator[Tryout]:
    """Raise endpoints, service and proxy; the inventory and what a rollout leaves lie in the folder."""
    with Lab(profiles=dict(profiles)) as lab, outside(lab) as proxy:
        folder.mkdir(parents=True, exist_ok=True)
        inventory = folder / "inventory.yml"
        inventory.touch(mode=0o600)
        inventory.write_text(yaml.safe_dump(_inventory(lab, proxy.server), sort_keys=False), encoding="utf-8")
        yield Tryout(lab, inventory, _commands(inventory.name, Path("CHG0001")))


def _inventory(lab: Lab, proxy: str) -> dict[str, Any]:
    """Two groups below the group `lab`: `windows`, where all goes well, and `odd`, where it does not."""
    whole = document(lab, "winrs", "basic")["windows"]
    odd = {name for name, variables in whole["hosts"].items() if variables["lab_profile"] in ODD}
    groups = {
        "windows": {"hosts": {name: own for name, own in whole["hosts"].items() if name not in odd}},
        "odd": {"hosts": {name: own for name, own in whole["hosts"].items() if name in odd}},
    }
    return {"lab": {"children": groups, "vars": {**whole["vars"], **settings(proxy)}}}


def _commands(inventory: str, change: Path) -> dict[str, str]:
    """What to type in the folder of the inventory, where a rollout and an audit leave their files."""
    program = Path(sys.executable).with_name("ansible-playbook")
    begin = f"{shlex.quote(str(program))} -i {inventory} mde.connectivity."
    hosts, plan = " -e mde_hosts=windows", f" -e mde_plan={change / 'plan.json'}"
    evidence = f" -e mde_change={change.name} -e mde_evidence={change / 'evidence'}"
    return {
        "plan a change, which changes nothing": f"{begin}plan{hosts}{plan}",
        "what the rollout would do": f"{begin}rollout --check{plan}{evidence}",
        "carry the plan out, batch by batch": f"{begin}rollout{plan}{evidence}",
        "take it back": f"{begin}rollback{plan}{evidence}",
        "configure and verify without a plan": f"{begin}site{hosts}",
        "verify that the service is reached": f"{begin}verify{hosts}",
        "find what has drifted": f"{begin}audit{hosts} --diff",
    }


def _said(tried: Tryout) -> Iterator[str]:
    odd = {name: ODD[e.profile.name] for name, e in tried.lab.endpoints.items() if e.profile.name in ODD}
    well = [name for name in tried.lab.endpoints if name not in odd]
    yield f"Up on 127.0.0.1: a stand-in of the service, a proxy that alone knows where it is, and {len(well)} endpoints"
    yield f"in the group windows: {', '.join(well)}."
    if odd:
        yield "Meant to fail, and so in the group odd:"
        yield from (f"    {name}: {why}" for name, why in odd.items())
        yield "To include them, write mde_hosts=lab (or mde_hosts=odd) in the commands below."
    yield f"Inventory, with settings that work: {tried.inventory}"
    yield "Type in another terminal, in this order:"
    yield f"  cd {shlex.quote(str(tried.inventory.parent))}"
    for purpose, command in tried.commands.items():
        yield f"  # {purpose}"
        yield f"  {command}"
    yield "For a second rollout, take another name than CHG0001. Ctrl-C ends the lab."


def _interrupt(*_signal: object) -> None:
    raise KeyboardInterrupt


def main(arguments: list[str]) -> int:
    """Stay until an interrupt; 2 when the lab could not be raised."""
    parser = argparse.ArgumentParser(prog="python -m tests.tryout", description=__doc__)
    parser.add_argument("profiles", type=profile_and_count, nargs="+", metavar="NAME[:COUNT]")
    parser.add_argument("--folder", type=Path, help="for the inventory and what a rollout leaves")
    parsed = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    if parsed.folder is None:
        # What is left there is about endpoints that are gone.
        shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        with tryout(dict(parsed.profiles), (parsed.folder or FOLDER).resolve()) as tried:
            print("\n".join(_said(tried)), flush=True)
            threading.Event().wait()
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
