# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of the probe refuses every request that its format does not allow, and no URL becomes anything else."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from windows_lab.simulated.probe_request import BadRequest, Request, Way
from windows_lab.simulated.winhttp import Url

GOOD: dict[str, Any] = {
    "format": 1,
    "token": "0a1b",
    "timeout": 1000,
    "deadline": 5000,
    "parallel": 8,
    "ways": [{"way": "default", "proxy": ""}, {"way": "named", "proxy": "proxy.lab.test:3128"}],
    "urls": ["https://crl.microsoft.com/", "http://[::1]:8080/a?b=c"],
    "direct": [1],
}


def escaped(literal: re.Match[str]) -> str:
    plain = json.loads(literal[0])
    return json.dumps("".join(c if re.match(r"[\w .:/=+-]", c, re.A) else f"<{ord(c):04x}>" for c in plain))


def text(**changes: Any) -> str:
    spelled = re.sub(r'"(?:[^"\\]|\\.)*"', escaped, json.dumps({**GOOD, **changes}))
    return re.sub(r"<([0-9a-f]{4})>", r"\\u\1", spelled)


def test_a_request_is_read() -> None:
    read = Request.parse(text())
    assert (read.token, read.timeout, read.deadline, read.parallel) == ("0a1b", 1000, 5000, 8)
    assert read.direct == (1,)
    assert read.ways == (Way("default", ""), Way("named", "proxy.lab.test:3128"))
    assert read.urls == (
        Url("https", "crl.microsoft.com", 443, "/"),
        Url("http", "[::1]", 8080, "/a?b=c"),
    )


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"format": 2}, "the format must be 1"),
        ({"format": True}, "the format must be 1"),
        ({"token": ""}, "the token must be"),
        ({"token": "xyz"}, "the token must be"),
        ({"token": 12}, "the token must be"),
        ({"timeout": 0}, "timeout must be"),
        ({"timeout": 1.5}, "timeout must be"),
        ({"deadline": -1}, "deadline must be"),
        ({"parallel": "8"}, "parallel must be"),
        ({"parallel": True}, "parallel must be"),
        ({"engine": "wsh"}, "the request must have"),
        ({"direct": [2]}, "direct must be a list of places"),
        ({"direct": [True]}, "direct must be a list of places"),
        ({"direct": 1}, "direct must be a list of places"),
        ({"ways": []}, "ways must be a list"),
        ({"ways": "default"}, "ways must be a list"),
        ({"ways": [{"way": "default"}]}, "must have way and proxy"),
        ({"ways": ["default"]}, "must have way and proxy"),
        ({"ways": [{"way": "wpad", "proxy": ""}]}, "the way must be one of"),
        ({"ways": [{"way": "static", "proxy": "p:1"}]}, "has no proxy of its own"),
        ({"ways": [{"way": "named", "proxy": ""}]}, "must be host:port"),
        ({"ways": [{"way": "named", "proxy": "proxy"}]}, "must be host:port"),
        ({"ways": [{"way": "named", "proxy": "http://proxy:1"}]}, "must be host:port"),
        ({"ways": [{"way": "named", "proxy": "proxy:70000"}]}, "must be host:port"),
        ({"ways": [{"way": "named", "proxy": "a:1 b:2"}]}, "must be host:port"),
        ({"ways": [{"way": "named", "proxy": None}]}, "must be host:port"),
        ({"urls": []}, "urls must be a list"),
        ({"urls": [7]}, "must be a string"),
        ({"urls": ["crl.microsoft.com"]}, "is not an absolute http or https URL"),
        ({"urls": ["ftp://a.test/"]}, "is not an absolute http or https URL"),
        ({"urls": ["https://user:word@a.test/"]}, "and credentials"),
        ({"urls": ["https://*.blob.core.windows.net/"]}, "is not an absolute"),
        ({"urls": ["https://a.test\r\nX: y/"]}, "is not an absolute"),
        ({"urls": ["https://a.test/\r\nX: y"]}, "is not an absolute"),
        ({"urls": ["https://a.test/\ud800"]}, "in ASCII"),
        ({"urls": ["https://a.test/é"]}, "in ASCII"),
        ({"urls": ["https://a.test/a b"]}, "without blanks"),
        ({"urls": ["HTTPS://a.test/"]}, "is not an absolute"),
        ({"urls": ["https://a.test:0/"]}, "cannot be"),
        ({"urls": ["https://a.test:65536/"]}, "cannot be"),
        ({"urls": ["https://a..test/"]}, "cannot be"),
        ({"urls": [f"https://{'a' * 64}.test/"]}, "cannot be"),
    ],
)
def test_what_the_format_does_not_allow_is_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadRequest, match=complaint):
        Request.parse(text(**changes))


@pytest.mark.parametrize(
    ("spelled", "complaint"),
    [
        ("", "not JSON"),
        ("[]", "must have"),
        (text()[:-1], "not JSON"),
        (text() + "\n", "one line of ASCII"),
        (text(token="ab").replace('"ab"', '"ab", "token": "cd"'), "there twice"),
        (text().replace("crl.microsoft.com/", "crl.microsoft.com/é"), "one line of ASCII"),
        (text().replace("crl.microsoft.com/", "crl.microsoft.com/?"), "must be written as"),
        (text().replace("crl.microsoft.com/", "crl.microsoft.com\\/"), "must be written as"),
        (text().replace("crl.microsoft.com/", "crl.microsoft.com/\\u003F"), "must be written as"),
    ],
)
def test_only_the_spelling_that_the_programs_can_read(spelled: str, complaint: str) -> None:
    with pytest.raises(BadRequest, match=complaint):
        Request.parse(spelled)


@pytest.mark.parametrize(
    ("url", "authority", "target"),
    [
        ("https://A.test", "A.test", "/"),
        ("https://a.test:443/x", "a.test", "/x"),
        ("http://a.test:443/x", "a.test:443", "/x"),
        ("http://a.test?q=1", "a.test", "/?q=1"),
        ("http://a.test/p#part", "a.test", "/p"),
        ('http://a.test/%41b"<`', "a.test", "/%41b%22%3C%60"),
    ],
)
def test_what_is_asked_for_a_url(url: str, authority: str, target: str) -> None:
    read = Url.parse(url)
    assert (read.authority, read.target) == (authority, target)


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#%")))
def test_any_path_stays_the_path_of_one_request_line(path: str) -> None:
    target = Url.parse(f"http://a.test/{path}").target
    assert re.fullmatch(r"/[!-~]*", target)
    assert unquote(target) == f"/{path}"
