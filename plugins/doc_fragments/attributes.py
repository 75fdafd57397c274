# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all modules of the collection support, and what they refuse."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
attributes:
  platform:
    description: The operating systems that the module works on.
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
      - With C(async) it fails before it contacts the endpoint. To work on many hosts at a time, raise C(forks).
"""

    WRITES = r"""
attributes:
  check_mode:
    description: Predicts a change without making it.
    support: full
    details:
      - Runs the same reading and planning as a real run, and needs no right to write.
  diff_mode:
    description: Shows the settings before and after.
    support: full
  idempotent:
    description: Changes nothing when run again with the same options on an endpoint that nobody else changed.
    support: full
"""

    READS = r"""
attributes:
  check_mode:
    description: Runs in check mode as it does outside of it.
    support: full
    details:
      - The module only reads.
  diff_mode:
    description: Shows the settings before and after.
    support: N/A
    details:
      - The module changes nothing, so there is nothing to compare.
  idempotent:
    description: Changes nothing when run again.
    support: N/A
    details:
      - The module only reads.
"""
