# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PsExec.exe as a file on a simulated endpoint: it starts a program as LocalSystem, for administrators only."""

from __future__ import annotations

import ntpath
import subprocess

from windows_lab.simulated.machine import Process, Streams
from windows_lab.simulated.verifiers import words_of

_FLAGS = ("-accepteula", "-nobanner", "-s", "-i", "-h")
_BANNER = ("", "PsExec v2.43 - Execute processes remotely", "Sysinternals - www.sysinternals.com", "")
_EULA = (
    "PsExec License Agreement",
    "This is the first run of this program. You must accept EULA to continue.",
    "Use -accepteula to accept EULA.",
    "",
)
_ACCESS_DENIED = 5
_FILE_NOT_FOUND = 2
_BAD_DIRECTORY = 267


def main(process: Process) -> int:
    """Run `PsExec [-accepteula] [-nobanner] [-s] [-i] [-w DIRECTORY] PROGRAM ARGUMENT...`; gives its exit code.

    The word `blocked` in its file makes it one that the endpoint's rules keep from starting its service.
    """
    flags, directory, words = _options(process.argv[1:])
    if "-nobanner" not in flags:
        process.complain(*_BANNER)
    if "-accepteula" not in flags:
        process.complain(*_EULA)
        return 1
    if not words:
        process.complain("lab: PsExec without a program is not modelled")
        return 50
    host, name = process.machine.name.upper(), ntpath.basename(words[0])
    refusal = _refusal(process, flags, directory, words[0])
    if refusal is not None:
        code, what, why = refusal
        process.complain(f"{what} on {host}:", why, "")
        return code
    inner = Streams([], process.streams.out, process.streams.err)
    code = process.start(subprocess.list2cmdline(words), inner, "-s" in flags)
    process.complain(f"{name} exited on {host} with error code {code}.")
    return code


def _refusal(process: Process, flags: set[str], directory: str, program: str) -> tuple[int, str, str] | None:
    """Exit code, what could not be done, and why; None where nothing stands in the way."""
    if "-s" in flags and not process.machine.profile.elevated:
        return _ACCESS_DENIED, "Couldn't install PSEXESVC service", "Access is denied."
    if "blocked" in words_of(process):
        return _ACCESS_DENIED, "Could not start PSEXESVC service", "Access is denied."
    if directory and not process.machine.files.is_directory(process.path(directory)):
        return _BAD_DIRECTORY, f"PsExec could not start {program}", "The directory name is invalid."
    if process.machine.files.read(process.path(program)) is None:
        return (
            _FILE_NOT_FOUND,
            f"PsExec could not start {program}",
            "The system cannot find the file specified.",
        )
    return None


def _options(argv: list[str]) -> tuple[set[str], str, list[str]]:
    flags: set[str] = set()
    directory, rest = "", list(argv)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0).lower()
        if word == "-w" and rest:
            directory = rest.pop(0)
        elif word in _FLAGS:
            flags.add(word)
        else:
            return flags, directory, []
    return flags, directory, rest
