# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage the advanced proxy of WinHTTP."""

from __future__ import annotations

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import ResourceAction
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._winhttp_advproxy import (
    WinHttpAdvProxy,
)


class ActionModule(ResourceAction):
    resource = WinHttpAdvProxy
