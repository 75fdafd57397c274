# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option of the modules that write both registry views of WinHTTP's proxy."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  include_32bit:
    description:
      - Whether 32-bit programs get the same WinHTTP proxy.
      - 64-bit Windows keeps a second copy of this setting for them, which the 64-bit C(netsh) does not write.
        With V(true) the 32-bit C(netsh) is run too.
      - With V(false) the second copy is left as it is, and a warning says when it differs from the first.
    type: bool
    default: true
"""
