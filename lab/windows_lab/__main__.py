# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`windows-lab up`: a lab that stays up, or lives as long as a command does; `molecule-init`: a scenario with one."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from windows_lab import scenario
from windows_lab.inventory import CONNECTIONS, SCHEMES, TRANSPORTS
from windows_lab.lab import Lab, LabError
from windows_lab.profiles import Profile, counted

_NAMES_SHOWN = 8


def profile_and_count(text: str) -> tuple[str, int]:
    try:
        return counted(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="windows-lab", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    init = actions.add_parser("molecule-init", help="copy a molecule scenario that raises a lab")
    init.add_argument("project", type=Path, metavar="DIR", help="a role; the scenario is its molecule/default")
    up = actions.add_parser("up", help="raise a lab")
    up.add_argument("--backend", choices=("simulated", "wine"), default="simulated")
    up.add_argument("--endpoints", type=int, metavar="N", help="how many in all (clean beyond the profiles)")
    up.add_argument(
        "--profile", type=profile_and_count, nargs="+", action="extend", default=[], metavar="NAME[:COUNT]"
    )
    up.add_argument("--rtt", type=float, default=0, metavar="MS", help="added to each WinRM request")
    up.add_argument("--inventory", type=Path, metavar="FILE", help="where to write the inventory")
    up.add_argument("--connection", choices=CONNECTIONS, default="winrs")
    up.add_argument("--transport", choices=TRANSPORTS, default="basic", help="authentication over WinRM")
    up.add_argument("--scheme", choices=SCHEMES, default="http", help="how WinRM is spoken")
    up.add_argument("command", nargs="*", metavar="COMMAND", help="behind --: run it, then end the lab")
    return parser


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """What stands before the first `--`, and the command behind it."""
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


@contextlib.contextmanager
def _inventory_path(wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        yield wanted
        return
    with tempfile.TemporaryDirectory(prefix="mde-lab-") as directory:
        yield Path(directory) / "inventory.yml"


def _environment(inventory: Path) -> dict[str, str]:
    environment = dict(os.environ, LAB_INVENTORY=str(inventory.resolve()))
    # A proxy for the world outside must not stand between a client and the lab.
    for name in ("no_proxy", "NO_PROXY"):
        environment[name] = ",".join(filter(None, (environment.get(name), "127.0.0.1")))
    return environment


def _run(command: list[str], inventory: Path) -> int:
    try:
        process = subprocess.Popen(command, env=_environment(inventory))
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    signal.signal(signal.SIGTERM, lambda *_signal: process.terminate())
    while True:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            # The terminal has told the command too: it decides when it ends.
            continue
        return code if code >= 0 else 128 - code


# In a checkout of the collection, and anywhere else.
_DEMO = Path("playbooks/vars/demo.yml")
_EXAMPLE = f".venv/bin/ansible-playbook -i {{}} mde.connectivity.demo -e @{_DEMO} --skip-tags verify"
_PLAIN = "ansible-playbook -i {} PLAYBOOK"


def _stay(lab: Lab, inventory: Path) -> int:
    names = list(lab.endpoints)
    shown = names[:_NAMES_SHOWN] + ["..."] * (len(names) > _NAMES_SHOWN)
    with contextlib.suppress(KeyboardInterrupt):
        print(f"{len(names)} endpoint{'s' if len(names) > 1 else ''} up: {', '.join(shown)}")
        print(f"Inventory: {inventory.resolve()}")
        example = _EXAMPLE if _DEMO.exists() else _PLAIN
        print(f"Aim a playbook at it:\n    {example.format(inventory.resolve())}")
        print("Ctrl-C ends the lab.", flush=True)
        threading.Event().wait()
    inventory.unlink(missing_ok=True)
    print()
    return 0


def _interrupt(*_signal: object) -> None:
    raise KeyboardInterrupt


def main(arguments: list[str] | None = None) -> int:
    """Exit code of the command, or 0 when there was none; 2 when the lab could not be raised."""
    own, command = _split(sys.argv[1:] if arguments is None else arguments)
    parsed = _parser().parse_args(own)
    return _copy_scenario(parsed.project) if parsed.action == "molecule-init" else _up(parsed, command)


def _copy_scenario(project: Path) -> int:
    try:
        target = scenario.copy(project)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    print(f"{target} is a scenario that includes the role {project.resolve().name}: molecule test")
    return 0


def _up(parsed: argparse.Namespace, command: list[str]) -> int:
    profiles: dict[str | Profile, int] = {}
    for name, count in parsed.profile:
        profiles[name] = profiles.get(name, 0) + count
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        lab = Lab(parsed.backend, parsed.endpoints, profiles, rtt_ms=parsed.rtt)
        with lab, _inventory_path(parsed.inventory) as path:
            lab.inventory(path, connection=parsed.connection, transport=parsed.transport, scheme=parsed.scheme)
            return _run(command, path) if command else _stay(lab, path)
    except (LabError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
