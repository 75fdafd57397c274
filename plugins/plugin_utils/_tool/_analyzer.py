# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text that MDEClientAnalyzer prints per URL, in the spacings of its versions and of their manuals."""

from __future__ import annotations

import re
from typing import Literal

from .._credentials import shown_proxies, shown_words
from ._rows import Method, Row, Verdict, check_count

_URL = re.compile(r"\W*Testing URL\s*:\s*(\S+)", re.IGNORECASE)
# None of them has two repeats in a row that take the same characters: a line may be as long as anybody likes.
_PROXY = re.compile(r"\W*Proxy config\s*:\s*Method\s*=([^,]*),\s*address\s*=(.*)", re.IGNORECASE)
_METHOD = re.compile(r"\s*\d+(?:\.\d+)*\s*-\s*(.*)")
_TRIED = re.compile(r"\b(succeeded|failed)\s*\(\s*(-?[0-9]{1,10})\s*\)\W*\Z", re.IGNORECASE)
_ABSENT = re.compile(r"\bdoes(?:n.?t| not) exist\W*\Z", re.IGNORECASE)
# WPAD stands in parentheses as well, and is no proxy.
_NAMED = re.compile(r"((?:named|command.line) proxy)\s*\((.*)\)[^()]*", re.IGNORECASE)

_PASSED = re.compile(r"\b(?:passed|succeeded|successful)\b", re.IGNORECASE)
_NOT_PASSED = re.compile(r"\bfailed\b|did not complete|may be blocking|is invalid due to", re.IGNORECASE)
_HOST = re.compile(r"(?<![a-z0-9.-])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){2,8}(?![a-z0-9-])")
_LINE_LIMIT, _SAID_LIMIT = 2000, 300

# The analyzer's own rule: these count after Failed too, and 405 only after Succeeded.
_REACHED = (200, 400, 404)
_REACHED_WHEN_SUCCEEDED = 405


def read_proxy(text: str) -> dict[str, str] | None:
    """How the sensor's proxy was found, and its address; None where the text does not say."""
    for line in text.splitlines():
        found = _PROXY.match(line)
        if found:
            return {"method": shown_words(found.group(1).strip()), "address": shown_proxies(found.group(2).strip())}
    return None


def read_blocks(text: str) -> tuple[Row, ...]:
    """A row per block of the text; empty where there is no block. Raises Unreadable for too many."""
    blocks: list[tuple[str, list[Method]]] = []
    for line in text.splitlines():
        url = _URL.match(line)
        method = _METHOD.match(line)
        if url:
            blocks.append((url.group(1), []))
        elif method and blocks:
            blocks[-1][1].append(_method(method.group(1)))
    check_count(len(blocks))
    return tuple(Row(url, _verdict(methods), methods=tuple(methods)) for url, methods in blocks)


def read_cloud_connection(text: str) -> tuple[Row, ...]:
    """A row per host that TestCloudConnection names with a result, by its last one; a failure is never undone.

    Its words are those that scripts around it look for. No whole output of it is published.
    """
    found: dict[str, Row] = {}
    for line in text.splitlines():
        passed, failed = _PASSED.search(line), _NOT_PASSED.search(line)
        if not passed and not failed:
            continue
        for host in _HOST.findall(line[:_LINE_LIMIT].lower()):
            if failed or host not in found:
                found[host] = Row(host, "failed" if failed else "ok", said=shown_words(line.strip())[:_SAID_LIMIT])
    check_count(len(found))
    return tuple(found.values())


def _method(text: str) -> Method:
    tried, absent = _TRIED.search(text), _ABSENT.search(text)
    result: Literal["succeeded", "failed", "absent", "other"] = "other"
    code, head = None, text
    if tried:
        result = "succeeded" if tried.group(1).lower() == "succeeded" else "failed"
        code = int(tried.group(2))
    elif absent:
        result = "absent"
    if ended := tried or absent:
        head = text[: ended.start()].rstrip(" \t:")
    named = _NAMED.fullmatch(head)
    name, proxy = (named.group(1), shown_proxies(named.group(2).strip())) if named else (head, "")
    return Method(shown_words(name.partition(":")[0].strip()), proxy, result, code)


def _reached(method: Method) -> bool:
    if method.code == _REACHED_WHEN_SUCCEEDED:
        return method.result == "succeeded"
    return method.code in _REACHED


def _verdict(methods: list[Method]) -> Verdict:
    if any(_reached(method) for method in methods):
        return "ok"
    return "failed" if any(method.result != "other" for method in methods) else "unknown"
