# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that no setting may take, whatever it is, and what every refusal looks like."""
from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._settings._errors import InvalidSetting

T = TypeVar("T")
SECRET = "hunter2"
CREDENTIALS = {
    "user-and-password": f"user:{SECRET}@proxy:8080",
    "user-only": f"{SECRET}@proxy:8080",
    "with-scheme": f"http://user:{SECRET}@proxy:8080",
    "escaped-at": f"http://user:{SECRET}%40proxy:8080",
    "wide-at": f"user:{SECRET}\uff20proxy:8080",
    "forgotten-at": f"user:{SECRET}:proxy:8080",
    "forgotten-host": f"user:{SECRET}",
    "dangerous": f'user:{SECRET}"@proxy:8080',
    "long": f"user:{SECRET}@" + "p" * 10_000,
}
DANGEROUS = {
    "double-quote": 'proxy":8080',
    "single-quote": "proxy':8080",
    "percent": "%COMPUTERNAME%:8080",
    "ampersand": "proxy:8080&calc",
    "bar": "proxy:8080|calc",
    "caret": "proxy^:8080",
    "less": "proxy:8080<in",
    "greater": "proxy:8080>out",
    "exclamation": "!proxy!:8080",
    "backtick": "proxy`:8080",
    "dollar": "$proxy:8080",
    "parenthesis": "(proxy):8080",
    "backslash": "\\\\proxy:8080",
    "newline": "proxy:8080\n",
    "carriage-return": "proxy:8080\rcalc",
    "tab": "proxy:\t8080",
    "nul": "proxy:8080\0",
    "delete": "proxy\x7f:8080",
    "umlaut": "pröxy:8080",
    "arabic-digits": "proxy:\u0668\u0660",
    "surrogate": "proxy\ud800:8080",
    "10000-characters": "p" * 10_000,
}
PORTS = {
    "port-zero": "proxy:0",
    "port-leading-zero": "proxy:080",
    "port-70000": "proxy:70000",
    "port-65536": "proxy:65536",
    "port-empty": "proxy:",
    "port-negative": "proxy:-1",
    "port-signed": "proxy:+80",
    "port-name": "proxy:http",
    "port-twice": "proxy:80:80",
    "port-endless": "proxy:" + "9" * 200,
}
EVERYWHERE = {**CREDENTIALS, **DANGEROUS, **PORTS}


def result(read: Callable[[str], T], value: str) -> T | None:
    """Return what ``read`` makes of ``value``, or None where it refuses it; no other error passes."""
    try:
        return read(value)
    except InvalidSetting:
        return None


def refusal(read: Callable[[str], object], value: str) -> str:
    """Return the message with which ``read`` refuses ``value``, once it has passed what holds for all."""
    with pytest.raises(InvalidSetting) as caught:
        read(value)
    message = str(caught.value)
    assert message.endswith(".")
    assert ". " not in message
    assert message.isascii()
    assert message.isprintable()
    assert len(message) < 300
    assert SECRET not in message
    assert "changed=" not in message
    return message
