# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sc.exe of a simulated endpoint: qc and query, out of the registry's Services key."""

from __future__ import annotations

from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import Machine, Process
from windows_lab.simulated.reg_data import to_text
from windows_lab.simulated.registry import Node, Path, Value

SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
_NO_SUCH_SERVICE = 1060
_NEVER_STARTED = 1077
_START_TYPES = {0: "BOOT_START", 1: "SYSTEM_START", 2: "AUTO_START", 3: "DEMAND_START", 4: "DISABLED"}
_TYPES = {0x10: "WIN32_OWN_PROCESS", 0x20: "WIN32_SHARE_PROCESS"}
_DISABLED = 4


def main(process: Process) -> int:
    """Run sc.exe; gives its exit code, which is Windows' error number."""
    arguments = [word.lower() for word in process.argv[1:]]
    if len(arguments) != 2 or arguments[0] not in ("qc", "query"):
        raise NotModelled(f"sc {' '.join(arguments)}")
    registry = process.machine.registry
    node = registry.node(registry.locate(rf"{SERVICES}\{process.argv[2]}"))
    if node is None:
        call = "OpenService" if arguments[0] == "qc" else "EnumQueryServicesStatus:OpenService"
        process.print(f"[SC] {call} FAILED {_NO_SUCH_SERVICE}:", "")
        process.print("The specified service does not exist as an installed service.", "")
        return _NO_SUCH_SERVICE
    if arguments[0] == "qc":
        _print_configuration(process, node)
    else:
        _print_state(process, node)
    return 0


def text(node: Node, name: str) -> str:
    """A value of a service as text; empty when it is absent."""
    value = node.values.get(name.lower())
    return "" if value is None else to_text(value.type, value.data)


def number(node: Node, name: str) -> int:
    """A value of a service as a number; 0 when it is absent."""
    return int(text(node, name) or "0", 0)


def _row(label: str, text: str) -> str:
    return f"        {label:<19}: {text}"


def _print_configuration(process: Process, node: Node) -> None:
    kind, start = number(node, "Type"), number(node, "Start")
    process.print("[SC] QueryServiceConfig SUCCESS", "", f"SERVICE_NAME: {process.argv[2]}")
    process.print(
        _row("TYPE", f"{kind:x}  {_TYPES.get(kind, '')} "),
        _row("START_TYPE", f"{start}   {_START_TYPES[start]}"),
        _row("ERROR_CONTROL", f"{number(node, 'ErrorControl')}   NORMAL"),
        _row("BINARY_PATH_NAME", text(node, "ImagePath")),
        _row("LOAD_ORDER_GROUP", ""),
        _row("TAG", "0"),
        _row("DISPLAY_NAME", text(node, "DisplayName")),
        _row("DEPENDENCIES", text(node, "DependOnService").replace("\\0", "\r\n" + _row("", ""))),
        _row("SERVICE_START_NAME", text(node, "ObjectName")),
    )


def disabled(node: Node) -> bool:
    """Whether Windows refuses to start the service."""
    return number(node, "Start") == _DISABLED


def running(machine: Machine, node: Node) -> bool:
    """Whether the service runs: as somebody left it since Windows started, or as it starts with Windows."""
    sensor = node.name.lower() == "sense"
    by_itself = not disabled(node) and (machine.profile.onboarded or not sensor)
    return machine.services.get(node.name.lower(), by_itself)


def set_start_mode(machine: Machine, key: Path, start: int | None, *, dry: bool) -> bool:
    """Write how a service starts (None: as it does); what runs goes on running. Whether it was different."""
    node = machine.registry.node(key)
    if node is None or start is None or number(node, "Start") == start:
        return False
    if not dry:
        before = running(machine, node)
        machine.write(key, Value("Start", "REG_DWORD", start.to_bytes(4, "little")))
        machine.services[node.name.lower()] = before
    return True


def _print_state(process: Process, node: Node) -> None:
    kind, runs = number(node, "Type"), running(process.machine, node)
    code = 0 if runs else _NEVER_STARTED
    process.print(
        "", f"SERVICE_NAME: {process.argv[2]} ", _row("TYPE", f"{kind:x}  {_TYPES.get(kind, '')}  ")
    )
    process.print(_row("STATE", "4  RUNNING " if runs else "1  STOPPED "))
    if runs:
        process.print(" " * 32 + "(NOT_STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)")
    process.print(
        _row("WIN32_EXIT_CODE", f"{code}  (0x{code:x})"),
        _row("SERVICE_EXIT_CODE", "0  (0x0)"),
        _row("CHECKPOINT", "0x0"),
        _row("WAIT_HINT", "0x0"),
    )
