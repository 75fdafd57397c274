# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's own connection to the machine."""

from __future__ import annotations

import os
from typing import Any

from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader, init_plugin_loader, shell_loader

from tests.windows.named import PLUGINS, PREFIX, Named

# Ansible finds no connection in a collection that was imported before this, so it has to be the first of all.
init_plugin_loader()


def connect(named: Named) -> Any:
    """A connection plugin of Ansible that leads to the machine."""
    connection = connection_loader.get(PLUGINS[named.connection], PlayContext(), os.devnull)
    variables = named.variables()
    if named.connection == "ssh":
        variables["ansible_ssh_common_args"] = os.environ.get(f"{PREFIX}SSH_ARGS", "")
        connection._shell = shell_loader.get(named.shell)
        connection._shell.set_options(var_options={})
    connection.set_options(var_options={**variables, "_extras": {}})
    return connection
