# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a port of the WinRM front speaks TLS."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from spnego.channel_bindings import GssChannelBindings

from windows_lab.network.authority import Authority


@dataclass(frozen=True)
class Tls:
    """The context of a port, and what NTLM over it is bound to: the hash of its certificate (RFC 5929, 4.1)."""

    context: ssl.SSLContext
    binding: GssChannelBindings

    @classmethod
    def of(cls, authority: Authority, names: Iterable[str]) -> Tls:
        """With a certificate for these names; a client may show one of the same authority."""
        context, certificate = authority.server(names)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(authority.pem)
        # The lab's authority signs with SHA-256, so that is the hash.
        digest = certificate.fingerprint(hashes.SHA256())
        return cls(context, GssChannelBindings(application_data=b"tls-server-end-point:" + digest))
