# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why nobody could sign in to an endpoint over WinRM, and what to set for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

# As much of what a library says as is looked at.
_LONGEST = 3000
# How psrp names what the other two connections have.
_OF_PSRP = {
    "ansible_winrm_ca_trust_path": "ansible_psrp_ca_cert",
    "ansible_winrm_kerberos_hostname_override": "ansible_psrp_negotiate_hostname_override",
    "ansible_winrm_scheme": "ansible_psrp_protocol",
    "ansible_winrm_transport": "ansible_psrp_auth",
    "pywinrm": "pypsrp",
}
_WINRM = re.compile("|".join(_OF_PSRP))


@dataclass(frozen=True)
class Trouble:
    """One cause: what the libraries say of it (small letters), and what an administrator does about it."""

    said: str
    cause: str
    advice: str

    def sentence(self, transport: str) -> str:
        """The cause and the advice, with the names of variables that this connection has."""
        advice = self.advice
        if transport == "psrp":
            advice = _WINRM.sub(lambda match: _OF_PSRP[match[0]], advice)
        return f"{self.cause}, {advice}."


# The first that fits counts.
_TROUBLES = (
    Trouble(
        "certificate is not valid for|hostname mismatch|ip address mismatch",
        "its certificate is for another name",
        "so put a name of the certificate into the inventory, or into ansible_host",
    ),
    Trouble(
        "certificate has expired",
        "its certificate has expired",
        "so give its WinRM a new one, or set the clock of the controller where that is wrong",
    ),
    Trouble(
        "certificate is not yet valid",
        "its certificate is not valid yet",
        "so compare the clock of the controller with that of the authority",
    ),
    Trouble(
        "certificate[ _]verify[ _]failed",
        "its certificate is not trusted",
        "so give the authority that signed it as ansible_winrm_ca_trust_path",
    ),
    Trouble(
        "suitable tls ca certificate bundle",
        "the file of trusted authorities is not there",
        "so look at ansible_winrm_ca_trust_path",
    ),
    Trouble(
        "wrong[ _]version[ _]number|record layer failure",
        "it speaks HTTP at this port and not HTTPS",
        "so look at ansible_port and ansible_winrm_scheme",
    ),
    Trouble(
        r"(?:^|, )(?:\w+|failed to connect to the host via psrp): \('connection aborted",
        "the connection was lost",
        "as it is where a port for HTTPS is spoken to in HTTP, so look at ansible_port and ansible_winrm_scheme",
    ),
    Trouble(
        "clock skew",
        "the clocks differ too much for Kerberos",
        "so set those of the controller, the endpoint and the domain controller by one source",
    ),
    Trouble(
        r"server (?:\S+ )?not found in kerberos database",
        "Kerberos knows no such service",
        "so put the full name of the endpoint into the inventory or ansible_host, or the name that the domain knows"
        " into ansible_winrm_kerberos_hostname_override",
    ),
    Trouble(
        r"client (?:\S+ )?not found in kerberos database",
        "Kerberos does not know the account",
        "so look at ansible_user, which ends in the realm in capital letters",
    ),
    Trouble(
        "no kerberos credentials|no credentials cache|credentials cache file|no credentials were supplied"
        "|ticket expired",
        "there is no Kerberos ticket",
        "so get one with kinit, or set ansible_password",
    ),
    Trouble(
        "cannot (?:contact any|find) kdc",
        "no domain controller of the realm is found",
        "so look at the realm in ansible_user and at krb5.conf of the controller",
    ),
    Trouble(
        "kerberos library is not installed|requires the python gssapi library|pykerberos is not installed"
        "|when calling kinit cmd",
        "the controller lacks something for Kerberos",
        "so install pywinrm[kerberos] there, and the kinit of its system",
    ),
    Trouble(
        "credentials were rejected|failed to authenticate the user|preauthentication failed|password incorrect",
        "it refuses the account",
        "so look at ansible_user, ansible_password and ansible_winrm_transport; NTLM and Kerberos over HTTPS are"
        " refused too where something on the way opens TLS",
    ),
)


def trouble_of(said: str) -> Trouble | None:
    """What is behind the words of a library or of sentence(); None where that is no known trouble."""
    head = said[:_LONGEST]
    low = head.lower()
    return next((one for one in _TROUBLES if f": {one.cause}, " in head or re.search(one.said, low)), None)
