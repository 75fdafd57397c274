# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two script engines of a simulated endpoint, cscript.exe and powershell.exe: they know one script each."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import Process

# Where Ansible looks for collections, and a Python that has one on its path.
_FOLDERS = (
    *sys.path,
    *os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":"),
    "~/.ansible/collections",
    "/usr/share/ansible/collections",
)
_PROBE = Path("ansible_collections", "mde", "connectivity", "plugins", "plugin_utils", "_probe")
_REQUEST = "request:"
_NOT_MODELLED = 50
# PowerShell's exit code (-196608) for a script that is not there.
_NO_SCRIPT = 0xFFFD0000
_LOGO = (
    "Microsoft (R) Windows Script Host Version 5.812",
    "Copyright (C) Microsoft Corporation. All rights reserved.",
    "",
)
_DISABLED = (
    "CScript Error: Windows Script Host access is disabled on this machine. "
    "Contact your administrator for details."
)
_RUNS_SCRIPTS = ("remotesigned", "unrestricted", "bypass")


def cscript(process: Process) -> int:
    """Run `cscript [//nologo] FILE ARGUMENT...`; gives its exit code."""
    words = process.argv[1:]
    options = [word.lower() for word in words if word.startswith("//")]
    names = [word for word in words if not word.startswith("//")]
    if set(options) - {"//nologo"} or not names:
        raise NotModelled(f"cscript {' '.join(words)}")
    if not options:
        process.print(*_LOGO)
    if not process.machine.profile.script_host:
        process.complain(_DISABLED)
        return 1
    script = process.machine.files.read(process.path(names[0]))
    if script is None:
        process.complain(f'Input Error: Can not find script file "{process.path(names[0])}".')
        return 1
    return _run(process, "wsh", "probe.js", names, script)


def powershell(process: Process) -> int:
    """Run `powershell [-NoProfile] [-NonInteractive] [-ExecutionPolicy POLICY] -File FILE ARGUMENT...`."""
    words = iter(process.argv[1:])
    policy = "restricted"
    for word in words:
        if word.lower() == "-executionpolicy":
            policy = next(words, "").lower()
        elif word.lower() == "-file":
            return _powershell_file(process, policy, list(words))
        elif word.lower() not in ("-noprofile", "-noninteractive"):
            break
    raise NotModelled("powershell with anything but -File")


def _powershell_file(process: Process, policy: str, names: list[str]) -> int:
    script = process.machine.files.read(process.path(names[0])) if names else None
    if script is None:
        process.complain(f"The argument '{' '.join(names[:1])}' to the -File parameter does not exist.")
        return _NO_SCRIPT
    if policy not in _RUNS_SCRIPTS:
        path = process.path(names[0])
        process.complain(f"File {path} cannot be loaded because running scripts is disabled on this system.")
        return 1
    return _run(process, "powershell", "probe.ps1", names, script)


def _forms(program: bytes) -> tuple[bytes, bytes]:
    """A program as it stands in the collection, and as that sends it: without indentation and comments."""
    lines = program.splitlines()
    kept = [line.strip() for line in lines if line.strip() and not line.strip().startswith((b"#", b"//"))]
    whole, sent = (b"".join(line + b"\r\n" for line in each) for each in (lines, kept))
    return whole, sent


def _run(process: Process, engine: str, shipped: str, names: list[str], script: bytes) -> int:
    found = [path for folder in _FOLDERS if (path := Path(folder).expanduser() / _PROBE / shipped).is_file()]
    programs = [form for path in found for form in _forms(path.read_bytes())]
    # The connection psrp of ansible-core 2.18 ends what it pipes with one more line end.
    if not {script, script.removesuffix(b"\r\n")}.intersection(programs):
        process.complain(
            f"lab: {names[0]} is not the collection's {shipped}, and the lab runs no other script"
        )
        return _NOT_MODELLED
    text = process.machine.text(process.path(names[1])) if len(names) == 2 else None
    lines = itertools.takewhile(lambda line: line.startswith(_REQUEST), (text or "").splitlines())
    request = "".join(line.removeprefix(_REQUEST) for line in lines)
    if not request:
        process.complain(f"lab: {shipped} takes one file, whose first lines are a request")
        return _NOT_MODELLED
    # It does real I/O, and most endpoints never run it.
    from windows_lab.simulated import probe

    process.print(probe.answer(process.machine, request, engine, process.system))
    return 0
