# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules over HTTPS, with each connection and each way to sign in, and a certificate that is validated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from windows_lab import inventory
from windows_lab.lab import Lab
from windows_lab.network.authority import Authority
from windows_lab.network.faults import TlsServer

from tests.integration.modules.interceptor import Interceptor
from tests.integration.play import Outcome, run_tasks
from tests.integration.site import CONNECTIONS, task, unpack_winhttp

pytestmark = pytest.mark.simulated

WAYS = [
    (connection, transport) for connection in ("winrs", "winrm", "psrp") for transport in inventory.TRANSPORTS
]
PROXY = "proxy.lab.test:8080"
INFO = task("endpoint_info", {})


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(endpoints=len(WAYS)) as made:
        yield made


def variables(
    lab: Lab,
    number: int,
    connection: Any = "winrs",
    transport: Any = "basic",
    scheme: Any = "https",
    **more: Any,
) -> dict[str, Any]:
    """Variables of one endpoint of the lab, for a host of any name."""
    group = inventory.document(lab, connection, transport, scheme)["windows"]
    return {**group["vars"], **group["hosts"][f"clean-{number}"], **more}


def ask(
    hosts: Mapping[str, Mapping[str, Any]], work: Path, *tasks: Mapping[str, Any]
) -> dict[str, list[Outcome]]:
    """Run tasks on hosts with these variables; the outcomes of each."""
    file = work / "inventory.yml"
    file.write_text(yaml.safe_dump({"windows": {"hosts": {name: dict(of) for name, of in hosts.items()}}}))
    run = run_tasks(tasks, file, work, ["-f", "4"])
    return {name: [outcome for outcome in run.outcomes if outcome.host == name] for name in hosts}


@pytest.fixture(scope="module")
def signed_in(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Outcome]]:
    """What a read, a write and a second read gave over each way, all in one run."""
    hosts = {"-".join(way): variables(lab, number, *way) for number, way in enumerate(WAYS, 1)}
    write = task("winhttp_proxy", {"proxy": PROXY})
    return ask(hosts, tmp_path_factory.mktemp("signed-in"), INFO, write, INFO)


@pytest.mark.parametrize(("number", "way"), list(enumerate(WAYS, 1)))
def test_an_endpoint_is_read_and_written_over_https(
    lab: Lab, signed_in: dict[str, list[Outcome]], number: int, way: tuple[str, str]
) -> None:
    outcomes = signed_in["-".join(way)]
    assert [outcome.status for outcome in outcomes] == ["ok"] * 3, outcomes
    before, write, after = (outcome.result for outcome in outcomes)
    assert write["changed"]
    found = lab.endpoints[f"clean-{number}"].value(CONNECTIONS, "WinHttpSettings")
    assert found is not None
    assert unpack_winhttp(found[1])[1] == PROXY
    assert PROXY not in str(before["winhttp"])
    assert PROXY in str(after["winhttp"])


def test_what_opens_tls_on_the_way_gets_a_password_and_no_ntlm(lab: Lab, tmp_path: Path) -> None:
    trusted = lab.authority.client_context()
    with Interceptor(
        lab.authority.server_context(["127.0.0.1"]), lab.port("clean-1", "https"), trusted
    ) as between:
        hosts = {
            "-".join(way): variables(lab, 1, *way, ansible_port=between.port)
            for way in WAYS
            if way[1] != "certificate"
        }
        outcomes = ask(hosts, tmp_path, INFO)
        assert between.passed
    ended = {name: [outcome.status for outcome in of] for name, of in outcomes.items()}
    assert ended == {name: ["ok" if name.endswith("basic") else "unreachable"] for name in hosts}


def test_a_sign_in_that_is_not_bound_is_refused(lab: Lab, tmp_path: Path) -> None:
    other = str(lab.authority.user_file("other@localhost"))
    hosts = {
        "winrs": variables(lab, 1, "winrs", "ntlm", ansible_winrm_send_cbt=False),
        "psrp": variables(lab, 1, "psrp", "ntlm", ansible_psrp_negotiate_send_cbt=False),
        "other": variables(
            lab, 1, "winrs", "certificate", ansible_winrm_cert_pem=other, ansible_winrm_cert_key_pem=other
        ),
    }
    outcomes = ask(hosts, tmp_path, INFO)
    assert {name: [outcome.status for outcome in of] for name, of in outcomes.items()} == dict.fromkeys(
        hosts, ["unreachable"]
    )


SECRET = "no-password-of-the-lab"
SCHEME = {"winrs": "ansible_winrm_scheme", "psrp": "ansible_psrp_protocol"}
TRUST = {"winrs": "ansible_winrm_ca_trust_path", "psrp": "ansible_psrp_ca_cert"}
SAID = {
    "untrusted": ("its certificate is not trusted, so", TRUST),
    "nowhere": ("the file of trusted authorities is not there, so", TRUST),
    "name": ("its certificate is for another name, so", dict.fromkeys(SCHEME, "ansible_host")),
    "expired": ("its certificate has expired, so", dict.fromkeys(SCHEME, "WinRM")),
    "password": ("it refuses the account, so", dict.fromkeys(SCHEME, "ansible_password")),
    "plain": ("the connection was lost, as", SCHEME),
    "secured": ("it speaks HTTP at this port and not HTTPS, so", SCHEME),
}


@pytest.fixture(scope="module")
def refused(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Outcome]]:
    """What a read gave with each mistake, over both kinds of connection, all in one run."""
    work = tmp_path_factory.mktemp("refused")
    with TlsServer(lab.authority.server_context(["127.0.0.1"], expired=True)) as expired:
        hosts = {}
        for connection, scheme in SCHEME.items():
            mistakes = {
                "untrusted": {TRUST[connection]: str(Authority(work / connection).pem)},
                "nowhere": {TRUST[connection]: str(work / "nowhere.pem")},
                "name": {"ansible_host": "localhost"},
                "expired": {"ansible_port": expired.port},
                "password": {"ansible_password": SECRET},
                "plain": {scheme: "http"},
                "secured": {"ansible_port": lab.ports["clean-1"]},
            }
            for name, mistake in mistakes.items():
                hosts[f"{connection}-{name}"] = variables(lab, 1, connection, "ntlm", **mistake)
        return ask(hosts, work, INFO)


@pytest.mark.parametrize("connection", list(SCHEME))
@pytest.mark.parametrize("mistake", list(SAID))
def test_what_is_wrong_with_https_is_one_sentence(
    refused: dict[str, list[Outcome]], connection: str, mistake: str
) -> None:
    (outcome,) = refused[f"{connection}-{mistake}"]
    cause, named = SAID[mistake]
    said = str(outcome.result["msg"])
    assert outcome.status == "unreachable"
    assert f"The connection to the endpoint failed: {cause} " in said
    assert named[connection] in said
    whole = str(outcome.result)
    assert not [word for word in ("Traceback", "ssl.c", "HTTPSConnectionPool", SECRET) if word in whole]
