# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service URLs of Defender for Endpoint: data per cloud, region and generation, and what is made of it."""

from __future__ import annotations
