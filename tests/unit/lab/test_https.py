# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WinRM front over HTTPS, as a client sees it that knows nothing of the lab."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from windows_lab.lab import PORTS, Lab
from windows_lab.network.authority import Authority


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(endpoints=2) as made:
        yield made


def names(lab: Lab, name: str, trusted: Authority, asked: str = "127.0.0.1") -> set[str]:
    """The names in the certificate of an endpoint, whose handshake a client has accepted."""
    with (
        socket.create_connection(("127.0.0.1", lab.port(name, "https")), 10) as connection,
        trusted.client_context().wrap_socket(connection, server_hostname=asked) as secured,
    ):
        shown = secured.getpeercert()
    assert shown
    return {str(pair[1]) for pair in shown["subjectAltName"]}


def test_each_endpoint_shows_a_certificate_for_its_own_name(lab: Lab) -> None:
    assert names(lab, "clean-1", lab.authority) == {"127.0.0.1", "clean-1"}
    assert names(lab, "clean-2", lab.authority, "clean-2") == {"127.0.0.1", "clean-2"}


def test_a_client_that_does_not_trust_the_authority_or_asks_for_another_name_refuses(
    lab: Lab, tmp_path: Path
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="self-signed certificate"):
        names(lab, "clean-1", Authority(tmp_path))
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        names(lab, "clean-1", lab.authority, "clean-2")


def test_an_inventory_for_https_validates(lab: Lab, tmp_path: Path) -> None:
    plain = yaml.safe_load(lab.inventory(tmp_path / "http.yml").read_text())["windows"]
    winrs = yaml.safe_load(lab.inventory(tmp_path / "winrs.yml", scheme="https").read_text())["windows"]
    psrp = yaml.safe_load(
        lab.inventory(tmp_path / "psrp.yml", connection="psrp", scheme="https").read_text()
    )["windows"]
    assert winrs["vars"]["ansible_winrm_server_cert_validation"] == "validate"
    assert winrs["vars"]["ansible_winrm_ca_trust_path"] == psrp["vars"]["ansible_psrp_ca_cert"]
    assert Path(psrp["vars"]["ansible_psrp_ca_cert"]) == lab.authority.pem
    ports = [
        group["hosts"][name]["ansible_port"] for group in (plain, winrs) for name in ("clean-1", "clean-2")
    ]
    assert len(set(ports)) == 4
    with pytest.raises(ValueError, match="no scheme ftp"):
        lab.inventory(tmp_path / "ftp.yml", scheme="ftp")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="needs the scheme https"):
        lab.inventory(tmp_path / "certificate.yml", transport="certificate")


def test_many_endpoints_share_a_port_for_https_and_the_files_go_with_the_lab() -> None:
    with Lab(endpoints=PORTS + 1) as lab:
        assert lab.port("clean-1", "https") == lab.port("clean-65", "https") != lab.ports["clean-1"]
        assert names(lab, "clean-65", lab.authority) == {"127.0.0.1"}
        assert lab.authority.pem.exists()
    assert not lab.authority.pem.exists()
