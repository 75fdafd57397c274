# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that were not asked for: after a write they are unknown, and nothing of them acts on a terminal."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from windows_lab.backend import Completed
from windows_lab.lab import Lab

from tests.integration.hostile.hostile import Answering
from tests.integration.site import CONNECTIONS, DIRECT, SETTINGS, Site, sz, task

pytestmark = pytest.mark.simulated

SET = "winhttp set proxy"
TERMINAL = "\x1b]0;owned\x07\x1b[2J\x9b31m\x08\x08\r\u202e\u200b"
# An answer to a write, by what is wrong with it.
AFTER = {
    "an exit code of 5,000 digits": lambda out: re.sub(rb" (-?\d+)(\s*)$", b" " + b"7" * 5000 + rb"\2", out),
    "no exit codes": lambda out: re.sub(rb" -?\d+(?=\r)", b"", out),
    "half of it": lambda out: out[: len(out) // 2],
    "nothing": lambda _out: b"",
    "twice": lambda out: out + out,
    "no text": lambda out: bytes(range(256)) * 40,
    "100,000 brackets": lambda out: b"[" * 100_000 + out[:40],
    "other values": lambda out: out.replace(b"REG_BINARY    ", b"REG_BINARY    " + b"F" * 100_001),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Lab(backend=Answering, endpoints=1) as lab:
        yield Site(lab, Path(tmp_path_factory.mktemp("hostile")))


def answering(site: Site) -> Answering:
    assert isinstance(site.endpoint, Answering)
    return site.endpoint


def no_harm(text: str) -> bool:
    return not set(text) & set("\x1b\x07\x08\r\x9b\u202e\u200b")


def test_after_a_write_whatever_comes_back_is_unknown(site: Site) -> None:
    damages = iter(AFTER.values())

    def answer(line: str, done: Completed) -> Completed:
        return dataclasses.replace(done, stdout=next(damages)(done.stdout)) if SET in line else done

    answering(site).answer = answer
    tasks = [
        task("winhttp_proxy", {"proxy": f"p{number}.corp.test:80"}, ignore_errors=True) for number in range(len(AFTER))
    ]
    run = site.run(*tasks)
    assert len(run.outcomes) == len(AFTER)
    for number, (what, outcome) in enumerate(zip(AFTER, run.outcomes, strict=True)):
        result = outcome.result
        assert outcome.status == "failed", what
        assert result["unknown"] is True, what
        assert result["changed"] is True, what
        assert result["after"] is None, what
        assert result["expected"]["winhttp"]["native"]["proxy"] == f"p{number}.corp.test:80", what
        assert "unknown: the write was sent" in result["msg"], what
        assert "Traceback" not in str(result), what
    # It was written each time.
    assert site.winhttp()[1] == f"p{len(AFTER) - 1}.corp.test:80"


@pytest.mark.parametrize("where", ["stdout", "stderr"])
def test_nothing_that_an_endpoint_says_acts_on_a_terminal(site: Site, where: str) -> None:
    said = f"{TERMINAL} Zugriff verweigert {TERMINAL}\r\n".encode()

    def answer(_line: str, done: Completed) -> Completed:
        if where == "stderr":
            return Completed(1, b"", said)
        # Noise before the batch, and words in the place of each answer of reg.exe.
        return dataclasses.replace(done, stdout=said + re.sub(rb"(?m)^    [A-Z]", said, done.stdout))

    answering(site).answer = answer
    tasks = [task(name, {}, ignore_errors=True) for name in ("endpoint_info", "sensor_contacts")]
    run = site.run(*tasks, arguments=["-vvv"])
    assert [outcome.status for outcome in run.outcomes] == ["failed", "failed"]
    for outcome in run.outcomes:
        assert no_harm(outcome.result["msg"]), outcome.result["msg"]
    assert no_harm(run.output.replace("\r\n", "\n"))


def test_values_of_a_registry_do_not_act_on_a_terminal(site: Site) -> None:
    answering(site).answer = lambda _line, done: done
    user = rf"HKCU\{SETTINGS}"
    policy = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"
    site.endpoint.set_value(user, "AutoConfigURL", "REG_SZ", sz(f"http://pac.test/{TERMINAL}"))
    site.endpoint.set_value(policy, "TelemetryProxyServer", "REG_SZ", sz(f"p.test:80{TERMINAL}"))
    run = site.run(
        task("endpoint_info", {}),
        task("datacollection_proxy", {"server": "p.test:80"}, check_mode=True, diff=True),
    )
    assert [outcome.status for outcome in run.outcomes] == ["ok", "ok"]
    assert no_harm(run.output)
    assert all(no_harm(str(outcome.result)) for outcome in run.outcomes)
    assert run.outcomes[1].result["changed"]


def test_what_is_too_long_to_be_a_setting_is_said_with_its_length(site: Site) -> None:
    answering(site).answer = lambda _line, done: done
    site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", bytes(40_000))
    (outcome,) = site.run(task("winhttp_proxy", {"proxy": "p.corp.test:80"})).outcomes
    assert outcome.status == "failed"
    assert "has 80000 characters, which is too long to be a setting (at most 65536)" in outcome.result["msg"]
    assert site.endpoint.value(CONNECTIONS, "WinHttpSettings") == ("REG_BINARY", bytes(40_000))


def test_a_user_without_rights_does_not_hold_up_a_report(site: Site) -> None:
    answering(site).answer = lambda _line, done: done
    site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", DIRECT)
    site.endpoint.set_value(rf"HKCU\{SETTINGS}", "AutoConfigURL", "REG_SZ", sz("a@%40" * 200_000))
    (outcome,) = site.run(task("endpoint_info", {}, timeout=120)).outcomes
    assert outcome.status == "ok"
    assert outcome.result["winhttp"]["native"]["direct"]
    # It is unknown, and neither cut nor guessed.
    connection = outcome.result["wininet"]["connection"]
    assert (connection["readable"], connection["auto_config_url_value"]) == (False, None)
