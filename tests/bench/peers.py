# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The peers' modules as an endpoint of the bench sees them: read from the wrapper, answered at once."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass, field
from typing import Any

from windows_lab.backend import Completed

from tests.bench import work

_MODULE = re.compile(
    r"ansible_collections\.(?P<name>ansible\.windows)\.plugins\.modules\.(?P<module>\w+)\.ps1"
)
_ACTIONS = '"actions": '
# What win_command has to show for `netsh winhttp show proxy`.
_SHOWN = (
    "\r\nCurrent WinHTTP proxy settings:\r\n\r\n"
    f"    Proxy Server(s) :  {work.PROXY}\r\n    Bypass List     :  {';'.join(work.BYPASS)}\r\n\r\n"
)
_READING = ("setup", "win_command", "win_uri", "win_powershell")


class NotAWrapper(Exception):
    """Standard input is not what ansible-core sends with a PowerShell module."""


@dataclass(frozen=True)
class Call:
    """One module that an endpoint was sent."""

    module: str
    options: dict[str, Any]

    @property
    def key(self) -> str:
        return f"{self.module} {json.dumps(self.options, sort_keys=True)}"


def is_wrapper(line: str, stdin: bytes) -> bool:
    """Whether a command line starts the wrapper of a PowerShell module, and not our probe over winrm."""
    if not stdin or stdin.startswith(b"request:"):
        return False
    return line.startswith("powershell -NoProfile ") and " -EncodedCommand " in line[:200]


def read(stdin: bytes) -> Call:
    """The module in a wrapper's standard input; raises NotAWrapper."""
    text = stdin.decode("utf-8")
    begin = text.rfind(_ACTIONS)
    if begin < 0:
        raise NotAWrapper("there is no list of actions")
    # Only the end of some 200 kB of scripts is read: Windows' work is not charged to the peers.
    actions, _end = json.JSONDecoder().raw_decode(text, begin + len(_ACTIONS))
    parameters = actions[0]["params"]
    found = _MODULE.fullmatch(parameters["Script"])
    if found is None:
        raise NotAWrapper(f"{parameters['Script']} is no module of ansible.windows")
    values = {variable["Name"]: variable["Value"] for variable in parameters["Variables"]}
    options = {
        name: value for name, value in values["complex_args"].items() if not name.startswith("_ansible")
    }
    return Call(f"{found['name']}.{found['module']}", options)


@functools.cache
def asked(name: str) -> tuple[str, ...]:
    """Keys of all calls that one endpoint gets in the peers' work of that name, in order."""
    return tuple(Call(module, options).key for module, options in work.peer_calls(work.WORKS[name]))


@dataclass
class PeerEndpoint:
    """What the peers' modules did on one endpoint."""

    converged: bool
    calls: list[str] = field(default_factory=list)

    def run(self, stdin: bytes) -> Completed:
        """Answer a wrapper with the result of its module."""
        try:
            call = read(stdin)
        except (NotAWrapper, KeyError, ValueError) as error:
            return Completed(1, b"", f"The bench does not know this wrapper: {error}".encode())
        self.calls.append(call.key)
        return Completed(0, result(call, self.converged) + b"\r\n")


def result(call: Call, converged: bool) -> bytes:
    """What the module prints, as short as it can be."""
    module = call.module.rpartition(".")[2]
    answer: dict[str, Any] = {"changed": module not in _READING and not converged}
    if module == "setup":
        answer["ansible_facts"] = {
            "ansible_os_family": "Windows",
            "ansible_distribution_version": "10.0.22631",
        }
    elif module == "win_command":
        answer |= {
            "changed": True,
            "cmd": call.options["_raw_params"],
            "rc": 0,
            "stdout": _SHOWN,
            "stderr": "",
        }
    elif module == "win_uri":
        answer |= {"url": call.options["url"], "status_code": 200, "status_description": "OK", "elapsed": 0.1}
    elif module == "win_powershell":
        reached = [{"url": url, "status": 200} for url in call.options["parameters"]["Url"]]
        answer |= {"result": reached, "output": [], "error": [], "host_out": "", "host_err": ""}
    elif module == "win_regedit":
        answer |= {"data_changed": not converged, "data_type_changed": False}
    return json.dumps(answer).encode()
