# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that are asked for by the variables of a role.

Each option that a task names is a template of its own, which every worker compiles anew for its one endpoint. Here a
value is a template only where the user wrote one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

# The defaults of the role endpoint_verify that are not those of the module reachability.
VERIFY_DEFAULTS = {"unprobed": "omit", "run_as": "system"}
_SETTINGS = ("method", "winhttp_proxy", "winhttp_import_ie", "wpad", "datacollection_proxy", "antivirus_proxy")


def settings_of(variables: Mapping[str, Any], template: Callable[[Any], Any]) -> dict[str, Any]:
    """The options of endpoint_proxy that the variables of a task ask for, among them those of its play."""
    return of_role("endpoint_proxy", _SETTINGS, variables, template)


def of_role(
    role: str, names: Iterable[str], variables: Mapping[str, Any], template: Callable[[Any], Any]
) -> dict[str, Any]:
    """Those of the options that the variables of a task ask for by the names ROLE_OPTION."""
    given = {name: template(variables.get(f"{role}_{name}")) for name in names}
    return {name: value for name, value in given.items() if value is not None}
