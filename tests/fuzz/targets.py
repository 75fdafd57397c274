# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where bytes of an endpoint or of a file come in: one function each, which takes any bytes and raises nothing."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._credentials import (
    shown_blob,
    shown_bypass,
    shown_name,
    shown_proxies,
    shown_url,
    shown_words,
    withheld,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import RecordError, read
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._secrets import clean, text
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._answer import NoAnswer, read_answer
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._maps import outcome, row
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._request import Request, ways_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._endpoint_info import EndpointInfo
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import (
    InvalidOption,
    Refused,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._restore import (
    read_snapshot as read_values,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._state import State
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._winhttp_advproxy import (
    ADVANCED_QUERY,
    AdvancedProxy,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._plan import (
    PlanError,
    load,
    load_share,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._sensor._contacts import contacts
from ansible_collections.mde.connectivity.plugins.plugin_utils._sensor._events import parse
from ansible_collections.mde.connectivity.plugins.plugin_utils._settings._errors import UnreadableValue
from ansible_collections.mde.connectivity.plugins.plugin_utils._settings._winhttp import WinHttpSettings
from ansible_collections.mde.connectivity.plugins.plugin_utils._settings._wininet import WinInetSettings
from ansible_collections.mde.connectivity.plugins.plugin_utils._streamlined._package import (
    load as load_package,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._tool._analyzer import read_blocks, read_proxy
from ansible_collections.mde.connectivity.plugins.plugin_utils._tool._psexec import read_sizes
from ansible_collections.mde.connectivity.plugins.plugin_utils._tool._snapshot import (
    read_report,
    read_snapshot,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import (
    Command,
    Completed,
    Endpoint,
    EndpointError,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry import Reading, Registry

# Stands in an input for the token of the batch or the request, which nobody can know beforehand.
TOKEN = b"TOKEN"
# Stands between the answers to two commands.
NEXT = "\x1e"
_NOBODY = "pc-1"
_REQUEST = Request(TOKEN.decode(), 1000, 1000, 1, ways_of(["effective", "direct"]), ("https://a.test/",))
_HEALTHY = Completed(0, "\r\n    CurrentBuildNumber    REG_SZ    22631\r\n")
_MISSING = Completed(1, "ERROR: The system was unable to find the specified registry key or value.\n")


class _Line:
    """A connection that answers every command line with the same bytes."""

    transport = "mde.connectivity.winrs"

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def exec_command(self, cmd: str, in_data: Any = None) -> tuple[int, bytes, bytes]:
        found = re.search(r"&echo ([0-9a-f]+)&", cmd)
        assert found
        return 0, self._answer.replace(TOKEN, found[1].encode()), self._answer

    def close(self) -> None:
        """Nothing is open."""

    def reset(self) -> None:
        """There is no other connection."""


def batch(data: bytes) -> None:
    """The answer to a batch of commands."""
    with contextlib.suppress(EndpointError):
        Endpoint(_Line(data)).run([Command("one"), Command("two")])


def registry(data: bytes) -> None:
    """What reg.exe prints, up to the report of endpoint_info."""
    info = EndpointInfo({})
    reading = Reading(info.queries())
    said = data.decode("utf-8", "replace").split(NEXT)
    answers = [Completed(number % 2, said[number % len(said)]) for number in range(len(reading.commands) - 3)]
    with contextlib.suppress(EndpointError, Refused):
        found = reading.parse([_HEALTHY, _MISSING, _MISSING, *answers])
        json.dumps(info.report(info.decode(found, State())))


def blobs(data: bytes) -> None:
    """The two binary values, and what is shown of any."""
    for kind in (WinHttpSettings, WinInetSettings):
        with contextlib.suppress(UnreadableValue):
            assert kind.decode(data).encode() == data
    assert shown_blob(data) in (data.hex(), withheld(len(data), "bytes"))


def events(data: bytes) -> None:
    """The sensor's log as wevtutil prints it."""
    with contextlib.suppress(EndpointError, Refused):
        for contact in contacts(parse(Completed(0, data.decode("utf-8", "replace"))))[0]:
            json.dumps(contact.report())


def analyzer(data: bytes) -> None:
    """What the client analyzer prints, and the sizes of its files."""
    said = data.decode("utf-8", "replace")
    json.dumps(read_proxy(said))
    with contextlib.suppress(Refused):
        json.dumps([row.report(["eu"]) for row in read_blocks(said)])
    read_sizes(Completed(0, said))


def snapshot(data: bytes) -> None:
    """The report of SenseSnapshot, as an archive and as what is in it."""
    for reader in (read_snapshot, read_report):
        with contextlib.suppress(Refused):
            json.dumps([row.report([]) for row in reader(data)])


def probe(data: bytes) -> None:
    """The answer of the probe."""
    with contextlib.suppress(NoAnswer):
        read_answer(data.decode("utf-8", "replace"), _REQUEST)


def maps(data: bytes) -> None:
    """What MpCmdRun.exe printed."""
    said = data.decode("utf-8", "replace")
    found = outcome([*[Completed(0, "")] * 7, Completed(0, ""), Completed(0, "there\n"), *[Completed(0, said)] * 4])
    json.dumps(row(found, {"method": "static", "proxy": "http://p.test:1"}))


def advproxy(data: bytes) -> None:
    """The advanced proxy of WinHTTP, as netsh shows it."""
    registry = Registry([ADVANCED_QUERY])
    registry.add(ADVANCED_QUERY, Completed(0, data.decode("utf-8", "replace")), frozenset())
    with contextlib.suppress(EndpointError):
        found = AdvancedProxy.decode(registry)
        json.dumps(found.report(True))


def record(data: bytes) -> None:
    """A file among the records."""
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(RecordError):
        path = Path(folder) / "pc-1.json"
        path.write_bytes(data)
        read(path)


def plan(data: bytes) -> None:
    """A file that is said to be a plan."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        path.write_bytes(data)
        with contextlib.suppress(PlanError):
            load(path)
        with contextlib.suppress(PlanError):
            load_share(path, _NOBODY)


def values(data: bytes) -> None:
    """The values of a snapshot that is to be restored."""
    with contextlib.suppress(ValueError, RecursionError):
        content = json.loads(data)
        if isinstance(content, list) and all(isinstance(entry, dict) for entry in content):
            with contextlib.suppress(InvalidOption):
                read_values(content)


def package(data: bytes) -> None:
    """A file that is given as an onboarding package, as a script and as an archive."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.cmd", "a.zip"):
            path = Path(folder) / name
            path.write_bytes(data)
            with contextlib.suppress(InvalidOption):
                assert load_package(path, "package").script.strip()


def secrets(data: bytes) -> None:
    """Any text, as it is shown or written to a file."""
    said = data.decode("utf-8", "replace")
    for show in (shown_proxies, shown_url, shown_name):
        assert show(said) in (said, withheld(len(said)))
    shown_bypass(said)
    assert shown_words(shown_words(said)) == shown_words(said)
    assert text(text(said)) == text(said)
    assert clean(clean({said: [said]})) == clean({said: [said]})


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        *(batch, registry, blobs, events, analyzer, snapshot, probe, maps, advproxy),
        *(record, plan, values, package, secrets),
    )
}
CORPUS = Path(__file__).parent / "corpus"


def corpus(name: str) -> list[Path]:
    """The kept inputs of a target."""
    return sorted((CORPUS / name).iterdir())
