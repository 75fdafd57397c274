# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a host, out of the variables of the role endpoint_proxy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_PREFIX = "endpoint_proxy_"
_NAMES = ("method", "winhttp_proxy", "winhttp_import_ie", "wpad", "datacollection_proxy", "antivirus_proxy")


def settings_of(variables: Mapping[str, Any], template: Callable[[Any], Any]) -> dict[str, Any]:
    """The options of endpoint_proxy that the variables of a task ask for, among them those of its play."""
    given = {name: template(variables.get(f"{_PREFIX}{name}")) for name in _NAMES}
    return {name: value for name, value in given.items() if value is not None}
