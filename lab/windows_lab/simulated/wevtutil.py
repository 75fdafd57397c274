# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""wevtutil.exe of a simulated endpoint: `qe`, for the sensor's log."""

from __future__ import annotations

import re

from windows_lab.simulated.events import CHANNEL, Event, xml
from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import Process

_ACCESS_DENIED = 5
_INVALID_PARAMETER = 87
_SERVER_UNAVAILABLE = 1722
_INVALID_QUERY = 15001
_CHANNEL_NOT_FOUND = 15007
# As wevtutil prints them: the reason on the last line, and for some errors on the first as well.
_SENTENCES = {
    _ACCESS_DENIED: "Access is denied.",
    _SERVER_UNAVAILABLE: "The RPC server is unavailable.",
    _INVALID_QUERY: "The specified query is invalid.",
    _CHANNEL_NOT_FOUND: "The specified channel could not be found.",
}
_OPTION = re.compile(r"[/-](\w+):(.*)", re.DOTALL)
_LONG = {"query": "q", "count": "c", "reversedirection": "rd", "format": "f"}
# Options that wevtutil.exe has beside these.
_REAL = frozenset((
    "lf", "sq", "bm", "sbm", "l", "e", "r", "u", "p", "a", "uni", "logfile", "structuredquery",
    "bookmark", "savebookmark", "locale", "element",
))
_USUAL_LOGS = ("application", "security", "setup", "system")
_QUERY = re.compile(r"\*\[System\[\((EventID=[0-9]+(?: or EventID=[0-9]+)*)\)\]\]")
_OTHER_QUERY = re.compile(r"\*\[.*\]")
_MOST_EXPRESSIONS = 20
_EVENT_LOG = r"HKLM\SYSTEM\CurrentControlSet\Services\EventLog"


class _Failed(Exception):
    def __init__(self, number: int, *first: str) -> None:
        self.number = number
        self.first = first


def main(process: Process) -> int:
    """Run wevtutil.exe; gives its exit code, which is Windows' error number."""
    words = process.argv[1:]
    if not words or words[0].lower() not in ("qe", "query-events"):
        raise NotModelled(f"wevtutil {' '.join(words)}")
    try:
        _print(process, words[1:])
    except _Failed as failure:
        process.complain(*failure.first)
        if failure.number in _SENTENCES:
            process.complain("Failed to open event query.", _SENTENCES[failure.number])
        else:
            process.complain("The parameter is incorrect.")
        return failure.number
    return 0


def _print(process: Process, words: list[str]) -> None:
    options = _options(words[1:])
    if strange := _REAL & options.keys():
        raise NotModelled(f"wevtutil qe /{min(strange)}")
    log = _log(process, words[0] if words else "")
    wanted = _wanted(options.pop("q", "*"))
    count = options.pop("c", "")
    form = options.pop("f", "xml").lower()
    newest_first = options.pop("rd", "false").lower() == "true"
    if count and not (count.isdecimal() and int(count)):
        raise _Failed(_INVALID_PARAMETER, "Invalid value for property count.")
    if form == "renderedxml":
        raise NotModelled("wevtutil qe /f:RenderedXml")
    if form not in ("xml", "text"):
        raise _Failed(_INVALID_PARAMETER, "Invalid value for option f.")
    numbered = [
        (record, event) for record, event in enumerate(log, 1) if wanted is None or event.id in wanted
    ]
    if newest_first:
        numbered.reverse()
    for number, (record, event) in enumerate(numbered[: int(count or len(log))]):
        process.print(*_shown(form, number, record, event, process.machine.name.upper()))


def _options(words: list[str]) -> dict[str, str]:
    options = {}
    for word in words:
        found = _OPTION.fullmatch(word)
        if found is None:
            raise _Failed(_INVALID_PARAMETER, "Too many arguments are specified.")
        name = _LONG.get(found[1].lower(), found[1].lower())
        if name not in _LONG.values() and name not in _REAL:
            raise _Failed(_INVALID_PARAMETER, f"Invalid option {found[1]}. Option is not valid.")
        options[name] = found[2]
    return options


def _log(process: Process, channel: str) -> list[Event]:
    """The events of the channel, oldest first."""
    machine = process.machine
    start = machine.registry.value(machine.registry.locate(_EVENT_LOG), "Start")
    if start is not None and start.data == bytes([4, 0, 0, 0]):
        raise _Failed(_SERVER_UNAVAILABLE)
    if channel.lower() in _USUAL_LOGS:
        raise NotModelled(f"the log {channel}")
    if channel.lower() != CHANNEL.lower() or machine.events is None:
        raise _Failed(_CHANNEL_NOT_FOUND, _SENTENCES[_CHANNEL_NOT_FOUND])
    if not machine.profile.elevated:
        raise _Failed(_ACCESS_DENIED, _SENTENCES[_ACCESS_DENIED], "")
    return machine.events


def _wanted(query: str) -> set[int] | None:
    """The ids that a query asks for, None for all."""
    if query == "*":
        return None
    found = _QUERY.fullmatch(query)
    if found is None and _OTHER_QUERY.fullmatch(query):
        raise NotModelled(f"the query {query}")
    ids = [int(number) for number in re.findall("[0-9]+", found[1])] if found else []
    if not 1 <= len(ids) <= _MOST_EXPRESSIONS:
        raise _Failed(_INVALID_QUERY)
    return set(ids)


def _shown(form: str, number: int, record: int, event: Event, computer: str) -> list[str]:
    if form == "xml":
        return [xml(event, record, computer)]
    return [
        f"Event[{number}]:",
        f"  Log Name: {CHANNEL}",
        "  Source: Microsoft-Windows-SENSE",
        f"  Date: {event.time:%Y-%m-%dT%H:%M:%S}.1230000Z",
        f"  Event ID: {event.id}",
        f"  Computer: {computer}",
        f"  Description: {' '.join(text for _name, text in event.data)}",
        "",
    ]
