# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.bench.floor SETTINGS`: the requests of an audit by pypsrp alone, endpoint after endpoint."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from pypsrp.shell import Process, WinRS
from pypsrp.wsman import WSMan


def main(settings: dict[str, Any]) -> None:
    """Run the lines on each of the hosts; stops once before the first of them."""
    os.kill(os.getpid(), signal.SIGSTOP)
    for host in settings["hosts"]:
        run(host, settings)


def run(host: str, settings: dict[str, Any]) -> None:
    """Run the lines on one host, in one shell."""
    wsman = WSMan(
        "127.0.0.1",
        port=settings["port"],
        ssl=True,
        path=f"{host}/wsman",
        auth="ntlm",
        username=settings["user"],
        password=settings["password"],
        cert_validation=settings["authority"],
        no_proxy=True,
    )
    with wsman, WinRS(wsman) as shell:
        for line in settings["lines"]:
            process = Process(shell, line)
            process.invoke()
            if process.rc is None:
                raise SystemExit(f"{host} did not run {line}")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
