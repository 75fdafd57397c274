# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The definition of a scheduled task in XML, as far as the simulated endpoint models it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from xml.etree import ElementTree

from windows_lab.simulated.gaps import NotModelled

_NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
_SYSTEM = "S-1-5-18"
_USER = "Task/Principals/Principal/UserId"
_NO_START_ON_BATTERIES = "Task/Settings/DisallowStartIfOnBatteries"
_STOP_ON_BATTERIES = "Task/Settings/StopIfGoingOnBatteries"
_REGISTRATION = "Task/Triggers/RegistrationTrigger"
_BOOT = "Task/Triggers/BootTrigger"
_COMMAND = "Task/Actions/Exec/Command"
_ARGUMENTS = "Task/Actions/Exec/Arguments"
_LEAVES = frozenset((
    *(_USER, _NO_START_ON_BATTERIES, _STOP_ON_BATTERIES, f"{_REGISTRATION}/Delay", f"{_BOOT}/Delay"),
    *(_COMMAND, _ARGUMENTS),
))
# The others, with the attributes that change nothing here.
_BRANCHES = MappingProxyType({
    "Task": {"version"},
    "Task/Principals": set(),
    "Task/Principals/Principal": {"id"},
    "Task/Settings": set(),
    "Task/Triggers": set(),
    _REGISTRATION: set(),
    _BOOT: set(),
    "Task/Actions": {"Context"},
    "Task/Actions/Exec": set(),
})
_BOOLEANS = MappingProxyType({"true": True, "1": True, "false": False, "0": False})


class Malformed(Exception):
    """The text is not XML."""


@dataclass(frozen=True)
class Definition:
    """What a definition says: the command line, and when it starts; delays in minutes, None without the trigger."""

    line: str
    disallow_start_on_batteries: bool
    registration_delay: int | None
    boot_delay: int | None


def read(data: bytes) -> Definition:
    """Understand the definition of a task that runs as LocalSystem; raises Malformed and NotModelled."""
    if not data.isascii() or data.startswith(b"<?"):
        raise NotModelled("XML that is not plain ASCII without a declaration")
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise Malformed from error
    found: dict[str, str] = {}
    for path, text in _elements(root, ""):
        if path in found:
            raise NotModelled(f"more than one {path}")
        found[path] = text
    if found.get(_USER) != _SYSTEM:
        raise NotModelled(f"a task of the user {found.get(_USER)}")
    if not found.get(_COMMAND):
        raise NotModelled("a task without a command")
    _flag(found, _STOP_ON_BATTERIES)
    command, arguments = found[_COMMAND], found.get(_ARGUMENTS, "")
    command = f'"{command}"' if " " in command else command
    return Definition(
        f"{command} {arguments}".rstrip(),
        _flag(found, _NO_START_ON_BATTERIES),
        _delay(found, _REGISTRATION),
        _delay(found, _BOOT),
    )


def _elements(element: ElementTree.Element, above: str) -> Iterator[tuple[str, str]]:
    path = above + element.tag.removeprefix(_NAMESPACE)
    known = _BRANCHES.get(path, set())
    text = element.text or ""
    if not element.tag.startswith(_NAMESPACE) or (path not in _LEAVES and path not in _BRANCHES):
        raise NotModelled(f"the element {above}{element.tag}")
    if set(element.attrib) - known:
        raise NotModelled(f"an attribute of {path}")
    if (element.tail or "").strip() or (path in _BRANCHES and text.strip()):
        raise NotModelled(f"text in or behind {path}")
    yield path, text
    for child in element:
        yield from _elements(child, f"{path}/")


def _flag(found: dict[str, str], path: str) -> bool:
    text = found.get(path, "true")
    if text not in _BOOLEANS:
        raise NotModelled(f"{path} {text}")
    return _BOOLEANS[text]


def _delay(found: dict[str, str], trigger: str) -> int | None:
    if trigger not in found:
        return None
    text = found.get(f"{trigger}/Delay", "")
    minutes = re.fullmatch(r"PT([1-9]\d*)M", text)
    if minutes is None:
        raise NotModelled(f"{trigger} with the delay {text or 'of no time'}")
    return int(minutes[1])
