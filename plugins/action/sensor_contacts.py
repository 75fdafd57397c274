# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Report what the sensor says of its own contacts."""

from __future__ import annotations

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import ReportAction
from ansible_collections.mde.connectivity.plugins.plugin_utils._sensor._inquiry import SensorContacts


class ActionModule(ReportAction):
    inquiry = SensorContacts
