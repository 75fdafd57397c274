# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules support and refuse, how they reach an endpoint, and what their results promise."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
attributes:
  platform:
    support: full
    platforms: windows
  become:
    description: Can run with the rights of another user.
    support: none
    details:
      - The module is an action on the controller, and its commands run as the user who connects.
      - With C(become) it fails before it contacts the endpoint. Connect as an administrator instead.
  environment:
    description: Hands the C(environment) of a task to what it runs.
    support: none
    details:
      - The commands that the module runs read no such variables.
      - With C(environment) it fails before it contacts the endpoint. Remove the keyword from the task.
  async:
    description: Can run in the background with C(async) and C(poll).
    support: none
    details:
      - The module waits for one or two short batches of commands.
      - With C(async) it fails before it contacts the endpoint. To work on many hosts at a time, raise
        C(forks).
notes:
  - Runs on the controller and reaches the endpoint over the connection of the task, which is
    P(mde.connectivity.winrs#connection), P(ansible.builtin.winrm#connection),
    P(ansible.builtin.psrp#connection), or P(ansible.builtin.ssh#connection) with C(ansible_shell_type) set to
    V(cmd) or V(powershell).
  - On the endpoint it uses nothing but programs that Windows ships, such as C(reg.exe) and C(netsh.exe), installs
    nothing and leaves nothing behind. It works where PowerShell is blocked, provided that the connection is
    P(mde.connectivity.winrs#connection) or SSH with V(cmd).
  - Settings are read from the registry and never from translated text, so the language of Windows does not
    matter.
  - A call to the endpoint ends after 10 minutes, and after as many more as it waits by what it is, as for
    C(timeout) of M(mde.connectivity.connectivity_tool). Its shell is closed then, and what it did is unknown. The
    keyword C(timeout) of a task ends it earlier.
  - A value of the endpoint that is not understood as one that can hold no secret is withheld, and its length is
    shown instead. In what Windows said, V(***) stands for a word that is none of a language.
"""

    GROUP = r"""
attributes:
  action_group:
    description: Is part of a group, whose defaults C(module_defaults) sets as C(group/mde.connectivity.all).
    support: full
    membership:
      - mde.connectivity.all
"""

    WRITES = r"""
attributes:
  facts:
    description: Returns C(ansible_facts), which are added to the facts of the host.
    support: full
    details:
      - One fact, C(mde_connectivity_written), has a digest of each value that was written. It is no setting of the
        endpoint, and it is how a later task, or a later run with a fact cache, sees that something undid the write.
  check_mode:
    support: full
    details:
      - Runs the same reading and planning as a real run, and needs no right to write.
  diff_mode:
    support: full
  idempotent:
    description: Changes nothing when run again with the same options on an endpoint that nobody else changed.
    support: full
notes:
  - A task without any option fails and changes nothing. An option that is left out never removes a setting.
  - After a write the settings are read back. If they are not what was planned, the old values are put back
    and the task fails with what was expected and what was found. If they can't be read back, the task fails
    with C(unknown) set.
  - What an earlier run had to leave, since the endpoint lost its power or its connection, is removed by the way, but
    not in check mode. That is C(mde.connectivity.reg) and C(mde.connectivity) in the temporary folder of the connecting
    user, and the task and the folder C(mde.connectivity) of a verification that ran as SYSTEM.
  - The result carries a C(snapshot) of the exact bytes of every value that is touched, including the values
    that did not exist.
  - A host whose settings were written before in the same play, or in an earlier run when a fact cache is in
    use, and that needs the same change again is reported with C(reverted) and a warning, since a policy or
    another tool undoes the change.
"""

    READS = r"""
attributes:
  check_mode:
    support: full
    details:
      - The module only reads.
  diff_mode:
    support: N/A
    details:
      - The module changes nothing, so there is nothing to compare.
  idempotent:
    description: Changes nothing when run again.
    support: N/A
    details:
      - The module only reads.
"""

    ASKS = r"""
attributes:
  check_mode:
    support: full
    details:
      - The module changes no setting. What it puts on the endpoint for the time of the task is removed again.
  diff_mode:
    support: N/A
    details:
      - The module changes nothing, so there is nothing to compare.
  idempotent:
    description: Changes nothing when run again.
    support: N/A
    details:
      - The module only asks.
"""

    ROLLOUT = r"""
attributes:
  platform:
    support: full
    platforms: windows
  idempotent:
    description: Changes nothing when run again.
    support: full
"""
