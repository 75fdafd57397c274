# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tickets of a real KDC, over HTTPS and with messages encrypted over HTTP, and what is said of mistakes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from windows_lab import auth, kdc, wsman
from windows_lab.lab import Lab

from tests.integration.modules.interceptor import Interceptor
from tests.integration.modules.test_sign_in import INFO, PROXY, SECRET, ask, variables
from tests.integration.play import Outcome
from tests.integration.site import CONNECTIONS, task, unpack_winhttp

pytestmark = [
    pytest.mark.simulated,
    pytest.mark.skipif(bool(kdc.missing()), reason=kdc.missing() or "nothing is missing"),
]

WAYS = [(connection, scheme) for connection in ("winrs", "winrm", "psrp") for scheme in ("https", "http")]
NAME = "localhost"
ALWAYS = {"ansible_winrm_message_encryption": "always", "ansible_psrp_message_encryption": "always"}
MISTAKES = {
    "password": ({"ansible_password": SECRET}, "it refuses the account, so"),
    "account": ({"ansible_user": f"nobody@{kdc.REALM}"}, "Kerberos does not know the account, so"),
    "realm": ({"ansible_user": "lab@OTHER.TEST"}, "no domain controller of the realm is found, so"),
    "service": (
        {"ansible_winrm_kerberos_hostname_override": "other.lab.test"},
        "Kerberos knows no such service, so",
    ),
    "ticket": ({"ansible_winrm_kinit_mode": "manual"}, "there is no Kerberos ticket, so"),
    "kinit": ({"ansible_winrm_kinit_cmd": "/no/kinit"}, "the controller lacks something for Kerberos, so"),
}
Answers = dict[str, list[Outcome]]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(endpoints=len(WAYS)) as made:
        yield made


@contextlib.contextmanager
def signing(clock: str = "") -> Iterator[dict[str, Any]]:
    """A KDC that this process and what it starts know; the variables by which a host is signed in to."""
    with kdc.kdc([NAME], clock) as center, pytest.MonkeyPatch.context() as patch:
        for name, value in center.environment.items():
            patch.setenv(name, value)
        yield {
            "ansible_user": center.user,
            "ansible_winrm_transport": "kerberos",
            "ansible_winrm_kerberos_hostname_override": NAME,
            "ansible_winrm_kinit_env_vars": ["KRB5_CONFIG", "LD_LIBRARY_PATH", "PATH"],
            "ansible_psrp_auth": "kerberos",
            "ansible_psrp_negotiate_hostname_override": NAME,
        }


@dataclass
class Messages:
    """The messages that the lab read, and those of them that it had to decrypt."""

    read: list[bytes] = field(default_factory=list)
    decrypted: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def noted() -> Iterator[Messages]:
    messages = Messages()
    parse, decrypt = wsman.parse, auth.Session.decrypt

    def noting(session: auth.Session, body: bytes) -> bytes:
        messages.decrypted.append(decrypt(session, body))
        return messages.decrypted[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wsman, "parse", lambda body: messages.read.append(body) or parse(body))
        patch.setattr(auth.Session, "decrypt", noting)
        yield messages


@pytest.fixture(scope="module")
def answers(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> tuple[Answers, Messages]:
    """A read, a write and a second read of every host, right and wrong; and the messages over HTTP."""
    work = tmp_path_factory.mktemp("kerberos")
    tasks = (INFO, task("winhttp_proxy", {"proxy": PROXY}), INFO)
    with signing() as ticket:
        made = {
            (connection, scheme): variables(lab, number, connection, scheme=scheme, **ticket)
            for number, (connection, scheme) in enumerate(WAYS, 1)
        }
        secured = {"-".join(way): made[way] for way in WAYS if way[1] == "https"}
        plain = {"-".join(way): {**made[way], **ALWAYS} for way in WAYS if way[1] == "http"}
        wrong = {name: variables(lab, 1, **{**ticket, **mistake}) for name, (mistake, _said) in MISTAKES.items()}
        found = ask({**secured, **wrong}, work, *tasks)
        with noted() as messages:
            return {**found, **ask(plain, work, *tasks)}, messages


@pytest.mark.parametrize(("number", "way"), list(enumerate(WAYS, 1)))
def test_a_ticket_reads_and_writes(
    lab: Lab, answers: tuple[Answers, Messages], number: int, way: tuple[str, str]
) -> None:
    outcomes = answers[0]["-".join(way)]
    assert [outcome.status for outcome in outcomes] == ["ok"] * 3, outcomes
    found = lab.endpoints[f"clean-{number}"].value(CONNECTIONS, "WinHttpSettings")
    assert found is not None
    assert unpack_winhttp(found[1])[1] == PROXY


def test_over_http_every_message_is_encrypted_by_the_ticket(answers: tuple[Answers, Messages]) -> None:
    messages = answers[1]
    assert messages.read == messages.decrypted
    assert len([message for message in messages.read if PROXY.encode() in message]) >= 1


def test_what_opens_tls_on_the_way_gets_no_ticket_that_is_bound(lab: Lab, tmp_path: Path) -> None:
    context, trusted = lab.authority.server_context(["127.0.0.1"]), lab.authority.client_context()
    with signing() as ticket, Interceptor(context, lab.port("clean-1", "https"), trusted) as between:
        # The first ticket of pywinrm is bound to nothing.
        outcomes = ask({"psrp": variables(lab, 1, "psrp", ansible_port=between.port, **ticket)}, tmp_path, INFO)
        assert between.passed
    assert [outcome.status for outcome in outcomes["psrp"]] == ["unreachable"]
    assert "it refuses the account, so" in str(outcomes["psrp"][0].result["msg"])


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_what_is_wrong_with_kerberos_is_said_against_a_real_kdc(
    answers: tuple[Answers, Messages], mistake: str
) -> None:
    (outcome,) = answers[0][mistake]
    assert outcome.status == "unreachable"
    assert f"The connection to the endpoint failed: {MISTAKES[mistake][1]} " in str(outcome.result["msg"])
    assert not [word for word in ("Traceback", "GSS", SECRET) if word in str(outcome.result)]


def test_a_domain_controller_with_another_time_is_said(lab: Lab, tmp_path: Path) -> None:
    with signing(clock="-10m") as ticket:
        outcomes = ask(
            {connection: variables(lab, 1, connection, **ticket) for connection in ("winrs", "psrp")}, tmp_path, INFO
        )
    for connection, (outcome,) in outcomes.items():
        assert outcome.status == "unreachable", connection
        assert "the clocks differ too much for Kerberos, so set those of " in str(outcome.result["msg"]), connection
