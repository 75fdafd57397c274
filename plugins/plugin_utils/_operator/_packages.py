# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python packages that connections need on the controller."""

from __future__ import annotations

import importlib
import sys

# By the name of a connection: what it imports, and the package that has it.
_NEEDED = {
    "ansible.builtin.psrp": ("pypsrp", "pypsrp"),
    "ansible.builtin.winrm": ("winrm", "pywinrm"),
    "mde.connectivity.winrs": ("winrm", "pywinrm"),
    "psrp": ("pypsrp", "pypsrp"),
    "winrm": ("winrm", "pywinrm"),
}


def missing_package(connection: str) -> str:
    """A sentence about the package that a connection lacks, with the command that installs it; empty where none is."""
    imported, package = _NEEDED.get(connection, ("", ""))
    if not imported:
        return ""
    try:
        importlib.import_module(imported)
    except ImportError as error:
        return (
            f"The connection {connection} needs the Python package {package} on the controller ({error}). "
            f"Install it for the Python that runs Ansible: {sys.executable} -m pip install {package}"
        )
    return ""
