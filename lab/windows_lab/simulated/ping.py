# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ping.exe of a simulated endpoint: to its own address only, where cmd.exe is made to wait by it."""

from __future__ import annotations

from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import Process

_SENT_BY_DEFAULT = 4


def main(process: Process) -> int:
    """Run `ping [-n count] 127.0.0.1`: it takes a second between two packets."""
    words = process.argv[1:]
    count = _SENT_BY_DEFAULT
    if len(words) == 3 and words[0].lower() in ("-n", "/n") and words[1].isdigit():
        count, words = int(words[1]), words[2:]
    if words != ["127.0.0.1"]:
        raise NotModelled(f"ping {' '.join(process.argv[1:])}")
    process.machine.wait(count - 1)
    replies = ["Reply from 127.0.0.1: bytes=32 time<1ms TTL=128"] * count
    process.print(
        "", "Pinging 127.0.0.1 with 32 bytes of data:", *replies, "", "Ping statistics for 127.0.0.1:"
    )
    process.print(f"    Packets: Sent = {count}, Received = {count}, Lost = 0 (0% loss),")
    return 0
