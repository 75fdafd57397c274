# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WinHTTP's two looks at a certificate: as always, and ignoring only that its authority is unknown."""

from __future__ import annotations

import datetime
import functools
import ssl
from pathlib import Path

from cryptography import x509

from windows_lab.simulated.winhttp_errors import SECURE_FAILURE, WinHttpError


@functools.cache
def strict(authorities: Path | None) -> ssl.SSLContext:
    """Trust these authorities and no other; a context takes milliseconds to make, and threads can share it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authorities is not None:
        context.load_verify_locations(authorities)
    return context


@functools.cache
def lenient() -> ssl.SSLContext:
    """Accept any certificate; whoever uses it calls `check_name_and_dates`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def check_name_and_dates(peer: ssl.SSLSocket, host: str) -> None:
    """Raise WinHttpError where a certificate of an unknown authority is also for another name or out of date."""
    certificate = x509.load_der_x509_certificate(peer.getpeercert(binary_form=True) or b"")
    now = datetime.datetime.now(datetime.UTC)
    valid = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
    if not valid or not any(_names(name.lower(), host.lower()) for name in _subjects(certificate)):
        raise WinHttpError(SECURE_FAILURE)


def _subjects(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = names.get_values_for_type(x509.IPAddress)
    return [*names.get_values_for_type(x509.DNSName), *(str(address) for address in addresses)]


def _names(name: str, host: str) -> bool:
    # A wildcard stands for exactly one label.
    return name == host or (name.startswith("*.") and name[2:] == host.partition(".")[2])
