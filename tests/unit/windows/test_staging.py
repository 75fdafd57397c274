# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files made of standard input: no text, and no byte order mark before it, changes what arrives."""

from __future__ import annotations

import codecs

from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._staging import absent_from, staged
from hypothesis import given
from hypothesis import strategies as st
from windows_lab.host import Host
from windows_lab.profiles import PROFILES
from windows_lab.simulated.endpoint import SimulatedEndpoint

FILE = r"C:\Tools\staged"
LINE = st.from_regex(r"\A[ -~]{0,40}\Z") | st.sampled_from(["line0", "line1", "xline2 ", "LINE0"])
LINES = st.lists(LINE, min_size=1)


@given(LINES)
def test_every_text_arrives_through_a_powershell_and_without_one(lines: list[str]) -> None:
    text = "".join(f"{line}\r\n" for line in lines)
    command = staged(FILE, text)
    host = Host(SimulatedEndpoint("w1", PROFILES["clean"]))
    assert isinstance(host.backend, SimulatedEndpoint)
    script = f"& cmd.exe /d /s /c '{command.text}'; exit $LASTEXITCODE"
    for run, sent in ((host.command, command.text), (host.script, f"$input | {script}")):
        run(sent, command.stdin.encode())
        assert host.backend.files.read(FILE) == text.encode()


def test_the_launcher_of_the_lab_puts_the_mark_in() -> None:
    host = Host(SimulatedEndpoint("w1", PROFILES["clean"]))
    assert isinstance(host.backend, SimulatedEndpoint)
    host.script(f"$input | & cmd.exe /d /s /c 'find /v \"\" >{FILE}'; exit $LASTEXITCODE", b"x\n")
    assert host.backend.files.read(FILE) == codecs.BOM_UTF8 + b"x\r\n"


@given(st.text())
def test_the_word_of_a_text_is_not_in_it_and_always_the_same(text: str) -> None:
    assert absent_from(text) not in text
    assert absent_from(text) == absent_from(text)
    assert absent_from("line0 line2") == "line1"
