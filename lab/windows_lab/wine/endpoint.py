# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows endpoint that is a Wine prefix with a resident agent, and a farm of them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from windows_lab.backend import Backend, Completed
from windows_lab.profiles import Profile
from windows_lab.wine import powershell
from windows_lab.wine import prefix as prefixes
from windows_lab.wine.agent import Agent
from windows_lab.wine.seed import USER_SID, fill, link

# Starting a prefix keeps a core busy; more at a time only makes each of them slower.
_STARTED_AT_ONCE = 4
# What Wine's cmd.exe said each time; whoever counts what a line did can tell that it was run twice.
not_started: list[str] = []
_NOT_STARTED = re.compile(
    rb"Can't recognize '(?:(?:C:\\windows\\(?:system32|syswow64)\\)?(?:cmd|cscript|find|netsh|reg)(?:\.exe)?"
    rb"|C:\\lab\\\w+\.exe)[ ']",
    re.IGNORECASE,
)


def started(run: Callable[[], Completed]) -> Completed:
    """Run a line, and once more where Wine's cmd.exe did not start a program that is certainly there.

    Where Wine may not be started at fixed addresses, that was seen about once in 6,500 starts, with the exit code of a
    program that is not there (9009). The lines of the lab may be run twice. Any other program's absence is an answer.
    """
    done = run()
    if missed := _NOT_STARTED.search(done.stdout + done.stderr):
        not_started.append(missed[0].decode("ascii", "replace"))
        print(f"Wine did not start a program of its own ({not_started[-1]}); the line is run again", file=sys.stderr)
        return run()
    return done


class Unsupported(Exception):
    """Wine cannot play this profile."""


class NotTrusted(Exception):
    """The machine did not take an authority's certificate."""


def _check(profile: Profile) -> None:
    beyond = {
        "locale": profile.locale != "en",
        "elevated": not profile.elevated,
        "registry_tools": not profile.registry_tools,
        "policy_at_once": profile.policy_at_once,
        "blob_header": profile.blob_header != 0x18,
        "on_battery": profile.on_battery,
    }
    names = ", ".join(name for name, wanted in beyond.items() if wanted)
    if names:
        raise Unsupported(f"The profile {profile.name} needs a simulated endpoint: Wine has no {names}.")


class WineEndpoint(Backend):
    """One Wine prefix, a clone of the cached one; `writes` stays empty, the registry itself is the record."""

    user_sid = USER_SID
    # Seconds for one command line; what takes longer is ended, with exit code 1460 (ERROR_TIMEOUT).
    time_limit = 60.0

    def __init__(self, name: str, profile: Profile) -> None:
        super().__init__(name, profile)
        _check(profile)
        stub = profile.netsh == "stub"
        self.prefix = prefixes.clone(name)
        if stub:
            prefixes.restore_stub(self.prefix)
        self._agent = Agent(prefixes.programs(), self.prefix, prefixes.overrides(stub))
        try:
            link(self._agent)
            self.reseed()
        except BaseException:
            self.close()
            raise

    def run(self, line: str, stdin: bytes = b"") -> Completed:
        """Run `line` in Wine's cmd.exe, after the policy has written what it owns."""
        for owned in self.profile.policy:
            if owned.data is None:
                self.delete_value(owned.key, owned.name, owned.view)
            else:
                self.set_value(owned.key, owned.name, owned.type, owned.data, owned.view)
        return started(lambda: self._agent.run(line, stdin, self.time_limit))

    def powershell(self, script: str, stdin: bytes) -> Completed | None:
        """Run a script in the PowerShell of MDE_POWERSHELL; None without a Windows build of one."""
        if not powershell.is_windows():
            return None
        return self.run(powershell.line(script, self.prefix / "drive_c"), stdin)

    def reseed(self) -> None:
        """Write what the endpoint had at first once more; what is there besides stays."""
        fill(self._agent, self.profile)

    def tool(self, name: str, *arguments: str) -> str:
        """Run args, httpget or ieproxy of the lab and return what it printed, with \\n line ends."""
        line = subprocess.list2cmdline([rf"C:\lab\{name}.exe", *arguments])
        return started(lambda: self._agent.run(line)).stdout.decode("cp437").replace("\r\n", "\n")

    def trust(self, der: bytes) -> None:
        """Have the machine trust an authority, for as long as the endpoint lives."""
        done = started(lambda: self._agent.run(r"C:\lab\trust.exe", der))
        if done.rc:
            raise NotTrusted(done.stderr.decode("cp437").strip())

    def value(self, key: str, name: str, view: int = 64) -> tuple[str, bytes] | None:
        """Type and raw bytes of a value, by the registry's API in the agent."""
        return self._agent.value(key, name, view)

    def set_value(self, key: str, name: str, type_: str, data: bytes, view: int = 64) -> None:
        """Set a value, by the registry's API in the agent."""
        self._agent.set_value(key, name, type_, data, view)

    def delete_value(self, key: str, name: str, view: int = 64) -> None:
        """Delete a value, by the registry's API in the agent."""
        self._agent.delete_value(key, name, view)

    def delete_key(self, key: str, view: int = 64) -> None:
        """Delete a key with all below it; absent is no error."""
        self._agent.delete_key(key, view)

    def key_exists(self, key: str, view: int = 64) -> bool:
        """Whether the key is there."""
        return self._agent.key_exists(key, view)

    def close(self) -> None:
        """End Wine in this prefix and remove the prefix."""
        self._agent.close()
        shutil.rmtree(self.prefix, ignore_errors=True)


class WineFarm:
    """Several Wine endpoints, started and ended side by side."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        for profile in profiles.values():
            _check(profile)
        prefixes.base()
        self.endpoints: dict[str, WineEndpoint] = {}
        with ThreadPoolExecutor(_STARTED_AT_ONCE) as pool:
            starting = {name: pool.submit(WineEndpoint, name, profile) for name, profile in profiles.items()}
        errors = [error for future in starting.values() if (error := future.exception())]
        self.endpoints = {
            name: future.result() for name, future in starting.items() if not future.exception()
        }
        if errors:
            self.close()
            raise errors[0]

    def close(self) -> None:
        """End all of them."""
        with ThreadPoolExecutor(_STARTED_AT_ONCE) as pool:
            list(pool.map(WineEndpoint.close, self.endpoints.values()))

    def __enter__(self) -> WineFarm:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
