# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certification authority of the lab, and the certificates of its servers and of those who sign in by one."""

from __future__ import annotations

import datetime
import ipaddress
import itertools
import ssl
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = datetime.timedelta(days=1)
_YEAR = 365 * _DAY
# Bits of a number in a signature by P-256 that has at least one leading byte of zeros.
_SHORT = 31 * 8
_PEM = serialization.Encoding.PEM
# The name of a user in a certificate ([MS-WCCE] 2.2.2.7.7.4), and how DER writes a text of less than 128 bytes.
USER_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
_TEXT = 0x0C


class Authority:
    """An authority that is made on the spot; its files lie in `directory`, which is made where it is missing.

    `pem` is the file with its certificate, `der` that certificate in bytes. Two authorities need two directories.
    """

    def __init__(self, directory: Path, name: str = "Authority of the lab") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        # Servers ask for certificates in threads of their own.
        self._numbers = itertools.count(1)
        self._key = ec.generate_private_key(ec.SECP256R1())
        # One key for all: their names make the difference, and a key costs more than a signature.
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._own()
        self.der = certificate.public_bytes(serialization.Encoding.DER)
        self.pem = directory / "authority.pem"
        self.pem.write_bytes(certificate.public_bytes(_PEM))

    def server_context(self, names: Iterable[str], *, expired: bool = False) -> ssl.SSLContext:
        """A context of a server with a new certificate for these DNS names, wildcards and IP addresses."""
        return self.server(names, expired=expired)[0]

    def server(self, names: Iterable[str], *, expired: bool = False) -> tuple[ssl.SSLContext, x509.Certificate]:
        """As server_context(), with the certificate."""
        certificate = self._leaf([_general_name(name) for name in names], ExtendedKeyUsageOID.SERVER_AUTH, expired)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._write(certificate))
        # Nobody resumes a session here, and tickets cost two messages each.
        context.num_tickets = 0
        return context, certificate

    def user_file(self, name: str) -> Path:
        """A new certificate for a user such as `lab@localhost`, with its key, in one PEM file."""
        text = name.encode()
        names = [x509.OtherName(USER_NAME, bytes([_TEXT, len(text)]) + text)]
        return self._write(self._leaf(names, ExtendedKeyUsageOID.CLIENT_AUTH))

    def client_context(self) -> ssl.SSLContext:
        """A context of a client that trusts this authority and no other."""
        return ssl.create_default_context(cafile=self.pem)

    def _own(self) -> x509.Certificate:
        public = self._key.public_key()
        usage = _key_usage(key_cert_sign=True, crl_sign=True)
        return self._signed(
            self._builder(self._name, public, expired=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
        )

    def _write(self, certificate: x509.Certificate) -> Path:
        file = self._directory / f"{next(self._numbers)}.pem"
        key = self._leaf_key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(key + certificate.public_bytes(_PEM))
        return file

    def _leaf(
        self, names: Iterable[x509.GeneralName], usage: x509.ObjectIdentifier, expired: bool = False
    ) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Server of the lab")])
        return self._signed(
            self._builder(subject, self._leaf_key.public_key(), expired)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        )

    def _signed(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        # Wine 8 takes a signature for forged where one of its two numbers is shorter than the other: one in 128.
        while True:
            certificate = builder.sign(self._key, hashes.SHA256())
            if all(number.bit_length() > _SHORT for number in decode_dss_signature(certificate.signature)):
                return certificate

    def _builder(
        self, subject: x509.Name, public: ec.EllipticCurvePublicKey, expired: bool
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        issuer = self._key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _YEAR)
            .not_valid_after(now - _DAY if expired else now + _YEAR)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
        )


def _key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
