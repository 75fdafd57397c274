# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a package to an endpoint: what is taken for an arrival, for an end, and for one that was left behind."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import Refused
from ansible_collections.mde.connectivity.plugins.plugin_utils._streamlined import _delivery
from ansible_collections.mde.connectivity.plugins.plugin_utils._streamlined._delivery import (
    Left,
    clear,
    deliver,
    run,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Command, Completed

SCRIPT = b"reg add x /d secret\r\n" + bytes(range(1, 256)) + b"x" * 9000
HASH = hashlib.sha256(SCRIPT).hexdigest()
FINE = Completed(0, "")


class Endpoint:
    """Answers each command by the first of the rules whose word is in it."""

    def __init__(self, **rules: Completed) -> None:
        self.rules = rules
        self.sent: list[Command] = []

    def run(self, commands: Sequence[Command]) -> list[Completed]:
        self.sent += commands
        return [next((a for word, a in self.rules.items() if word in each.text), FINE) for each in commands]


def taken(call: Callable[..., Any], *arguments: Any, **rules: Completed) -> tuple[Any, Endpoint]:
    endpoint = Endpoint(**rules)
    return call(endpoint, *arguments), endpoint


@pytest.mark.parametrize("shown", [HASH, HASH.upper(), re.sub("(..)", r"\1 ", HASH)])
def test_a_package_arrives_to_the_byte_and_no_command_line_holds_any_of_it(shown: str) -> None:
    _none, endpoint = taken(deliver, SCRIPT, hashfile=Completed(0, f"SHA256 hash of file:\n{shown}\nCertUtil: done\n"))
    (sent,) = [command for command in endpoint.sent if command.stdin]
    _word, *lines = sent.stdin.split("\r\n")
    assert base64.b64decode("".join(lines)) == SCRIPT
    assert max(map(len, lines)) == 64
    assert not [each.text for each in endpoint.sent if "secret" in each.text or "c2Vjc" in each.text]
    assert not [each for each in endpoint.sent if "schtasks /run" in each.text]


@pytest.mark.parametrize(
    "rules",
    [
        {"hashfile": Completed(0, f"SHA256 hash of file:\n{HASH[:-1]}0\n")},
        {"hashfile": Completed(0, "")},
        {"hashfile": Completed(2, HASH)},
        {"decode": Completed(5, "Access is denied."), "hashfile": Completed(0, HASH)},
    ],
)
def test_anything_else_did_not_arrive_and_is_taken_away(rules: dict[str, Completed]) -> None:
    endpoint = Endpoint(**rules)
    with pytest.raises(Refused, match=r"^The package did not arrive as it is, and did not run; .* The endpoint said: "):
        deliver(endpoint, SCRIPT)  # type: ignore[arg-type]
    assert endpoint.sent[-2].text.startswith("rd /s /q ")
    assert "exist" in endpoint.sent[-1].text


@pytest.mark.parametrize(
    ("said", "code"),
    [("exit 0 \n", 0), ("exit 10 \n", 10), ("exit -1073741819 \n", -1073741819), ("", None), ("exit x\n", None)],
)
def test_the_exit_code_is_what_stands_in_the_answer_and_nothing_else(said: str, code: int | None) -> None:
    found, endpoint = taken(run, type=Completed(0, said))
    assert found == code
    texts = [each.text for each in endpoint.sent]
    assert texts.index(f"schtasks /end /tn {_delivery.NAME}") > texts.index(f"schtasks /run /tn {_delivery.NAME}")


def test_a_task_that_is_not_made_runs_nothing() -> None:
    with pytest.raises(Refused, match="^The package could not be started, and did not run. The endpoint said: ERROR"):
        taken(run, create=Completed(1, "ERROR: Access is denied."))


def test_what_is_left_on_the_endpoint_is_said() -> None:
    left = Completed(0, "left\n")
    with pytest.raises(Left, match=r"remove %SystemRoot%\\mde.connectivity.onboarding by hand. It ended with exit"):
        taken(run, type=Completed(0, "exit 0 \n"), left=left)
    with pytest.raises(Left, match="by hand. It did not end."):
        taken(run, left=left)
    with pytest.raises(Left, match="by hand.$"):
        taken(clear, left=left)
