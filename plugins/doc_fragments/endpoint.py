# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a module reaches an endpoint, and what its result promises."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
notes:
  - Runs on the controller and reaches the endpoint over the connection of the task, which is
    P(mde.connectivity.winrs#connection), P(ansible.builtin.winrm#connection), P(ansible.builtin.psrp#connection), or
    P(ansible.builtin.ssh#connection) with C(ansible_shell_type) set to V(cmd) or V(powershell).
  - On the endpoint it uses nothing but C(reg.exe) and C(netsh.exe), installs nothing and leaves nothing behind. It works
    where PowerShell is blocked, provided that the connection is P(mde.connectivity.winrs#connection) or SSH with V(cmd).
  - Settings are read from the registry and never from translated text, so the language of Windows does not matter.
  - A user name or password in a proxy that is already on the endpoint is shown as V(***) in the result.
"""

    WRITES = r"""
notes:
  - A task without any option fails and changes nothing. An option that is left out never removes a setting.
  - After a write the settings are read back. If they are not what was planned, the old values are put back and the task
    fails with what was expected and what was found. If they can't be read back, the task fails with C(unknown) set.
  - The result carries a C(snapshot) of the exact bytes of every value that is touched, including the values that did not
    exist.
  - A host whose settings were written before in the same play, or in an earlier run when a fact cache is in use, and that
    needs the same change again is reported with C(reverted) and a warning, since a policy or another tool undoes the change.
"""
