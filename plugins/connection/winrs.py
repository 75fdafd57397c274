# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: winrs
short_description: Run commands on Windows through WinRM without PowerShell
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Connects like P(ansible.builtin.winrm#connection), and hands a command line to C(cmd.exe) as it is, where
    that plugin starts PowerShell around it.
  - This makes a task cheaper, and lets the modules of this collection work on endpoints on which PowerShell
    is blocked.
  - Takes the same variables as P(ansible.builtin.winrm#connection), so in an inventory for that plugin only
    C(ansible_connection) has to change.
  - Variables named C(ansible_winrm_*) that are not listed here are passed on to C(pywinrm) under the rest of
    their name, for example C(ansible_winrm_server_cert_validation) or C(ansible_winrm_read_timeout_sec).
requirements:
  - pywinrm on the controller
  - pywinrm with its kerberos or credssp extra, for these ways to sign in
notes:
  - Meant for the modules of this collection and for M(ansible.builtin.raw). Modules that are written in
    PowerShell belong on P(ansible.builtin.winrm#connection) or P(ansible.builtin.psrp#connection).
  - C(cmd.exe) takes no more than 8,191 characters on a line. The modules of this collection split their
    batches at that limit.
  - C(pywinrm) follows the proxy variables in the environment of the controller, such as E(HTTP_PROXY). Set
    E(NO_PROXY) for the endpoints, or the variable C(ansible_winrm_proxy), when these must not apply.
seealso:
  - plugin: ansible.builtin.winrm
    plugin_type: connection
  - plugin: ansible.builtin.psrp
    plugin_type: connection
  - module: mde.connectivity.endpoint_proxy
extends_documentation_fragment:
  - ansible.builtin.connection_pipelining
options:
  remote_addr:
    description: The name or address of the endpoint.
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_host
      - name: ansible_winrm_host
  remote_user:
    description:
      - Who signs in.
      - A name such as V(operator@EXAMPLE.COM) selects Kerberos, unless O(transport) says otherwise.
    type: str
    vars:
      - name: ansible_user
      - name: ansible_winrm_user
    keyword:
      - name: remote_user
  remote_password:
    description: The password of O(remote_user). C(--ask-pass) asks for it.
    type: str
    secret: true
    aliases:
      - password
    vars:
      - name: ansible_password
      - name: ansible_winrm_pass
      - name: ansible_winrm_password
  port:
    description: The port that WinRM listens on. Windows uses 5986 for HTTPS and 5985 for HTTP.
    type: int
    default: 5986
    vars:
      - name: ansible_port
      - name: ansible_winrm_port
    keyword:
      - name: port
  scheme:
    description: How to talk to the port. If left out, this is V(http) on port 5985 and V(https) on any other.
    type: str
    choices:
      - http
      - https
    vars:
      - name: ansible_winrm_scheme
  path:
    description: The path of the WinRM service on the endpoint.
    type: str
    default: /wsman
    vars:
      - name: ansible_winrm_path
  transport:
    description:
      - The ways to sign in, in the order in which they are tried. C(pywinrm) decides what is possible, for
        example V(ntlm), V(kerberos), V(credssp), V(certificate) or V(basic).
      - If left out, V(kerberos) is used for a O(remote_user) with a realm, and Basic for any other.
    type: list
    elements: str
    vars:
      - name: ansible_winrm_transport
  kerberos_command:
    description: The program that gets a Kerberos ticket.
    type: str
    default: kinit
    vars:
      - name: ansible_winrm_kinit_cmd
  kinit_args:
    description:
      - Arguments for O(kerberos_command). They replace the ones that would be used otherwise, among them
        C(-f), which C(ansible_winrm_kerberos_delegation) asks for.
    type: str
    vars:
      - name: ansible_winrm_kinit_args
  kinit_env_vars:
    description:
      - Names of environment variables of the controller that O(kerberos_command) may see. By default it sees
        none.
      - The variable E(KRB5CCNAME) can't be among them, because the plugin sets it to a ticket file of its
        own.
    type: list
    elements: str
    default: []
    ini:
      - section: winrm
        key: kinit_env_vars
    vars:
      - name: ansible_winrm_kinit_env_vars
  kerberos_mode:
    description:
      - Who gets the Kerberos ticket.
      - With V(managed) the plugin does, with O(kerberos_command). With V(manual) a ticket has to be there
        already.
      - If left out, the plugin gets one when there is a O(remote_password).
    type: str
    choices:
      - managed
      - manual
    vars:
      - name: ansible_winrm_kinit_mode
  connection_timeout:
    description:
      - Seconds after which the endpoint answers that a command is still running, whereupon the plugin asks
        again. A long command is not cut off by it.
      - A reply that has not arrived 10 seconds after that counts as a lost connection.
      - Sets C(operation_timeout_sec) and C(read_timeout_sec) of C(pywinrm), so do not set these as well. If
        left out, C(pywinrm) uses its own figures.
    type: int
    vars:
      - name: ansible_winrm_connection_timeout
"""

EXAMPLES = r"""
# An inventory: Windows endpoints over HTTPS, signed in with Kerberos by the form of the name.
windows:
  hosts:
    pc-0001.example.com:
  vars:
    ansible_connection: mde.connectivity.winrs
    ansible_user: operator@EXAMPLE.COM
    ansible_password: "{{ vault_operator_password }}"
    ansible_port: 5986
    ansible_winrm_server_cert_validation: validate
    ansible_winrm_ca_trust_path: /etc/ssl/certs/example-authority.pem
"""

from typing import Any

from ansible.plugins.connection.winrm import Connection as WinRmConnection


class _LateAcknowledgement:
    """pywinrm's Protocol, but for when the end of a command is acknowledged: before the next one starts.

    That is when a service needs it ([MS-WSMV] 2.2.4.38, the code Terminate). What the last command holds goes
    with its shell, so a task with one command line takes a request less.
    """

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._ended: tuple[str, str] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._protocol, name)

    def run_command(self, *arguments: Any, **options: Any) -> Any:
        """Start a command."""
        if self._ended:
            self._protocol.cleanup_command(*self._ended)
            self._ended = None
        return self._protocol.run_command(*arguments, **options)

    def cleanup_command(self, shell_id: str, command_id: str) -> None:
        """Remember that the command has ended."""
        self._ended = shell_id, command_id


class Connection(WinRmConnection):  # type: ignore[misc]
    """WinRM that runs a line with cmd.exe, and takes the extra ansible_winrm_* variables."""

    transport = "mde.connectivity.winrs"
    _extras_prefix = "winrm"

    def _winrm_connect(self) -> Any:
        return _LateAcknowledgement(super()._winrm_connect())

    def exec_command(
        self,
        cmd: str,
        in_data: bytes | None = None,
        sudoable: bool = True,
    ) -> tuple[int, bytes, bytes]:
        """Run a line with the endpoint's cmd.exe: exit code, stdout and stderr."""
        self._connect()
        stdin = self._wrapper_payload_stream(in_data) if in_data else None
        rc, stdout, stderr = self._winrm_exec(cmd, from_exec=True, stdin_iterator=stdin)
        return rc, stdout, stderr
