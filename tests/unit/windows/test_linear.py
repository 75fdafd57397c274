# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worst inputs of each parser, 16 times as long: the time grows with the length, and not with its square."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.fuzz.targets import TARGETS
from tests.integration.site import wininet
from tests.unit.growth import FACTOR, SHORTEST, assert_linear, seconds

# Characters to begin with, and at the most: more, as long as the time is too short to be told from noise.
FIRST, LARGEST = 250, 64_000

_USER = r"HKEY_USERS\S-1-5-21-1-2-3-1001\Software\Microsoft\Windows\CurrentVersion\Internet Settings"
_POLICY = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\Windows\DataCollection"
_WORDS = (
    "a", "a.", "a:", "/", "//a", "@", "%40", "-", " ", "\t", "=", ";", "a;", "a=", "[", "1.", "http://", "*.", "\n",
    "\n ", "\\",
)  # fmt: skip


def value(word: str, size: int) -> str:
    """What reg.exe prints of a user's AutoConfigURL and the sensor's static proxy, made of a word."""
    text = (word * size)[:size]
    return (
        f"HKEY_USERS\\S-1-5-18\nHKEY_USERS\\S-1-5-21-1-2-3-1001\n\n{_USER}\n    AutoConfigURL    REG_SZ    {text}\n\n"
        f"{_POLICY}\n    TelemetryProxyServer    REG_SZ    {text}\n\n"
    )


def blob(proxy: str, bypass: str, script: str) -> str:
    data = wininet(9, proxy, bypass, script).hex().upper()
    return f"{_USER}\\Connections\n    DefaultConnectionSettings    REG_BINARY    {data}\n\n"


def events(data: str) -> str:
    return (
        "<Event><System><EventID>5</EventID><EventRecordID>7</EventRecordID><TimeCreated SystemTime="
        f"'2026-01-01T00:00:00.0Z'/></System><EventData>{data}</EventData></Event>"
    )


def nested(before: str, after: str, inside: str = "") -> Callable[[int], str]:
    return lambda size: f"<r><Connections>{before * size}{inside}{after * size}</Connections></r>"


def lines(*made: str) -> Callable[[int], str]:
    return lambda size: "".join(line.replace("#", str(number)) for number in range(size // 20) for line in made)


INPUTS: list[tuple[str, str, Callable[[int], str]]] = [
    *(("registry", f"value of {word!r}", lambda size, word=word: value(word, size)) for word in _WORDS),
    ("registry", "proxies", lambda size: blob("a;" * size, "", "")),
    ("registry", "one proxy", lambda size: blob("a" * size, "", "")),
    ("registry", "bypass", lambda size: blob("p:1", "".join(f"*.a{n};" for n in range(size // 6)), "")),
    ("registry", "script", lambda size: blob("p:1", "", "http://" + "a." * size)),
    ("registry", "hives", lines("HKEY_USERS\\S-1-5-21-1-2-3-#\n")),
    ("registry", "settings of users", lines(_USER.replace("1001", "#") + "\n    AutoConfigURL    REG_SZ    a\n\n")),
    ("registry", "values", lambda size: _USER + "\n" + lines("    v#    REG_SZ    a\n")(size)),
    ("registry", "types", lambda size: _USER + "\n" + "    a    REG_A" * size + "!\n"),
    ("registry", "a name of blanks", lambda size: _USER + "\n    a" + " " * size + "\n"),
    ("registry", "an error in one word", lambda size: "ERROR:" + "x" * size),
    ("registry", "errors", lines("ERROR: # is wrong\n")),
    ("batch", "blanks behind the token", lambda size: "TOKEN" + " " * size + "x"),
    ("batch", "digits behind the token", lambda size: "TOKEN " + "9" * size),
    ("batch", "tokens", lambda size: "TOKEN 0\n" * size),
    ("batch", "noise", lambda size: "\x1b[1m\u202e" * size),
    ("events", "a long word", lambda size: events(f"<Data>{'a' * size}</Data>")),
    ("events", "schemes", lambda size: events(f"<Data>{'a+' * size}:/</Data>")),
    ("events", "digits", lambda size: events(f"<Data>{'9' * size}</Data>")),
    ("events", "references", lambda size: events(f"<Data>{'&#' * size}&#{'1' * size}</Data>")),
    ("events", "data", lambda size: events("<Data>a://b</Data>" * size)),
    ("events", "nested", lambda size: events("<Data>" * size + "</Data>" * size)),
    ("events", "many", lambda size: "".join(events(f"<Data>https://{n}.test/</Data>") for n in range(size // 50))),
    *(
        ("analyzer", repr(text), lambda size, text=text: text.replace("#", "x" * size).replace("_", " " * size))
        for text in (
            "_", "Testing URL_:_", "Proxy config:Method=_", "Proxy config:Method=a_a", "1 - _", "1 - _(", "1 - #",
            "1 - named proxy (_", "1 - named proxy (_)_)", "1 -_doesn't exist_a",
        )
    ),
    ("analyzer", "succeeded", lambda size: "Testing URL: a\n1 - " + "succeeded(" * size),
    ("analyzer", "steps", lambda size: "Testing URL: a\n" + "1." * size),
    ("analyzer", "parentheses", lambda size: "Testing URL: a\n1 - named proxy (" + ")" * size),
    ("analyzer", "blocks", lines("Testing URL : https://#.test/\n1 - Default proxy: Succeeded (200)\n")),
    ("analyzer", "sizes", lambda size: "[" * size),
    ("snapshot", "nested elements", nested("<a>", "</a>")),
    ("snapshot", "nested urls", nested("<url>", "</url>")),
    ("snapshot", "nested results", nested("<result>", "</result>", "<url>https://a.test</url>")),
    ("snapshot", "nested entries", nested("<e><url>https://a.test</url><result/>", "</e>")),
    ("snapshot", "urls", nested("<e><url>https://a.test</url><result status='listening' name='resolved'/></e>", "")),
    ("snapshot", "lone urls", nested("<url>https://a.test</url>", "")),
    ("snapshot", "failures", nested("", "", f"<url>https://a.test</url><result status='{'fail' * 4000}resolved'/>")),
    (
        "snapshot",
        "a failure in one word",
        lambda size: f"<Connections><url>a://b</url><result name='{'fail_' * size}' status='resolved'/></Connections>",
    ),
    (
        "snapshot",
        "underscores",
        lambda size: f"<r><Connections><url>a://b</url><result name='resolved fail{'_' * size}'/></Connections></r>",
    ),
    ("snapshot", "denials", nested("", "", "<url>a://b</url><result>" + "no " * 2000 + "resolved</result>")),
    ("probe", "nested lists", lambda size: '{"a":' + "[" * size),
    ("probe", "a long word", lambda size: '{"error":"' + "a" * size + '"}'),
    ("probe", "lines", lambda size: "{\n" * size),
    ("blobs", "anything", lambda size: "F\0\0\0" * size),
]


@pytest.mark.parametrize(("target", "make"), [pytest.param(t, m, id=f"{t}: {n}") for t, n, m in INPUTS])
def test_16_times_the_input_takes_no_more_than_64_times_the_time(target: str, make: Callable[[int], str]) -> None:
    def read(text: str) -> None:
        TARGETS[target](text.encode("utf-8", "replace"))

    size = FIRST * 2
    while seconds(read, make(size)) < SHORTEST and size < LARGEST:
        size *= 2
    try:
        assert_linear(read, make(size), make(size * FACTOR))
    except AssertionError:
        # Where others fill the caches, a short input may fit in and a long one not; of these neither does.
        assert_linear(read, make(4 * size), make(4 * size * FACTOR), turns=4)


def test_what_grows_with_the_square_is_caught() -> None:
    with pytest.raises(AssertionError, match="2000 take"):
        assert_linear(re.compile(" +x").search, " " * 2_000, " " * 32_000, turns=1)
