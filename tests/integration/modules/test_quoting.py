# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever passes the quoting function reaches a program as that one argument, and adds no second command."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import quote, quoted
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from windows_lab.wine import WineEndpoint

from tests.integration.wine.wine_endpoint import wine_endpoint

pytestmark = pytest.mark.wine

REFUSED = '"%!\x7f\x80é日\u2018\u2019\u201c' + "".join(map(chr, range(32)))
# Marks that mean something to cmd.exe or to the C runtime come up far more often than by chance.
MARKS = r"&|<>()^\ ;,=@'`~*?:/$#{}[]+-._" + "aB0"
PLAIN = st.characters(min_codepoint=32, max_codepoint=126, exclude_characters=REFUSED)
ARGUMENTS = st.text(st.one_of(st.sampled_from(MARKS), PLAIN), max_size=40)
ARGS = r"C:\lab\args.exe"
TOKEN = "5eaf00d5"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[WineEndpoint]:
    with wine_endpoint() as started:
        yield started


def seen(endpoint: WineEndpoint, words: list[str]) -> list[str]:
    """What the program got as arguments, run in a batch as the product sends it."""
    command = " ".join([ARGS, *words])
    done = endpoint.run(f"echo {TOKEN}&{command} 2>&1&call echo {TOKEN} %^errorlevel%")
    assert done.stderr == b""
    first, *lines, last = done.stdout.decode("ascii").splitlines()
    # Nothing but the two marks and the program's own lines: no other command ran and nothing complained.
    assert first.rstrip() == TOKEN
    assert last.rstrip() == f"{TOKEN} 0"
    assert all(line.startswith("arg ") for line in lines)
    return [bytes.fromhex(line.removeprefix("arg ")).decode("utf-16-be") for line in lines]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ARGUMENTS, min_size=1, max_size=40))
@example(["&calc", "|calc", "a&&b", "^", "^^&", "(a", "a)", "<in", ">out", "2>&1", "a b", "", " "])
@example(
    ["\\", "\\\\", "a\\", "a b\\", "a b\\\\", "\\ ", "C:\\a dir\\", "'", "`", "/f", "%".replace("%", "")]
)
@example(["exit", "rem", "::", "@echo", "call", "&exit 9", ")&(", "a;b,c=d", "<local>;*.lab.test"])
def test_arguments_arrive_as_they_are(endpoint: WineEndpoint, arguments: list[str]) -> None:
    assert seen(endpoint, [quote(argument) for argument in arguments]) == arguments
    assert seen(endpoint, [quoted(argument) for argument in arguments]) == arguments


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(ARGUMENTS)
def test_tagged_arguments_arrive_as_they_are(endpoint: WineEndpoint, argument: str) -> None:
    """The form of netsh: the quotes open after the tag."""
    assert seen(endpoint, [f"bypass-list={quoted(argument)}"]) == [f"bypass-list={argument}"]


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(ARGUMENTS.filter(bool))
def test_values_arrive_in_the_registry(endpoint: WineEndpoint, argument: str) -> None:
    key = r"HKCU\Software\Lab"
    done = endpoint.run(f"reg add {key} /v name /t REG_SZ /d {quote(argument)} /f")
    assert (done.rc, done.stderr) == (0, b"")
    assert endpoint.value(key, "name") == ("REG_SZ", f"{argument}\0".encode("utf-16-le"))


@given(st.text(max_size=10), st.sampled_from(REFUSED), st.text(max_size=10))
def test_what_cannot_be_quoted_is_refused(before: str, bad: str, after: str) -> None:
    for function in (quote, quoted):
        with pytest.raises(ValueError):
            function(before + bad + after)
