# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kerberos over HTTPS, with tickets of a real KDC, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from windows_lab import kdc
from windows_lab.lab import Lab

from tests.integration.modules.test_sign_in import INFO, PROXY, SECRET, ask, variables
from tests.integration.play import Outcome
from tests.integration.site import CONNECTIONS, task, unpack_winhttp

pytestmark = [
    pytest.mark.simulated,
    pytest.mark.skipif(bool(kdc.missing()), reason=kdc.missing() or "nothing is missing"),
]

WAYS = ("winrs", "winrm")
NAME = "localhost"
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


@pytest.fixture(scope="module")
def answers(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    """A read, a write and a second read of every host, right and wrong, in one run."""
    work = tmp_path_factory.mktemp("kerberos")
    with kdc.kdc([NAME]) as center, pytest.MonkeyPatch.context() as patch:
        for name, value in center.environment.items():
            patch.setenv(name, value)
        signing = {
            "ansible_user": center.user,
            "ansible_winrm_transport": "kerberos",
            "ansible_winrm_kerberos_hostname_override": NAME,
            "ansible_winrm_kinit_env_vars": ["KRB5_CONFIG", "LD_LIBRARY_PATH", "PATH"],
        }
        hosts = {way: variables(lab, number, way, **signing) for number, way in enumerate(WAYS, 1)}
        for name, (mistake, _said) in MISTAKES.items():
            hosts[name] = variables(lab, 1, **{**signing, **mistake})
        yield ask(hosts, work, INFO, task("winhttp_proxy", {"proxy": PROXY}), INFO)


@pytest.mark.parametrize(("number", "way"), list(enumerate(WAYS, 1)))
def test_a_ticket_reads_and_writes(lab: Lab, answers: Answers, number: int, way: str) -> None:
    assert [outcome.status for outcome in answers[way]] == ["ok"] * 3, answers[way]
    found = lab.endpoints[f"clean-{number}"].value(CONNECTIONS, "WinHttpSettings")
    assert found is not None
    assert unpack_winhttp(found[1])[1] == PROXY


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_what_is_wrong_with_kerberos_is_said_against_a_real_kdc(answers: Answers, mistake: str) -> None:
    (outcome,) = answers[mistake]
    assert outcome.status == "unreachable"
    assert f"The connection to the endpoint failed: {MISTAKES[mistake][1]} " in str(outcome.result["msg"])
    assert not [word for word in ("Traceback", "GSS", SECRET) if word in str(outcome.result)]
