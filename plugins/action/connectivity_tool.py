# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run Microsoft's own connectivity verifier."""

from __future__ import annotations

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import ReportAction
from ansible_collections.mde.connectivity.plugins.plugin_utils._tool._connectivity_tool import (
    ConnectivityTool,
)


class ActionModule(ReportAction):
    inquiry = ConnectivityTool
