# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads first on a page: how it ended, what changed, and what failed by cause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._publish import publish
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import Record, save
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._scope import Scope, save_scope
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._summary import PAGE

from tests import needs
from tests.integration.evidence.browser import Browser
from tests.unit.evidence.fleet import DIGEST, PROXY, record, state

HOSTS = 40
STARTED = 36
WHY = "winhttp is wanted, and static old:8080 wins, set by the policy value TelemetryProxyServer"

pytestmark = [
    pytest.mark.simulated,
    needs.chromium,
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


def audited(number: int) -> Record:
    """One endpoint in four is not as desired."""
    answer = ("as_desired", "drifted", "defeated", "unread")[0 if number % 4 else number // 4 % 4]
    reason = {"defeated": WHY, "unread": "nothing listens at its address"}.get(answer, "")
    seen = {} if answer == "unread" else state("direct", None, number)
    wanted = state("static", PROXY, number) if answer == "drifted" else seen
    known = record(number, HOSTS)
    return Record(
        known.host, known.run, known.who, known.started, kind="audit", state="done", verdict=answer, reason=reason,
        finished=known.finished, planned=wanted, observed=seen,
    )  # fmt: skip


def show(chromium: Browser, directory: Path, kind: str, records: list[Record]) -> None:
    """Publish records of hosts of which the last have not been started, and open the page."""
    for entry in records[:STARTED]:
        save(directory, entry)
    digest = DIGEST if kind == "rollout" else None
    hosts = tuple(entry.host for entry in records)
    change = "CHG0001" if digest else ""
    save_scope(directory, Scope(kind, change, digest, hosts, hosts, "run", "alice", records[0].started))
    publish(directory)
    chromium.complaints.clear()
    chromium.look(1400, 900, "light")
    chromium.open(directory / PAGE)


def texts(browser: Browser, selector: str) -> list[str]:
    found: list[str] = browser.ask(f"[...document.querySelectorAll('{selector}')].map(node => node.innerText)")
    return [" ".join(text.split()) for text in found]


def test_a_rollout_begins_with_how_it_ended_then_what_changed_then_what_failed_by_cause(
    chromium: Browser, tmp_path: Path
) -> None:
    lost = {"verdict": "failed", "reason": "unreachable: it does not answer in time", "changed": False, "observed": {}}
    records = [record(number, HOSTS) for number in range(HOSTS)]
    records = [replace(entry, **lost) if number in (5, 6) else entry for number, entry in enumerate(records)]
    records[0] = replace(records[0], restart="It is read at the start.", changed=True)
    show(chromium, tmp_path, "rollout", records)
    good = sum(entry.verdict == "ok" for entry in records[:STARTED])
    assert texts(chromium, "h1")[0].startswith(f"{good} of {HOSTS} are in the planned state and verified")
    assert texts(chromium, "h1")[0].endswith("4 not started.")
    (changed,) = texts(chromium, "#changes tr.batch")
    assert changed.startswith(f"{good} proxy that wins no proxy → static {PROXY} ")
    causes = texts(chromium, "#causes tr.batch")
    assert any(row.startswith("2 Failed: unreachable: it does not answer in time win-0006") for row in causes)
    assert {"4 Not started", "1 Restart due"} <= set(texts(chromium, ".tile"))
    assert chromium.complaints == []


def test_an_audit_says_what_differs_what_wins_and_who_was_not_read(chromium: Browser, tmp_path: Path) -> None:
    show(chromium, tmp_path, "audit", [audited(number) for number in range(HOSTS)])
    causes = texts(chromium, "#causes tr.batch")
    assert len(causes) == 2
    (differs,) = texts(chromium, "#changes tr.batch")
    assert differs.startswith(f"2 proxy that wins no proxy → static {PROXY} ")
    assert any(f"Defeated: {WHY}" in row for row in causes)
    assert any("Not read: nothing listens at its address" in row for row in causes)
    assert "no change needed" not in " ".join(texts(chromium, "#matrix td"))
    assert chromium.ask('document.querySelector("#batches")') is None
    assert chromium.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_on_a_narrow_screen(chromium: Browser, tmp_path: Path, scheme: str) -> None:
    show(chromium, tmp_path, "audit", [audited(number) for number in range(HOSTS)])
    chromium.look(420, 900, scheme)
    assert chromium.ask("document.documentElement.scrollWidth") <= 420
    assert chromium.ask('document.querySelector("#causes").getBoundingClientRect().right') <= 420
