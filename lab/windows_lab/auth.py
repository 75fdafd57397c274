# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may talk to the WinRM front: Basic, NTLM and Kerberos with encrypted messages, and certificates over HTTPS.

Over HTTPS, NTLM has to be bound to the certificate of the port, as Windows wants it with CbtHardeningLevel Strict.
A token of zeros, by which a client says that it knows no certificate, passes though: pyspnego takes it. So does a
ticket that is bound to nothing, as with CbtHardeningLevel Relaxed; pywinrm sends such a one first.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
import os
import re
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

import spnego
from cryptography import x509
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

from windows_lab.network.authority import USER_NAME

USER = "lab"
PASSWORD = "lab-password"
# The user of the certificate that is mapped to the account.
CERTIFIED = f"{USER}@localhost"
CHALLENGES = ("Negotiate", 'Basic realm="WSMAN"')
ENCRYPTED = "multipart/encrypted"

# How a client says that its certificate is its sign-in.
_MUTUAL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
# The object identifiers of Kerberos and of SPNEGO, which tokens begin with (RFC 4121, 4.1; RFC 4178, 4.2).
_KERBEROS = bytes.fromhex("06092a864886f712010202")
_SPNEGO = bytes.fromhex("06062b0601050502")
_BOUNDARY = b"--Encrypted Boundary"
# As pywinrm and pypsrp call it with Kerberos too.
_PROTOCOL = "application/HTTP-SPNEGO-session-encrypted"
_PAYLOAD = b"\tContent-Type: application/octet-stream\r\n"
_SIZE = struct.Struct("<I")
_LENGTH = re.compile(rb"OriginalContent:[^\r\n]*Length=(\d+)")
_END = re.compile(rb"--\s*Encrypted Boundary--(?:\r\n)?\Z")


class NotDecrypted(Exception):
    """A message does not belong to the security context of its connection."""


@dataclass
class Session:
    """What one TCP connection has proved so far: NTLM and Kerberos hold for the connection, not for a request.

    Over TLS there is what they have to be bound to, and the certificate of the client in DER, where it showed one.
    """

    binding: GssChannelBindings | None = None
    certificate: bytes | None = None
    context: spnego.ContextProxy | None = None

    @property
    def established(self) -> bool:
        return self.context is not None and self.context.complete

    def decrypt(self, body: bytes) -> bytes:
        """The message in a `multipart/encrypted` body; raises NotDecrypted."""
        head, _separator, rest = body.partition(_PAYLOAD)
        payload = _END.sub(b"", rest)
        length = _LENGTH.search(head)
        if self.context is None or length is None or len(payload) < _SIZE.size:
            raise NotDecrypted("the message has no security context, no length or no payload")
        (size,) = _SIZE.unpack_from(payload)
        try:
            message: bytes = self.context.unwrap_winrm(
                payload[_SIZE.size :][:size], payload[_SIZE.size :][size:]
            )
        except (SpnegoError, ValueError) as error:
            raise NotDecrypted(str(error)) from error
        if len(message) != int(length[1]):
            raise NotDecrypted(f"the message has {len(message)} bytes instead of {int(length[1])}")
        return message

    def encrypt(self, message: bytes) -> tuple[str, bytes]:
        """Content type and body that carry `message`."""
        assert self.context is not None
        sealed = self.context.wrap_winrm(message)
        original = f"type=application/soap+xml;charset=UTF-8;Length={len(message) + sealed.padding_length}"
        head = f"\tContent-Type: {_PROTOCOL}\r\n\tOriginalContent: {original}\r\n".encode()
        payload = _SIZE.pack(len(sealed.header)) + sealed.header + sealed.data
        separator = _BOUNDARY + b"\r\n"
        body = separator + head + separator + _PAYLOAD + payload + _BOUNDARY + b"--\r\n"
        return f'{ENCRYPTED};protocol="{_PROTOCOL}";boundary="Encrypted Boundary"', body


def admit(authorization: str, session: Session) -> tuple[bool, tuple[str, ...]]:
    """Whether the request may pass, and the WWW-Authenticate values that go out with its answer."""
    scheme, _blank, token = authorization.partition(" ")
    if not scheme:
        return session.established, () if session.established else CHALLENGES
    if scheme.lower() == "basic":
        admitted = _basic(token)
        return admitted, () if admitted else CHALLENGES
    if scheme.lower() in ("negotiate", "ntlm"):
        return _negotiate(scheme, token, session)
    if scheme == _MUTUAL and session.certificate and _mapped(session.certificate):
        return True, ()
    return False, CHALLENGES


def _mapped(certificate: bytes) -> bool:
    try:
        names = x509.load_der_x509_certificate(certificate).extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except x509.ExtensionNotFound:
        return False
    others = names.value.get_values_for_type(x509.OtherName)
    return any(name.type_id == USER_NAME and name.value[2:] == CERTIFIED.encode() for name in others)


def _basic(token: str) -> bool:
    try:
        given = base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(given, f"{USER}:{PASSWORD}".encode())


def _negotiate(scheme: str, token: str, session: Session) -> tuple[bool, tuple[str, ...]]:
    try:
        given = base64.b64decode(token, validate=True)
        answer = _ticket(given, session) if _KERBEROS in given[:64] else _step(given, session)
    except (SpnegoError, binascii.Error, ValueError, struct.error):
        session.context = None
        return False, CHALLENGES
    values = (f"{scheme} {base64.b64encode(answer).decode()}",) if answer else ()
    return session.established, values


def _ticket(token: bytes, session: Session) -> bytes | None:
    """Take a ticket of the account for a service in the keytab that KRB5_KTNAME names.

    Raises ValueError for another account, and SpnegoError, also where pyspnego[kerberos] is not installed.
    """
    protocol = "negotiate" if _SPNEGO in token[:16] else "kerberos"
    context = spnego.server(protocol=protocol, channel_bindings=session.binding)
    try:
        answer = context.step(token)
    except AttributeError as error:
        # GSSAPI keeps an error for later where it has a token that says so, and pyspnego asks for flags first.
        raise ValueError("the ticket is refused") from error
    if (context.client_principal or "").partition("@")[0] != USER:
        raise ValueError("the ticket is of another account")
    session.context = context
    return answer


def _step(token: bytes, session: Session) -> bytes | None:
    with _user_file():
        if session.context is None or session.context.complete:
            # Pure Python on both levels: the machine's GSSAPI library would want credentials of its own.
            options = spnego.NegotiateOptions.use_negotiate
            session.context = spnego.server(
                protocol="negotiate", options=options, channel_bindings=session.binding
            )
        return session.context.step(token)


@contextlib.contextmanager
def _user_file() -> Iterator[None]:
    """Let pyspnego find the user, for one step only: a client in this process must not find it too."""
    before = os.environ.get("NTLM_USER_FILE")
    with tempfile.NamedTemporaryFile("w", prefix="mde-ntlm-") as stream:
        stream.write(f":{USER}:{PASSWORD}\n")
        stream.flush()
        os.environ["NTLM_USER_FILE"] = stream.name
        try:
            yield
        finally:
            if before is None:
                del os.environ["NTLM_USER_FILE"]
            else:
                os.environ["NTLM_USER_FILE"] = before
