# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may talk to the WinRM front, asked without a connection: what NTLM is bound to, and whose certificate it is."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import spnego
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from spnego.channel_bindings import GssChannelBindings
from windows_lab import auth
from windows_lab.network.authority import Authority
from windows_lab.tls import Tls

MUTUAL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"


def signs_in(session: auth.Session, binding: GssChannelBindings | None) -> bool:
    """Whether NTLM with the right password and this binding ends well."""
    client = spnego.client(
        auth.USER,
        auth.PASSWORD,
        protocol="ntlm",
        options=spnego.NegotiateOptions.use_ntlm,
        channel_bindings=binding,
    )
    token = client.step()
    for _leg in range(2):
        assert token
        admitted, values = auth.admit(f"Negotiate {base64.b64encode(token).decode()}", session)
        if admitted or client.complete:
            return admitted
        token = client.step(base64.b64decode(values[0].partition(" ")[2]))
    return False


def test_ntlm_over_tls_has_to_be_bound_to_the_certificate_of_its_port(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    own, other = (Tls.of(authority, ["127.0.0.1"]).binding for _time in range(2))
    assert signs_in(auth.Session(own), own)
    assert not signs_in(auth.Session(own), other)
    assert not signs_in(auth.Session(own), None)
    assert signs_in(auth.Session(), None)


@pytest.mark.parametrize(("user", "admitted"), [(auth.CERTIFIED, True), ("other@localhost", False)])
def test_a_certificate_signs_in_where_it_is_mapped_to_the_account(
    tmp_path: Path, user: str, admitted: bool
) -> None:
    file = Authority(tmp_path).user_file(user)
    shown = x509.load_pem_x509_certificate(file.read_bytes()).public_bytes(Encoding.DER)
    assert auth.admit(MUTUAL, auth.Session(certificate=shown))[0] is admitted
    # A certificate alone is no sign-in, and neither is the header.
    assert not auth.admit("", auth.Session(certificate=shown))[0]
    assert not auth.admit(MUTUAL, auth.Session())[0]


def test_the_certificate_of_a_server_or_of_an_authority_is_nobodys(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    _context, server = authority.server(["lab"])
    for shown in (server.public_bytes(Encoding.DER), authority.der):
        assert not auth.admit(MUTUAL, auth.Session(certificate=shown))[0]
