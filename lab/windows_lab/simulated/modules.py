# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fakes of the few modules of ansible.windows that nearly every role has, in Python: no PowerShell runs.

Every result says so in `windows_lab`. What a fake does not do ends in a failed result that says "not modelled".
"""

from __future__ import annotations

import datetime
import re
import subprocess
from collections.abc import Callable
from typing import Any

from windows_lab.payload import ModuleCall, refused
from windows_lab.simulated import sc
from windows_lab.simulated.cmd import NOT_FOUND, Cmd
from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import AccessDenied, Streams
from windows_lab.simulated.modules_registry import regedit, stat
from windows_lab.simulated.reg_data import to_text

Result = dict[str, Any]
FAKE = "a fake: no module ran, and no Windows"
_FILE_NOT_FOUND = 2
_CURRENT_VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_EPOCH = 133_000_000_000_000_000
_START_MODES = {"auto": 2, "manual": 3, "disabled": 4}
# Windows lets no administrator stop these: protected processes, and a service that takes no such control.
_NEVER_STOPPED = ("sense", "windefend", "winhttpautoproxysvc")


class Failure(Exception):
    """What the real module would fail with."""

    def __init__(self, message: str, **result: Any) -> None:
        super().__init__(message)
        self.result = result


def answer(call: ModuleCall, cmd: Cmd) -> Result:
    """The result of a module on the endpoint of `cmd`."""
    fake = FAKES.get(call.short_name)
    if fake is None:
        names = ", ".join(FAKES)
        return refused(call, f"the lab runs no PowerShell modules; of ansible.windows it fakes {names} and win_reboot")
    try:
        if call.beyond:
            raise NotModelled(" and ".join(call.beyond))
        result = {"changed": False, **fake(call, cmd)}
    except NotModelled as error:
        result = refused(call, f"{error} is not modelled")
    except (KeyError, TypeError, ValueError) as error:
        result = refused(call, f"its options are missing or wrong: {error!r}")
    except AccessDenied as error:
        result = {"changed": False, "failed": True, "msg": f"Access to {error} is denied."}
    except Failure as failure:
        result = {"changed": False, "failed": True, "msg": str(failure), **failure.result}
    return {**result, "windows_lab": FAKE}


def reboot_step(script: str, restart: Callable[[], None], boot: int) -> str | None:
    """Output of one of the three scripts of win_reboot, None for any other."""
    if script.startswith("(Get-CimInstance -ClassName Win32_OperatingSystem -Property LastBootUpTime)"):
        return str(_EPOCH + boot)
    if "shutdown.exe /r /t " in script and script.startswith("$ErrorActionPreference = 'Continue'"):
        restart()
        return '{"stdout":"","stderr":"","rc":0}'
    done = re.match(r"Get-Item -LiteralPath '[^']*AutoLogonChecked' -ErrorAction Stop; '(success-[\w-]+)'", script)
    return done and done[1]


def ping(call: ModuleCall, _cmd: Cmd) -> Result:
    """win_ping."""
    data = call.options.get("data", "pong")
    if data == "crash":
        raise Failure("Unhandled exception while executing module: boom")
    return {"ping": data}


def setup(_call: ModuleCall, cmd: Cmd) -> Result:
    """The facts that a role branches on; gather_subset is not looked at."""
    registry, now = cmd.machine.registry, datetime.datetime.now(datetime.UTC)
    found = registry.value(registry.locate(_CURRENT_VERSION), "CurrentBuildNumber")
    version = f"10.0.{to_text(found.type, found.data)}.0" if found else None
    name = cmd.environment["COMPUTERNAME"]
    facts: Result = {
        "architecture": "64-bit",
        "architecture2": "x86_64",
        "date_time": {
            "date": f"{now:%Y-%m-%d}",
            "epoch": str(int(now.timestamp())),
            "iso8601": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        },
        "distribution": "Microsoft Windows 11 Pro",
        "distribution_major_version": "10",
        "distribution_version": version,
        "domain": "",
        "env": dict(cmd.environment),
        "fqdn": name.lower(),
        "hostname": name,
        "kernel": version,
        "netbios_name": name,
        "nodename": name,
        "os_family": "Windows",
        "os_installation_type": "Client",
        "os_name": "Microsoft Windows 11 Pro",
        "os_product_type": "workstation",
        "powershell_version": 5,
        "reboot_pending": False,
        "system": "Win32NT",
        "user_id": "lab",
        "windows_domain": "WORKGROUP",
        "windows_domain_member": False,
        "windows_domain_role": "Stand-alone workstation",
    }
    return {"ansible_facts": {f"ansible_{key}": value for key, value in facts.items()}}


def command(call: ModuleCall, cmd: Cmd) -> Result:
    """win_command: a program without cmd.exe around it."""
    options = _modelled(call, "_raw_params", "cmd", "argv", "chdir", "creates", "removes", "stdin")
    line = options.get("cmd") or (options.get("_raw_params") or "").strip()
    line = line or subprocess.list2cmdline([str(word) for word in options.get("argv", ())])
    if call.check_mode:
        return {"skipped": True, "msg": "remote module (win_command) does not support check mode"}
    for option, unwanted, word in (("creates", True, "exists"), ("removes", False, "does not exist")):
        path = options.get(option)
        if path and cmd.disk.exists(path) is unwanted:
            return {"cmd": line, "rc": 0, "skipped": True, "msg": f"skipped, since {path} {word}"}
    if options.get("chdir"):
        cmd.disk.directory = options["chdir"]
    streams = Streams([options.get("stdin") or ""])
    code = cmd.external(line, streams)
    if code == NOT_FOUND:
        message = f"Failed to run: '{line}': The system cannot find the file specified"
        raise Failure(message, cmd=line, rc=_FILE_NOT_FOUND)
    result = {"cmd": line, "rc": code, "stdout": "".join(streams.out), "stderr": "".join(streams.err)}
    if code:
        raise Failure("non-zero return code", **result | {"changed": True})
    return {**result, "changed": True}


def service(call: ModuleCall, cmd: Cmd) -> Result:
    """win_service: whether one runs and how it starts."""
    options = _modelled(call, "name", "state", "start_mode")
    machine, name = cmd.machine, str(options["name"])
    key = machine.registry.locate(rf"{sc.SERVICES}\{name}")
    if machine.registry.node(key) is None:
        if set(options) == {"name"} or options.get("state") == "absent":
            return {"exists": False}
        raise Failure(f"Service '{name}' is not installed, need to set 'path' to create a new service")
    changed = sc.set_start_mode(machine, key, _start(options.get("start_mode")), dry=call.check_mode)
    changed |= _set_state(call, cmd, options.get("state"))
    return {"changed": changed, **_described(cmd, name)}


def _start(mode: str | None) -> int | None:
    if mode is not None and mode not in _START_MODES:
        raise NotModelled(f"start_mode {mode}")
    return None if mode is None else _START_MODES[mode]


def _set_state(call: ModuleCall, cmd: Cmd, state: str | None) -> bool:
    if state not in (None, "started", "stopped", "restarted"):
        raise NotModelled(f"state {state} of a service that is there")
    machine, name = cmd.machine, str(call.options["name"])
    node = machine.registry.node(machine.registry.locate(rf"{sc.SERVICES}\{name}"))
    if state is None or node is None or (state != "restarted" and sc.running(machine, node) == (state == "started")):
        return False
    if state != "started" and sc.running(machine, node) and name.lower() in _NEVER_STOPPED:
        raise Failure(f"Failed to stop service '{name}': Cannot open or control it on this computer.")
    if state != "stopped" and sc.disabled(node) and not call.check_mode:
        raise Failure(f"Failed to start service '{name}': it is disabled.")
    if not call.check_mode:
        machine.boot.check()
        if not machine.profile.elevated:
            raise AccessDenied(name)
        machine.services[name.lower()] = state != "stopped"
        machine.writes.append(f"service {name}: {state}")
    return True


def _described(cmd: Cmd, name: str) -> Result:
    machine = cmd.machine
    node = machine.registry.node(machine.registry.locate(rf"{sc.SERVICES}\{name}"))
    if node is None:
        raise Failure(f"Service '{name}' is gone")
    modes = {number: mode for mode, number in _START_MODES.items()}
    needs = sc.text(node, "DependOnService")
    return {
        "exists": True,
        "name": node.name,
        "display_name": sc.text(node, "DisplayName"),
        "state": "running" if sc.running(machine, node) else "stopped",
        "start_mode": modes.get(sc.number(node, "Start"), "system"),
        "path": sc.text(node, "ImagePath"),
        "username": sc.text(node, "ObjectName"),
        "dependencies": needs.split(r"\0") if needs else [],
    }


def _modelled(call: ModuleCall, *names: str) -> Result:
    """The options that were given a value; raises NotModelled for one that is not among `names`."""
    given = {name: value for name, value in call.options.items() if value is not None}
    if strange := sorted(set(given) - set(names)):
        raise NotModelled(f"the option {', '.join(strange)}")
    return given


FAKES: dict[str, Callable[[ModuleCall, Cmd], Result]] = {
    "ping": ping,
    "setup": setup,
    "win_command": command,
    "win_ping": ping,
    "win_reg_stat": lambda call, cmd: stat(_modelled(call, "path", "key", "name", "entry", "value"), cmd.machine),
    "win_regedit": lambda call, cmd: regedit(
        _modelled(call, "path", "key", "name", "entry", "value", "data", "type", "datatype", "state", "delete_key"),
        cmd.machine,
        check_mode=call.check_mode,
    ),
    "win_service": service,
}
