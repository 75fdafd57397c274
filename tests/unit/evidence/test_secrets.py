# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No credential gets into any file of evidence, wherever it stands and however it is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence import _completion
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._journal import Journal
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._secrets import clean, text
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._summary import Head
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.evidence.fleet import DIGEST, record
from tests.unit.growth import assert_linear

SECRET = "hunter2Zebra"
NOW = "2026-01-31T12:00:00Z"

# A password around the secret may hold anything but what would make it another one.
_NOISE = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=5)


@st.composite
def forms(draw: st.DrawFn) -> list[str]:
    """Texts that hold a user name and password, one in each of the forms in which they come."""
    password = f"{draw(_NOISE)}{SECRET}{draw(_NOISE)}"
    # A control character before the at sign is what tells a length of 64 from one.
    stored = f"svc:{''.join(filter(str.isprintable, password))}@proxy.example.com:8080"
    plain = f"corp\\svc:{password}@proxy.example.com:8080"
    return [
        plain,
        f"http://svc:{password}@proxy.example.com:8080/",
        f"https=svc:{password}@proxy.example.com:8080;http=other:80",
        f'netsh winhttp set proxy proxy-server="{plain}" bypass-list="<local>"',
        f"http://svc%3A{SECRET}%40proxy.example.com",
        f"Proxy-Authorization: Basic {SECRET}",
        f"https://blob.example.com/x?sv=1&sig={SECRET}",
        f"the task said password={SECRET} and stopped",
        stored.encode().hex(),
        f'reg add "HKLM\\X" /v "Y" /t REG_BINARY /d {stored.encode("utf-16-le").hex()} /f',
    ]


def credentials() -> st.SearchStrategy[str]:
    """One of these texts."""
    return forms().flatmap(st.sampled_from)


def planted(secret: str) -> dict[str, Any]:
    """The result of a task with the secret in every place where a text can be."""
    state = {
        "winhttp": {"native": {"proxy": secret, "bypass": [secret], "raw": secret}},
        "effective": {"method": secret, "proxy": secret, "why": secret, "set_by": secret},
        secret: "a key",
    }
    row = {
        "url": secret, "host": secret, "path": secret, "via": secret, "verdict": "failed", "reason": secret,
        "answered_by": secret, "error_name": secret, "advice": secret, "headers": {"via": secret, secret: secret},
        "milliseconds": 1, "status": 407,
    }  # fmt: skip
    return {
        "changed": True, "msg": secret, "before": state, "after": state, "commands": [secret], "warnings": [secret],
        "snapshot": [{"key": secret, "name": secret, "view": 64, "absent": False, "type": "REG_SZ", "data": secret}],
        "effective": state["effective"], "rows": [row], "findings": [{"url": secret, "text": secret}],
        "summary": {"rows": 1, "ok": 0, "failed": 1, "unknown": 0, "reasons": {secret: 1}, "reachable": False},
        "verdict": "failed", "reason": secret, "batch": 1, "change": secret, "plan_digest": DIGEST,
    }  # fmt: skip


def written(directory: Path) -> str:
    """Everything in the files of a directory, in lower case for the sake of hex digits."""
    return "\n".join(path.read_text() for path in directory.rglob("*") if path.is_file()).lower()


# Every example has all forms, in one directory: what takes the time is the files.
@settings(max_examples=6, deadline=None)
@given(forms())
def test_no_file_holds_a_credential(secrets: list[str]) -> None:
    with TemporaryDirectory() as folder:
        journal = Journal(Path(folder), Head("run", "alice", NOW), lambda: NOW)
        for number, secret in enumerate(secrets):
            plant(journal, f"{number}-", secret)
        journal.finish()
        content = written(Path(folder))
    assert not journal.damaged
    for form in (SECRET, SECRET.encode().hex(), SECRET.encode("utf-16-le").hex()):
        assert form.lower() not in content


def plant(journal: Journal, prefix: str, secret: str) -> None:
    """Let hosts end in every way, each with the secret in all that is known of it."""
    result = planted(secret)
    for step in (_completion.with_settings, _completion.with_reachability, _completion.with_verdict):
        journal.change(f"{prefix}one", 1, lambda known, now, step=step: step(known, result, now))
    journal.change(f"{prefix}two", 1, lambda known, now: _completion.failed(known, result, "a task", now))
    journal.change(f"{prefix}three", 1, lambda known, now: _completion.unreachable(known, secret, now))
    journal.change(f"{prefix}four", 1, lambda known, now: _completion.with_settings(known, result, now))
    journal.change(f"{prefix}four", 1, lambda known, now: _completion.lost_after_verdict(known, secret, now))


@pytest.mark.parametrize(
    "name", ["password", "ansible_password", "proxy_secret", "Authorization", "api_key", "token", "credentials"]
)
def test_the_value_of_a_key_that_names_a_secret_is_hidden(name: str) -> None:
    assert SECRET not in str(clean({"a": [{name: SECRET}, {name: {"deep": [SECRET]}}]}))


@example("svc:pw@proxy_pwd:1 x")
@example("00000000fasig=1")
@given(credentials())
def test_twice_is_as_once(secret: str) -> None:
    assert text(text(secret)) == text(secret)
    assert clean(clean(planted(secret))) == clean(planted(secret))


@pytest.mark.parametrize(
    "harmless",
    [
        "proxy.example.com:8080",
        'netsh winhttp set proxy proxy-server="proxy:8080" bypass-list="<local>;*.corp.example.com"',
        "460000000a0000000900000000000000000000000000000001000000",
        r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection\DisableEnterpriseAuthProxy",
        "proxy_auth_required",
        "The sensor is onboarded, and a static proxy needs a restart.",
    ],
)
def test_what_is_no_credential_stays(harmless: str) -> None:
    assert text(harmless) == harmless


def test_a_snapshot_is_kept_whole_or_not_at_all() -> None:
    entry = {"key": "K", "name": "TelemetryProxyServer", "view": 64, "absent": False, "type": "REG_SZ"}
    held = b"svc:hunter2@proxy:8080".hex()
    assert clean({**entry, "data": held}) == {**entry, "withheld": "it may hold credentials"}
    plain = "proxy:8080\0".encode("utf-16-le").hex()
    assert clean({**entry, "data": plain}) == {**entry, "data": plain}
    assert clean({**entry, "data": "no digits"}) == {**entry, "withheld": "it may hold credentials"}


def test_names_of_hosts_and_people_stay() -> None:
    who = replace(record(0, 10), who="alice@example.com", host="win@site.example.com")
    with TemporaryDirectory() as folder:
        journal = Journal(Path(folder), Head("run", "alice@example.com", NOW), lambda: NOW)
        journal.change(who.host, 1, lambda known, now: known)
        journal.finish()
        assert "alice@example.com" in written(Path(folder))


WORST = [
    "x", ":", "%40", "u:p@", "pwd", "password ", "passwd:", "secret=", "0", "00@", "\uff20", "authorization:", "sig",
]  # fmt: skip


def test_time_grows_with_the_length_and_not_with_its_square() -> None:
    for unit in WORST:
        assert_linear(text.__wrapped__, unit * 4_000, unit * 64_000)
