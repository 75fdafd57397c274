# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps anybody from signing in gets one sentence; what the lab can do, test_sign_in.py of the modules shows."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._cause import cause_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Command, Endpoint

# As kinit and the library of MIT Kerberos 1.20 word them.
KERBEROS = [
    ("Clock skew too great", "the clocks differ too much for Kerberos"),
    ("Server not found in Kerberos database", "Kerberos knows no such service"),
    ("Server HTTP/pc@EXAMPLE.COM not found in Kerberos database", "Kerberos knows no such service"),
    ("Client 'lab@EXAMPLE.COM' not found in Kerberos database", "Kerberos does not know the account"),
    ("No Kerberos credentials available (default cache: FILE:/run/krb5cc_0)", "there is no Kerberos ticket"),
    ("No credentials cache found (filename: /run/krb5cc_0)", "there is no Kerberos ticket"),
    ("Ticket expired", "there is no Kerberos ticket"),
    ("Cannot find KDC for realm \"EXAMPLE.COM\"", "no domain controller of the realm is found"),
    ("Cannot contact any KDC for realm 'EXAMPLE.COM'", "no domain controller of the realm is found"),
    ("Preauthentication failed", "it refuses the account"),
    ("kinit: Password incorrect while getting initial credentials", "it refuses the account"),
    ("Kerberos auth failure when calling kinit cmd 'kinit': No such file", "the controller lacks something for"),
    ("requested auth method is kerberos, but pykerberos is not installed", "the controller lacks something for"),
]


class Refusing:
    def __init__(self, transport, said):
        self.transport = transport
        self.said = said

    def exec_command(self, cmd, in_data=None):
        raise AnsibleConnectionFailure(self.said)


def sentence(transport, said):
    with pytest.raises(AnsibleConnectionFailure) as caught:
        Endpoint(Refusing(transport, said)).run([Command("ver")])
    return str(caught.value)


@pytest.mark.parametrize(("said", "cause"), KERBEROS)
def test_what_is_wrong_with_kerberos_is_one_sentence(said, cause):
    around = f"kerberos: authGSSClientStep() failed: (('Unspecified GSS failure', 851968), ({said!r}, -1765328352))"
    shown = sentence("mde.connectivity.winrs", around)
    assert shown.startswith(f"The connection to the endpoint failed: {cause}")
    assert "GSS" not in shown
    assert "EXAMPLE" not in shown
    assert cause_of(AnsibleConnectionFailure(shown)).startswith(cause)


def test_each_connection_is_told_its_own_variables():
    said = "Caused by SSLError('[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed (_ssl.c:1006)')"
    assert sentence("winrm", said).endswith("as ansible_winrm_ca_trust_path.")
    assert sentence("psrp", said).endswith("as ansible_psrp_ca_cert.")
    assert sentence("psrp", "GSSAPIProxy requires the Python gssapi library").count("pypsrp[kerberos]") == 1


def test_a_connection_that_is_lost_later_says_nothing_of_ports():
    aborted = "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))"
    assert "ansible_port" in sentence("mde.connectivity.winrs", f"ntlm: {aborted}")
    assert "ansible_port" not in sentence("mde.connectivity.winrs", aborted)


def test_what_is_not_known_is_shown_as_it_was_said():
    assert sentence("winrm", "ntlm: the service is busy") == "ntlm: the service is busy"
