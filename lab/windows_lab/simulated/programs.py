# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a simulated endpoint has to run: the programs of System32, and tools that a test puts onto it as files."""

from __future__ import annotations

from collections.abc import Callable

from windows_lab.simulated import (
    certutil,
    engines,
    fc,
    find,
    mpcmdrun,
    netsh,
    onboarding,
    ping,
    psexec,
    reg,
    sc,
    schtasks,
    shutdown,
    taskkill,
    verifiers,
    wevtutil,
)
from windows_lab.simulated.machine import Process

Program = Callable[[Process], int]

PROGRAMS: dict[str, Program] = {
    "certutil": certutil.main,
    "cscript": engines.cscript,
    "fc": fc.main,
    "find": find.main,
    "netsh": netsh.main,
    "ping": ping.main,
    "powershell": engines.powershell,
    "reg": reg.main,
    "sc": sc.main,
    "schtasks": schtasks.main,
    "shutdown": shutdown.main,
    "taskkill": taskkill.main,
    "wevtutil": wevtutil.main,
}


def planted(process: Process) -> int:
    """What somebody put there for others to run: it leaves a mark among the writes of the endpoint."""
    process.machine.writes.append(f"planted: {process.argv[0]}")
    process.print("planted")
    return 0


# By the name behind TOOL at the beginning of a file: what runs when cmd.exe starts that file by its path.
TOOLS: dict[str, Program] = {
    "client_analyzer": verifiers.client_analyzer,
    "mpcmdrun": mpcmdrun.main,
    "onboarding": onboarding.main,
    "planted": planted,
    "psexec": psexec.main,
    "sense_snapshot": verifiers.sense_snapshot,
}
TOOL = b"LAB PROGRAM "
