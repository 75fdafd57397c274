# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo`: simulated endpoints, the service and a proxy in this process, and the collection's playbooks on them."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from windows_lab.lab import Lab
from windows_lab.profiles import Profile

from tests.outside import outside
from tests.twice import ROOT, RunFailedError, twice

SETTINGS = ROOT / "playbooks" / "vars" / "demo.yml"
PROFILES: dict[str | Profile, int] = {"clean": 2, "german": 1, "blob28": 1, "hardened": 1}
# One endpoint comes with a proxy that somebody set years ago, so there is something to replace.
FORGOTTEN = 'netsh winhttp set proxy proxy-server="old-proxy.example.com:3128"'
ABOUT = """\
Five simulated Windows endpoints (one German, one without PowerShell, one with a forgotten proxy), a stand-in of the
service, and a proxy that alone knows where it is: all in this process, on 127.0.0.1, and gone at the end.
1. Read their settings, configure them with the playbook mde.connectivity.site, ask from each whether it reaches the
   service, and show what was set before, what is set now, and which proxy wins.
2. The same playbook once more, to show that nothing changes any more.
"""


def main() -> int:
    """Configure the lab twice, verify each time, show per endpoint what was and what is, and what it cost."""
    print(ABOUT, flush=True)
    with tempfile.TemporaryDirectory() as folder, Lab(profiles=PROFILES) as lab, outside(lab) as proxy:
        lab.endpoints["clean-2"].run(FORGOTTEN)
        inventory = lab.inventory(Path(folder) / "inventory.yml")
        settings = ("--extra-vars", f"@{SETTINGS}", "--extra-vars", f"demo_proxy={proxy.address}")
        try:
            twice("mde.connectivity.demo", "mde.connectivity.site", inventory, *settings)
        except RunFailedError as error:
            print(f"\nFAILED: {error}", file=sys.stderr)
            return 1
        requests = sum(lab.account(name).requests for name in lab.endpoints)
        print(f"Both runs together cost {requests} WinRM requests.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
