# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Windows machine is meant, out of the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from windows_lab.inventory import Connection

PREFIX = "MDE_WINDOWS_"
# Where a run writes its recording, and what stands behind it where the machine is none: set by the run itself.
RECORDING, EVIDENCE = f"{PREFIX}RECORDING", f"{PREFIX}EVIDENCE"
PLUGINS = {
    "winrs": "mde.connectivity.winrs",
    "winrm": "ansible.builtin.winrm",
    "psrp": "ansible.builtin.psrp",
    "ssh": "ansible.builtin.ssh",
}
_SHELLS = ("cmd", "powershell")


class NotNamed(Exception):
    """No machine is named, or not well; the message says which variable that is about."""


@dataclass(frozen=True)
class Named:
    """The machine that MDE_WINDOWS_HOST and its siblings name; `shell` is that of its SSH server."""

    host: str
    user: str
    password: str
    connection: str = "winrs"
    port: str = ""
    scheme: str = "https"
    cert_validation: str = "validate"
    shell: str = "cmd"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Named:
        """Read the variables; raises NotNamed."""
        given = {
            name: environment[PREFIX + name.upper()]
            for name in cls.__dataclass_fields__
            if environment.get(PREFIX + name.upper())
        }
        # An SSH client has keys.
        needed = {"host", "user"} | (set() if given.get("connection") == "ssh" else {"password"})
        if missing := sorted(needed - set(given)):
            raise NotNamed(f"{', '.join(PREFIX + name.upper() for name in missing)} must be set.")
        named = cls(**{"password": "", **given})
        for name, value, allowed in (("CONNECTION", named.connection, PLUGINS), ("SHELL", named.shell, _SHELLS)):
            if value not in allowed:
                raise NotNamed(f"{PREFIX}{name} is one of {', '.join(allowed)}, not {value!r}.")
        return named

    @property
    def front(self) -> Connection:
        """The connection of the lab that plays the same part."""
        return cast(Connection, f"ssh_{self.shell}" if self.connection == "ssh" else self.connection)

    def variables(self) -> dict[str, Any]:
        """What an inventory says of the machine."""
        common = {"ansible_host": self.host, "ansible_user": self.user}
        if self.password:
            common["ansible_password"] = self.password
        if self.port:
            common["ansible_port"] = self.port
        if self.connection == "ssh":
            return common
        if self.connection == "psrp":
            return common | {
                "ansible_psrp_protocol": self.scheme,
                "ansible_psrp_auth": "ntlm",
                "ansible_psrp_cert_validation": self.cert_validation,
            }
        return common | {
            "ansible_winrm_scheme": self.scheme,
            "ansible_winrm_transport": "ntlm",
            "ansible_winrm_server_cert_validation": self.cert_validation,
        }
