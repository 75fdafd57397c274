# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Move an onboarded endpoint to streamlined connectivity by the user's onboarding package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.mde.connectivity.plugins.plugin_utils._action import EndpointAction, validated
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._reachability import (
    Reachability,
    not_reached,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import Refused
from ansible_collections.mde.connectivity.plugins.plugin_utils._streamlined._migration import (
    NO_WAY_BACK,
    REBOOT_REASON,
    Found,
    Migration,
    verification,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._streamlined._proof import (
    STANDARD,
    STREAMLINED,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._transaction import Unknown
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import (
    Endpoint,
    EndpointError,
)

_LOST = (AnsibleError, EndpointError, Unknown)


class ActionModule(EndpointAction):
    module = "onboarding_package"
    includes = ("reachability",)

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        verify = validated("reachability", self._with_files(verification(options["verify"])))
        Reachability(verify)
        migration, endpoint = Migration(options, verify), Endpoint(self._connection)
        found = migration.read(endpoint)
        found.check()
        result = self._planned(migration, found)
        if found.arrived or self._task.check_mode:
            return result
        if why := not_reached(migration.reach(endpoint, found)):
            raise Refused(f"{why}. Nothing was written.")
        return result | self._moved(migration, endpoint, found, result)

    def _planned(self, migration: Migration, found: Found) -> dict[str, Any]:
        """The result of check mode, and so the first half of any."""
        changes = not found.arrived
        result: dict[str, Any] = {
            "changed": changes,
            "before": found.report(),
            "after": found.expected(),
            "commands": migration.commands() if changes else [],
            "package": migration.package.report(),
            "warnings": migration.warnings() if changes else [],
            "reboot_required": changes,
            "reboot_reason": REBOOT_REASON if changes else "",
            "proof": "",
        }
        if self._task.diff:
            result["diff"] = {"before": result["before"], "after": result["after"]}
        return result

    def _moved(
        self, migration: Migration, endpoint: Endpoint, found: Found, planned: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What the result is besides what was planned. Raises Refused where nothing has run."""
        try:
            failure = migration.write(endpoint, migration.package)
        except _LOST as error:
            return _failed(f"It is not known what the endpoint holds: {error}", planned, unknown=True)
        if failure:
            return _failed(f"{failure}; what it has changed is not known.", planned, unknown=True)
        return self._proven(migration, endpoint, found, planned)

    def _proven(
        self, migration: Migration, endpoint: Endpoint, found: Found, planned: Mapping[str, Any]
    ) -> dict[str, Any]:
        try:
            seen = migration.prove(endpoint, found.newest_event, STREAMLINED, _go_on)
        except _LOST as error:
            return _failed(f"It is not known what the endpoint holds: {error}", planned, unknown=True)
        except Refused as error:
            return _failed(str(error), planned)
        if seen.proven:
            due = not seen.started
            return {"proof": str(seen), "reboot_required": due, "reboot_reason": REBOOT_REASON if due else ""}
        if not (seen.started or migration.restart):
            return {"after": {"onboarding": seen.onboarding.report(raw=False)}, "expected": planned["after"]}
        why = f"The sensor did not report within {migration.within} seconds: {seen}."
        return self._back(migration, endpoint, why, planned)

    def _back(
        self, migration: Migration, endpoint: Endpoint, why: str, planned: Mapping[str, Any]
    ) -> dict[str, Any]:
        if migration.previous is None:
            return _failed(f"{why} {NO_WAY_BACK}", planned)
        try:
            since = migration.read(endpoint).newest_event
            failure = migration.write(endpoint, migration.previous)
            seen = migration.prove(endpoint, since, STANDARD, _go_on)
        except (*_LOST, Refused) as error:
            return _failed(f"{why} The way back failed: {error}", planned, unknown=True)
        if failure or not seen.proven:
            return _failed(f"{why} The way back failed: {failure or seen}.", planned)
        back = _failed(f"{why} The previous package brought it back: {seen}.", planned)
        return {**back, "changed": False, "rolled_back": True, "after": planned["before"]}


def _failed(why: str, planned: Mapping[str, Any], unknown: bool = False) -> dict[str, Any]:
    return {
        "failed": True,
        "msg": why,
        "after": None,
        "expected": planned["after"],
        "unknown": unknown,
        "rolled_back": False,
    }


def _go_on() -> None:
    """A task of its own has no end but the one that its options say."""
