# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft's verifiers as files on a simulated endpoint: what they find is what its network really gives.

The first line of such a file is `LAB PROGRAM name word...`; the words choose how it reports. What follows the first
line is, if there is anything, the report as it is.
"""

from __future__ import annotations

import contextlib
import io
import ntpath
import socket
import threading
import zipfile
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from windows_lab.simulated.machine import Process

URLS = (
    "https://winatp-gw-cus.microsoft.com/test",
    "https://winatp-gw-eus.microsoft.com/test",
    "https://winatp-gw-weu.microsoft.com/test",
    "https://winatp-gw-neu.microsoft.com/test",
    "https://us.vortex-win.data.microsoft.com/ping",
    "https://eu.vortex-win.data.microsoft.com/ping",
    "https://events.data.microsoft.com/ping",
)
_NAME_NOT_RESOLVED = 12007
_CANNOT_CONNECT = 12029
_CONNECT_SECONDS = 2
# Far longer than any test waits for the end of a program that hangs.
_HANG_SECONDS = 60
_KILLED = 1
_NOT_SYSTEM = 5

_Found = Mapping[str, tuple[bool, bool]]


def words_of(process: Process) -> list[str]:
    """The words behind the name in the program's own file."""
    return _file(process).partition(b"\n")[0].decode().split()[3:]


def _file(process: Process) -> bytes:
    path = process.path(process.argv[0])
    return process.machine.files.read(path) or process.machine.files.read(f"{path}.exe") or b""


def _hangs(process: Process) -> bool:
    """Whether this run was to hang, and was ended by somebody."""
    if "hang" not in words_of(process):
        return False
    ended = threading.Event()
    name = ntpath.basename(process.argv[0]).lower()
    process.machine.hung[name] = ended
    killed = ended.wait(_HANG_SECONDS)
    del process.machine.hung[name]
    if not killed:
        process.complain(f"lab: nobody ended {name}")
    return True


def _look(process: Process) -> _Found:
    """Per URL whether its name is resolved, and whether a server listens."""
    network = process.machine.network
    found = {}
    for url in URLS:
        parts = urlsplit(url)
        address = network.hosts.get(parts.hostname or "")
        found[url] = (
            address is not None,
            address is not None and _listens(address, network.ports.get(443, 443)),
        )
    return found


def _listens(address: str, port: int) -> bool:
    if not address.startswith("127."):
        raise ValueError(f"{address} is outside the lab")
    with contextlib.suppress(OSError), socket.create_connection((address, port), _CONNECT_SECONDS):
        return True
    return False


def sense_snapshot(process: Process) -> int:
    """SenseSnapshot.exe: writes Snapshot.zip beside itself, in the shape that a word of its file names."""
    if not process.system:
        return _NOT_SYSTEM
    if _hangs(process):
        return _KILLED
    words, (_first, line_end, report) = words_of(process), _file(process).partition(b"\n")
    if "silent" in words:
        return 3
    if not line_end:
        shape = next((word for word in words if word in SHAPES), "elements")
        report = _archive(SHAPES[shape](_look(process)))
    target = ntpath.join(ntpath.dirname(process.path(process.argv[0])), "Snapshot.zip")
    process.machine.files.write(target, report)
    return 0


def _archive(xml: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Snapshot.xml", xml.encode("utf-16"))
        archive.writestr("Log.txt", "nothing to see")
    return buffer.getvalue()


def _words(resolved: bool, listening: bool) -> tuple[str, str]:
    return "resolved" if resolved else "not resolved", "listening" if listening else "not listening"


def _elements(found: _Found) -> str:
    entries = ""
    for url, state in found.items():
        name, status = _words(*state)
        result = f"<Result><Name>{name}</Name><Status>{status}</Status></Result>"
        entries += f"<Connection><URL>{url}</URL>{result}</Connection>"
    return f'<?xml version="1.0" encoding="utf-16"?><Snapshot><Connections>{entries}</Connections></Snapshot>'


def _attributes(found: _Found) -> str:
    entries = ""
    for url, state in found.items():
        name, status = _words(*state)
        entries += f'<m:connection url="{url}"><m:result name="{name}" status="{status}"/></m:connection>'
    return f'<m:snapshot xmlns:m="urn:lab"><m:connections>{entries}</m:connections></m:snapshot>'


def _flat(found: _Found) -> str:
    entries = ""
    for url, state in found.items():
        name, status = _words(*state)
        entries += f"<Url>{url}</Url><RESULT>Name: {name}; Status: {status}</RESULT>"
    return f'<Report><Section Name="Connections">{entries}</Section></Report>'


def _foreign(_found: _Found) -> str:
    return "<Momentaufnahme><Verbindungen><Adresse>x</Adresse></Verbindungen></Momentaufnahme>"


SHAPES: Mapping[str, Callable[[_Found], str]] = {
    "elements": _elements,
    "attributes": _attributes,
    "flat": _flat,
    "foreign": _foreign,
}


def client_analyzer(process: Process) -> int:
    """MDEClientAnalyzer.exe: prints a block per URL; the word `tight` chooses the other spacing."""
    if not process.system:
        return _NOT_SYSTEM
    if _hangs(process):
        return _KILLED
    _first, line_end, report = _file(process).partition(b"\n")
    if line_end:
        process.streams.out.append(report.decode())
        return 0
    colon = ":" if "tight" in words_of(process) else " :"
    process.print("Proxy config: Method=Direct, address=", "")
    for url, (resolved, listening) in _look(process).items():
        code = 200 if listening else _CANNOT_CONNECT if resolved else _NAME_NOT_RESOLVED
        outcome = f"{'Succeeded' if listening else 'Failed'} ({code})"
        process.print(
            f"Testing URL{colon} {url}",
            f"1 - Default proxy: {outcome}",
            "2 - Proxy auto discovery (WPAD): Doesn't exist",
            f"3 - Proxy disabled: {outcome}",
            "4 - Named proxy: Doesn't exist",
            "5 - Command line proxy: Doesn't exist",
            "*" * 60,
        )
    return 0
