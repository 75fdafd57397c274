# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook run twice over an inventory: the first run has to change something, the second nothing."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECAP = re.compile(
    r"^(?P<host>\S+)\s*:\s+ok=\d+\s+changed=(?P<changed>\d+)\s+unreachable=(?P<unreachable>\d+)\s+failed=(?P<failed>\d+)",
    re.MULTILINE,
)
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class RunFailedError(Exception):
    """A run of a playbook did not do what it was meant to do."""


@dataclass(frozen=True)
class Recap:
    """What the last lines of a run say about one host."""

    changed: int
    unreachable: int
    failed: int


def recap(output: str) -> dict[str, Recap]:
    """Read the recap out of what ansible-playbook printed, by host."""
    return {
        found["host"]: Recap(int(found["changed"]), int(found["unreachable"]), int(found["failed"]))
        for found in RECAP.finditer(ANSI.sub("", output))
    }


def command_of(playbook: str, inventory: Path, *arguments: str) -> list[str]:
    """The command that runs a playbook."""
    return [sys.executable, "-m", "ansible", "playbook", "--inventory", str(inventory), *arguments, playbook]


def environment() -> dict[str, str]:
    """The environment of a run that sees the collection of this checkout, unless the user's says otherwise."""
    return {
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".venv" / "collections"),
        "ANSIBLE_HOME": str(ROOT / ".cache" / "ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "PYTHONUNBUFFERED": "1",
        **os.environ,
    }


def play(playbook: str, inventory: Path, *arguments: str, cwd: Path = ROOT) -> dict[str, Recap]:
    """Run a playbook, pass its output on as it comes, and return its recap.

    Raises RunFailedError when the run ends with another exit code than 0.
    """
    command = command_of(playbook, inventory, *arguments)
    with subprocess.Popen(
        command, cwd=cwd, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        lines = []
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        raise RunFailedError(f"{playbook} ended with exit code {process.returncode}")
    return recap("".join(lines))


def check_first(hosts: dict[str, Recap]) -> None:
    """Every host was configured, and something changed on each."""
    if not hosts:
        raise RunFailedError("the first run reached no host")
    idle = sorted(host for host, found in hosts.items() if not found.changed)
    if idle:
        raise RunFailedError(f"the first run changed nothing on {', '.join(idle)}")


def check_second(first: dict[str, Recap], second: dict[str, Recap]) -> None:
    """The same hosts again, and nothing changed on any."""
    if set(first) != set(second):
        raise RunFailedError("the second run reached other hosts than the first")
    busy = sorted(host for host, found in second.items() if found.changed)
    if busy:
        raise RunFailedError(f"the second run changed something again on {', '.join(busy)}")


def twice(playbook: str, again: str, inventory: Path, *arguments: str, cwd: Path = ROOT) -> None:
    """Run `playbook` and then `again`, and raise RunFailedError unless only the first changes something."""
    first = play(playbook, inventory, *arguments, cwd=cwd)
    check_first(first)
    second = play(again, inventory, *arguments, cwd=cwd)
    check_second(first, second)
    total = sum(found.changed for found in first.values())
    print(f"\n{len(first)} endpoints: {total} changes in the first run, none in the second.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the playbook named on the command line twice; `LAB_INVENTORY` names the inventory."""
    parser = argparse.ArgumentParser(prog="python -m tests.twice", description=main.__doc__)
    parser.add_argument("playbook")
    parser.add_argument("--cwd", type=Path, default=ROOT)
    parser.add_argument("--inventory", type=Path, default=os.environ.get("LAB_INVENTORY"))
    options, rest = parser.parse_known_args(arguments)
    try:
        twice(options.playbook, options.playbook, Path(options.inventory), *rest, cwd=options.cwd)
    except RunFailedError as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
