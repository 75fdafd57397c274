# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows endpoints made of Wine: a real registry, a real cmd.exe and a real WinHTTP."""

from __future__ import annotations

from windows_lab.wine.endpoint import WineEndpoint, WineFarm
from windows_lab.wine.prefix import WineMissing, missing

__all__ = ["WineEndpoint", "WineFarm", "WineMissing", "missing"]
