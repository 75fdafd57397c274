# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible inventories that aim at the lab."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import yaml

from windows_lab import auth

if TYPE_CHECKING:
    from windows_lab.lab import Lab

Connection = Literal["winrs", "winrm", "psrp", "ssh_cmd", "ssh_powershell"]
Transport = Literal["basic", "ntlm", "certificate"]
Scheme = Literal["http", "https"]
CONNECTIONS: tuple[Connection, ...] = get_args(Connection)
TRANSPORTS: tuple[Transport, ...] = get_args(Transport)
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)

_PLUGINS = {
    "winrs": "mde.connectivity.winrs",
    "winrm": "ansible.builtin.winrm",
    "psrp": "ansible.builtin.psrp",
}


def _common(lab: Lab, connection: Connection, transport: Transport, scheme: Scheme) -> dict[str, Any]:
    if connection in ("ssh_cmd", "ssh_powershell"):
        return {}
    common: dict[str, Any] = {
        "ansible_connection": _PLUGINS[connection],
        "ansible_host": "127.0.0.1",
        "ansible_user": auth.USER,
        "ansible_password": auth.PASSWORD,
    }
    if connection == "psrp":
        return common | _psrp(lab, transport, scheme)
    common |= {"ansible_winrm_scheme": scheme, "ansible_winrm_transport": transport}
    if scheme == "https":
        common["ansible_winrm_server_cert_validation"] = "validate"
        common["ansible_winrm_ca_trust_path"] = str(lab.authority.pem)
    if transport == "certificate":
        common["ansible_winrm_cert_pem"] = common["ansible_winrm_cert_key_pem"] = _certificate(lab)
    return common


def _psrp(lab: Lab, transport: Transport, scheme: Scheme) -> dict[str, Any]:
    variables: dict[str, Any] = {
        "ansible_psrp_protocol": scheme,
        "ansible_psrp_auth": transport,
        "ansible_psrp_ignore_proxy": True,
    }
    if scheme == "https":
        variables["ansible_psrp_cert_validation"] = "validate"
        variables["ansible_psrp_ca_cert"] = str(lab.authority.pem)
    else:
        # psrp encrypts over HTTP unless it is told not to, and Basic has nothing to encrypt with.
        variables["ansible_psrp_message_encryption"] = "never" if transport == "basic" else "always"
    if transport == "certificate":
        variables["ansible_psrp_certificate_pem"] = variables["ansible_psrp_certificate_key_pem"] = _certificate(lab)
    return variables


def _certificate(lab: Lab) -> str:
    return str(lab.authority.user_file(auth.CERTIFIED))


def _host(lab: Lab, name: str, connection: Connection, scheme: Scheme) -> dict[str, Any]:
    profile = {"lab_profile": lab.endpoints[name].profile.name}
    if connection == "ssh_cmd":
        return profile | lab.ssh(name, "cmd")
    if connection == "ssh_powershell":
        return profile | lab.ssh(name, "powershell")
    variables: dict[str, Any] = profile | {"ansible_port": lab.port(name, scheme)}
    if lab.shared_port:
        prefix = "psrp" if connection == "psrp" else "winrm"
        variables[f"ansible_{prefix}_path"] = f"/{lab.path(name)}"
    return variables


def document(
    lab: Lab, connection: Connection, transport: Transport, scheme: Scheme = "http"
) -> dict[str, Any]:
    """The inventory as data: one group `windows`, what all hosts share as its variables."""
    if connection not in CONNECTIONS:
        raise ValueError(f"There is no connection {connection}; there are {', '.join(CONNECTIONS)}.")
    if transport not in TRANSPORTS:
        raise ValueError(f"There is no transport {transport}; there are {', '.join(TRANSPORTS)}.")
    if scheme not in SCHEMES:
        raise ValueError(f"There is no scheme {scheme}; there are {', '.join(SCHEMES)}.")
    if transport == "certificate" and scheme == "http":
        raise ValueError("A sign-in by certificate needs the scheme https.")
    hosts = {name: _host(lab, name, connection, scheme) for name in lab.hosts}
    return {"windows": {"hosts": hosts, "vars": _common(lab, connection, transport, scheme)}}


def write(lab: Lab, path: Path, connection: Connection, transport: Transport, scheme: Scheme) -> Path:
    """Write the inventory to `path`, readable by the owner only."""
    text = yaml.safe_dump(document(lab, connection, transport, scheme), sort_keys=False)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path
