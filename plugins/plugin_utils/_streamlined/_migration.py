# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The move of one endpoint, in steps: read, refuse or reach, write, restart, prove, and back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError

from .._probe._auto import AUTO
from .._probe._reachability import Reachability
from .._resources._onboarding import Onboarding, build_of
from .._resources._resource import InvalidOption, Refused
from .._resources._windows import Windows
from .._rollout._settings import VERIFY_DEFAULTS
from .._sensor._contacts import CONTACT_IDS
from .._sensor._events import LogUnreadable, newest, parse, require_parser
from .._transaction import Unknown
from .._windows._endpoint import Command, Endpoint, EndpointError
from .._windows._registry import Reading
from . import _delivery
from ._package import Package, load
from ._proof import STANDARD, STARTED, STREAMLINED, Look, await_proof, look
from ._readiness import QUERIES, unmet

REBOOT_REASON = "Windows has to be restarted before the sensor takes the onboarding package."
NO_WAY_BACK = "No way back by this tool: previous_package (in playbooks streamlined_previous_package) is not given."
_LONGEST_WAIT = 3600
# ERROR_SHUTDOWN_IN_PROGRESS and ERROR_SHUTDOWN_IS_SCHEDULED: it restarts all the same.
_RESTARTS = (0, 1115, 1190)
_RESTART = Command('shutdown /r /t 5 /d p:4:1 /c "mde.connectivity: an onboarding package was run"')
# What Microsoft's page of the script's events says of its numbers.
_CODES = {
    5: "offboarding data could not be deleted",
    10: "onboarding data could not be written to the registry",
    15: "the service Sense could not be started",
    30: "the service Sense did not start in time",
    35: "the state of the onboarding is not in the registry",
    40: "the service Sense did not report itself as onboarded",
    65: "it was not run as an administrator",
}


@dataclass(frozen=True)
class Found:
    """What was read of an endpoint before a write; newest_event is the number of the sensor's last contact or start."""

    onboarding: Onboarding
    build: int | None
    unmet: tuple[str, ...]
    newest_event: int

    def report(self) -> dict[str, Any]:
        return {"onboarding": self.onboarding.report(raw=False)}

    def expected(self) -> dict[str, Any]:
        """The report that it is to have after the move."""
        return {"onboarding": replace(self.onboarding, connectivity=STREAMLINED).report(raw=False)}

    @property
    def arrived(self) -> bool:
        return self.onboarding.connectivity == STREAMLINED

    def check(self) -> None:
        """Raise Refused where the endpoint can't be moved."""
        known = self.onboarding
        if known.connectivity not in (STANDARD, STREAMLINED):
            raise Refused(f"It can't be moved to streamlined connectivity. {known.missing}")
        if self.unmet:
            raise Refused(f"It is not ready for streamlined connectivity: {'; '.join(self.unmet)}.")


class Migration:
    """The move with validated options of the module onboarding_package; verify are validated ones of reachability.

    Raises InvalidOption for an option that its type alone could not refuse.
    """

    def __init__(self, options: Mapping[str, Any], verify: Mapping[str, Any]) -> None:
        self.restart = bool(options["restart"])
        self.within = int(options["report_within"])
        if not 1 <= self.within <= _LONGEST_WAIT:
            raise InvalidOption("report_within", f"it is a number of seconds from 1 to {_LONGEST_WAIT}.")
        self.package = load(Path(options["package"]).expanduser(), "package")
        previous = options["previous_package"]
        self.previous = load(Path(previous).expanduser(), "previous_package") if previous else None
        if self.previous and self.previous.script == self.package.script:
            raise InvalidOption("previous_package", "it is the same package as in package.")
        self._verify = verify
        require_parser()

    def settings(self) -> dict[str, Any]:
        """What a plan holds of the options."""
        previous = self.previous.report() if self.previous else None
        return {"package": self.package.report(), "previous_package": previous, "restart": self.restart}

    def commands(self) -> list[str]:
        """What runs on an endpoint, for people."""
        return [f"run {self.package.name} as SYSTEM", *(["restart Windows"] if self.restart else [])]

    def warnings(self) -> list[str]:
        way_back = NO_WAY_BACK if self.previous is None else ""
        return [warning for warning in (self.package.warning, way_back) if warning]

    def read(self, endpoint: Endpoint) -> Found:
        """Read all that decides, in one remote call. Raises Refused where the sensor's log can't be read."""
        reading = Reading(QUERIES)
        *answers, log = endpoint.run([*reading.commands, newest((*CONTACT_IDS, STARTED), 1)])
        registry = reading.parse(answers)
        try:
            newest_event = max((event.record for event in parse(log)), default=0)
        except LogUnreadable as error:
            raise Refused(f"Nothing could prove the move to streamlined connectivity. {error}") from None
        build = build_of(Windows.decode(registry))
        return Found(Onboarding.decode(registry), build, tuple(unmet(registry)), newest_event)

    def reach(self, endpoint: Endpoint, found: Found) -> dict[str, Any]:
        """Ask the URLs for streamlined connectivity of the endpoint's region; the report is that of reachability.

        Raises Refused where they could not be asked.
        """
        known, options = found.onboarding, dict(self._verify)
        if options["service_urls"] and options["regions"] == [AUTO]:
            if known.region is None or known.cloud is None:
                raise Refused(f"It is not known which URLs it will need. {known.missing}")
            options |= {"regions": [known.region], "cloud": known.cloud}
        options["windows_build"] = options["windows_build"] or found.build
        return Reachability(options).ask(endpoint)

    def write(self, endpoint: Endpoint, package: Package) -> str:
        """Run a package, and return why it is not well; empty where it is.

        Raises Refused where nothing has run, and Unknown where it did not end.
        """
        _delivery.deliver(endpoint, package.script)
        try:
            code = _delivery.run(endpoint)
        except _delivery.Left as error:
            return str(error)
        if code is None:
            raise Unknown(f"{package.name} did not end in time, and it is not known what it did")
        meaning = f" ({_CODES[code]})" if code in _CODES else ""
        return f"{package.name} ended with exit code {code}{meaning}" if code else ""

    def prove(self, endpoint: Endpoint, since: int, wanted: str, check: Callable[[], None]) -> Look:
        """Look whether the sensor has moved, and wait for it where it was restarted, or may be. The last look counts.

        Raises Refused where Windows could not be restarted, and what the last look raised.
        """
        seen = look(endpoint, since, wanted)
        if seen.proven:
            return seen
        if not seen.started:
            if not self.restart:
                return seen
            _restart(endpoint, lambda: look(endpoint, since, wanted).started)
        return await_proof(lambda: look(endpoint, since, wanted), lambda: _renew(endpoint), self.within, check)


def verification(arguments: Mapping[str, Any] | None) -> dict[str, Any]:
    """Arguments of reachability for the URLs that are needed after the move, by default those of its own region."""
    given = {**VERIFY_DEFAULTS, "regions": [AUTO], **(arguments or {})}
    return Reachability.complete({**given, "generation": STREAMLINED})


def _restart(endpoint: Endpoint, started: Callable[[], bool]) -> None:
    """Restart Windows, once more where the answer was lost and nothing came of it. Raises Refused."""
    for _attempt in range(2):
        try:
            answer = endpoint.run([_RESTART])[0]
        except (AnsibleError, EndpointError):
            _renew(endpoint)
        else:
            if answer.rc in _RESTARTS:
                return
            raise Refused(f"The package ran, and Windows could not be restarted: shutdown ended with {answer.rc}.")
        try:
            if started():
                return
        except (AnsibleError, EndpointError):
            # It goes down, or has already.
            return


def _renew(endpoint: Endpoint) -> None:
    # What fails here fails at the next look as well.
    with contextlib.suppress(AnsibleError):
        endpoint.renew()
