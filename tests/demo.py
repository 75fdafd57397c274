# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo`: simulated endpoints, the service and a proxy in this process, and the collection's playbooks on them."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from windows_lab.lab import Lab
from windows_lab.profiles import Profile

from tests.outside import outside
from tests.twice import ROOT, RunFailedError, command_of, environment

SETTINGS = ROOT / "playbooks" / "vars" / "demo.yml"
PROFILES: dict[str | Profile, int] = {"clean": 2, "german": 1, "blob28": 1, "hardened": 1}
# One endpoint comes with a proxy that somebody set years ago, so there is something to replace.
FORGOTTEN = 'netsh winhttp set proxy proxy-server="old-proxy.example.com:3128"'
ABOUT = """\
Five simulated Windows endpoints (one German, one without PowerShell, one with a forgotten proxy), a stand-in of the
service, and a proxy that alone knows where it is: all in this process, on 127.0.0.1, and gone at the end.
1. Configure them with the playbook mde.connectivity.site, ask from each whether it reaches the service, and show what
   was set before, what is set now, and which proxy wins.
2. The same playbook once more, to show that nothing changes any more.
It takes about half a minute. The output is that of the callback mde.connectivity.condensed.
"""
_ENDED = re.compile(r"Ansible worked on (.*)\.$", re.MULTILINE)


def run(inventory: Path, log: Path, *arguments: str) -> str:
    """Run the playbook site with its output where this process has its own; return how Ansible counted the hosts.

    Raises RunFailedError when the run ends with another exit code than 0.
    """
    told = {"ANSIBLE_STDOUT_CALLBACK": "mde.connectivity.condensed", "ANSIBLE_LOG_PATH": str(log)}
    command = command_of("mde.connectivity.site", inventory, *arguments)
    code = subprocess.run(command, cwd=ROOT, env=environment() | told, stdin=subprocess.DEVNULL, check=False).returncode
    if code:
        raise RunFailedError(f"mde.connectivity.site ended with exit code {code}")
    return "".join(_ENDED.findall(log.read_text(encoding="utf-8")))


def check(first: str, second: str, hosts: int) -> None:
    """The first run changed every host, the second none; raises RunFailedError."""
    wanted = (f"{hosts} hosts, {hosts} changed", f"{hosts} hosts")
    for name, counted, meant in zip(("first", "second"), (first, second), wanted, strict=True):
        if counted != meant:
            raise RunFailedError(f"the {name} run was to end with {meant!r}, and ended with {counted!r}")


def main() -> int:
    """Configure the lab twice, verify each time, and show per endpoint what was and what is."""
    print(ABOUT, flush=True)
    with tempfile.TemporaryDirectory() as folder, Lab(profiles=PROFILES) as lab, outside(lab) as proxy:
        lab.endpoints["clean-2"].run(FORGOTTEN)
        work = Path(folder)
        inventory = lab.inventory(work / "inventory.yml")
        settings = ("--extra-vars", f"@{SETTINGS}", "--extra-vars", f"demo_proxy={proxy.server}")
        try:
            first = run(inventory, work / "first.log", *settings)
            print("\nOnce more:", flush=True)
            second = run(inventory, work / "second.log", *settings)
            check(first, second, len(lab.endpoints))
        except RunFailedError as error:
            print(f"\nFAILED: {error}", file=sys.stderr)
            return 1
        requests = sum(lab.account(name).requests for name in lab.endpoints)
        print(f"\nThe second run changed nothing. Both together cost {requests} WinRM requests.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
