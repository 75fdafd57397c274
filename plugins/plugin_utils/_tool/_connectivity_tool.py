# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inquiry that runs one of Microsoft's verifiers on an endpoint and reads its report."""

from __future__ import annotations

import base64
import binascii
import contextlib
import ntpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleError

from .._inquiry import Inquiry
from .._resources._resource import InvalidOption
from .._windows._endpoint import Command, Completed, Endpoint, EndpointError, quoted
from ._analyzer import read_blocks, read_cloud_connection, read_proxy
from ._psexec import PsExec
from ._rows import Row, Unreadable, summary
from ._snapshot import read_snapshot

# Colon and slash stand in no name; the rest cmd.exe or taskkill would read as something else.
_PATH = re.compile(r'[A-Za-z]:\\[^"%!*?<>|:/\x00-\x1f\x7f-\U0010ffff]*')
_PROGRAM = re.compile(r"[A-Za-z0-9_.-]+\.exe", re.IGNORECASE)
# Room for the names below a directory within the 259 characters of a path.
_PATH_LIMIT = 200
# Below the directory: today's program, the two that the analyzer uses on Windows with the Microsoft Monitoring Agent,
# the second of which comes with that agent.
_PROGRAMS = {
    "client_analyzer": "Tools\\MDEClientAnalyzer.exe",
    "client_analyzer_previous": "Tools\\MDEClientAnalyzerPreviousVersion.exe",
    "test_cloud_connection": "TestCloudConnection.exe",
}
_TIMEOUT_LIMIT = 3600
_ARCHIVE_LIMIT = 8 * 1024 * 1024


@dataclass(frozen=True)
class Report:
    """What a verifier found; proxy is None where it does not say which one it used."""

    rows: tuple[Row, ...] = ()
    proxy: dict[str, str] | None = None
    exit_code: int | None = None


class ConnectivityTool(Inquiry):
    """What a verifier of Microsoft's says about the service URLs, run as LocalSystem."""

    name = "connectivity_tool"

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        if not options["accept_eula"]:
            raise InvalidOption(
                "accept_eula",
                "PsExec and the verifier run only under Microsoft's licence terms; read them, and set this option to "
                "true to accept them.",
            )
        if not 1 <= options["timeout"] <= _TIMEOUT_LIMIT:
            raise InvalidOption("timeout", f"It must be between 1 and {_TIMEOUT_LIMIT} seconds.")
        directory = _checked("directory", options["directory"]).rstrip("\\")
        psexec = _checked("psexec", options["psexec"])
        if not _PROGRAM.fullmatch(psexec.rpartition("\\")[2]):
            raise InvalidOption("psexec", r"It must be the path of a program, such as C:\Tools\PsExec.exe.")
        self._archive = f"{directory}\\Snapshot.zip"
        self._encoded = f"{self._archive}.mde.connectivity"
        self._psexec = (
            PsExec(
                psexec,
                f"{directory}\\SenseSnapshot.exe",
                "-i",
                options["timeout"],
                (self._archive, self._encoded),
            )
            if options["tool"] == "sense_snapshot"
            else _printing(psexec, ntpath.join(directory, _PROGRAMS[options["tool"]]), options["timeout"])
        )

    def check(self, endpoint: Endpoint) -> dict[str, Any]:
        """What would be run; nothing is, since even a look would leave a mark for a moment."""
        shown = self._shown(Report())
        return {**shown, "ran": False, "summary": {**shown["summary"], "reachable": None}}

    def ask(self, endpoint: Endpoint) -> dict[str, Any]:
        marked, found = self._psexec.prepare(endpoint)
        try:
            self._psexec.check(marked, found)
            ended, made = self._psexec.run(endpoint)
            report = self._snapshot(endpoint, ended, made[0]) if made else self._analyzed(ended)
        except Exception:
            # What went wrong is the answer, and not that it can't be cleaned up after it.
            with contextlib.suppress(AnsibleError, EndpointError):
                self._psexec.clean(endpoint)
            raise
        self._psexec.clean(endpoint)
        return {**self._shown(report), "ran": True}

    def _shown(self, report: Report) -> dict[str, Any]:
        rows = [row.report(self.options["regions"] or ()) for row in report.rows]
        return {
            "tool": self.options["tool"],
            "command": str(self._psexec.command),
            "exit_code": report.exit_code,
            "proxy": report.proxy,
            "rows": rows,
            "summary": summary(rows),
        }

    def _analyzed(self, ended: Completed) -> Report:
        read = read_cloud_connection if self.options["tool"] == "test_cloud_connection" else read_blocks
        rows = read(ended.stdout)
        if not rows:
            raise self._psexec.failure(ended, "printed no URL that it tested")
        return Report(rows, read_proxy(ended.stdout), ended.rc)

    def _snapshot(self, endpoint: Endpoint, ended: Completed, size: int | None) -> Report:
        if size is None:
            raise self._psexec.failure(ended, "wrote no Snapshot.zip")
        if size > _ARCHIVE_LIMIT:
            raise Unreadable(
                f"Snapshot.zip has {size} bytes and is not fetched, since no more than {_ARCHIVE_LIMIT} are expected."
            )
        encode, fetched = endpoint.run(
            [
                Command(f"certutil -f -encode {quoted(self._archive)} {quoted(self._encoded)}"),
                Command(f"type {quoted(self._encoded)}"),
            ]
        )
        if encode.rc or fetched.rc:
            raise Unreadable(
                f"Snapshot.zip can't be fetched: certutil ended with exit code {encode.rc}, type with {fetched.rc}."
            )
        return Report(read_snapshot(_decoded(fetched.stdout)), None, ended.rc)


def _printing(psexec: str, program: str, timeout: int) -> PsExec:
    """One run of a program that prints what it finds, in its own directory."""
    return PsExec(psexec, program, f"-w {quoted(ntpath.dirname(program))}", timeout)


def _checked(option: str, path: str) -> str:
    if not _PATH.fullmatch(path) or len(path) > _PATH_LIMIT:
        raise InvalidOption(
            option,
            rf"It must be an absolute path on a drive of the endpoint, such as C:\Tools, of at most {_PATH_LIMIT} "
            'printable ASCII characters, without any of " % ! * ? < > | and /.',
        )
    return path


def _decoded(text: str) -> bytes:
    """The bytes behind what certutil -encode writes: base64 between two lines of dashes."""
    body, end, _rest = text.partition("-----BEGIN CERTIFICATE-----")[2].partition("-----END CERTIFICATE-----")
    try:
        archive = base64.b64decode("".join(body.split()) if end else "?", validate=True)
    except binascii.Error:
        raise Unreadable("Snapshot.zip did not arrive whole from the endpoint.") from None
    if len(archive) > _ARCHIVE_LIMIT:
        raise Unreadable(
            f"Snapshot.zip arrived with {len(archive)} bytes, and no more than {_ARCHIVE_LIMIT} are expected."
        )
    return archive
