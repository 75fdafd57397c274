# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an endpoint could not be reached, in words that are the same for all endpoints with the same cause."""

from __future__ import annotations

import re

from .._windows._sign_in import trouble_of

_LONGEST = 300
# What else the libraries of the connections say, in small letters, and what that means. The first that fits counts.
_SAYINGS = (
    (("unauthorized", "permission denied"), "it refuses the account"),
    (("connection refused",), "nothing listens at its address"),
    (("name or service not known", "name resolution", "getaddrinfo failed"), "its name has no address"),
    (("no route to host", "network is unreachable"), "there is no route to it"),
    (("timed out", "timeout"), "it does not answer in time"),
    (("remote end closed", "connection aborted", "reset by peer", "broken pipe"), "the connection was lost"),
)
_OBJECT = re.compile(r"<[^<>]{1,100} object at 0x[0-9a-f]{1,16}>")


def cause_of(error: Exception) -> str:
    """The cause of an error of a connection plugin."""
    text = " ".join(_OBJECT.sub("", str(error)[: 10 * _LONGEST]).split())
    trouble = trouble_of(text)
    if trouble:
        return trouble.cause
    for sayings, words in _SAYINGS:
        if any(saying in text.lower() for saying in sayings):
            return words
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
