# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a host, a path and a line of text in a list of service URLs have to look."""

from __future__ import annotations

import datetime
import re
from typing import TypeGuard

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
# A name of at least two labels, the last of which is not a number: an address is no name.
_NAME = re.compile(rf"({_LABEL}\.)+(?![0-9]+\Z){_LABEL}")
_HOST_LIMIT = 253
_PATH = re.compile(r"/[A-Za-z0-9._~/%-]*")
_QUERY_PATH = re.compile(r"/[A-Za-z0-9._~/%-]*(\?[A-Za-z0-9._~/%=&+-]*)?")
# A first letter or digit, because a spreadsheet takes other characters for the start of a formula.
_SENTENCE = re.compile(r"[A-Za-z0-9][ -~]{0,299}")
HIGHEST_PORT = 65535


def is_name(text: object) -> bool:
    """Whether this is the name of one host, in lower case and without a dot at its end."""
    return isinstance(text, str) and len(text) <= _HOST_LIMIT and _NAME.fullmatch(text) is not None


def is_host(text: object) -> bool:
    """Whether this is a name, or ``*.`` and a name."""
    return isinstance(text, str) and is_name(text.removeprefix("*."))


def is_path(text: object) -> bool:
    """Whether this is a path without a query."""
    return isinstance(text, str) and _PATH.fullmatch(text) is not None


def is_probe_path(text: object) -> bool:
    """Whether this is a path, with or without a query."""
    return isinstance(text, str) and _QUERY_PATH.fullmatch(text) is not None


def is_sentence(text: object) -> bool:
    """Whether this is one line of printable ASCII that begins with a letter or a digit."""
    return isinstance(text, str) and _SENTENCE.fullmatch(text) is not None


def is_whole(number: object) -> TypeGuard[int]:
    """Whether this is a whole number; True and False are none."""
    return isinstance(number, int) and not isinstance(number, bool)


def is_port(number: object) -> bool:
    """Whether this is a port."""
    return is_whole(number) and 1 <= number <= HIGHEST_PORT


def is_day(value: object) -> bool:
    """Whether this is a day such as 2026-09-03, as text or as YAML reads one."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return True
    try:
        return isinstance(value, str) and datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def covers(wildcard: str, host: str) -> bool:
    """Whether ``wildcard`` (``*.name``) stands for ``host``, which may be a wildcard itself."""
    return wildcard.startswith("*.") and host != wildcard and host.endswith(wildcard[1:])
