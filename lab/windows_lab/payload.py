# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible sends to run a module that is written in PowerShell: which one, and its arguments."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

# The wrapper that Ansible starts reads its own program up to here, and behind it what the program is to run.
_BORDER = "\0\0\0\0"
_COLLECTIONS = ("", "ansible.legacy", "ansible.builtin", "ansible.windows")


@dataclass(frozen=True)
class ModuleCall:
    """A module by the name that the task resolved to, its options, and Ansible's own beside them.

    `beyond` names what the task asks for around the module: become, async, an environment.
    """

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    check_mode: bool = False
    beyond: tuple[str, ...] = ()

    @property
    def short_name(self) -> str:
        """The name within ansible.windows, which also stands in for Ansible's own; empty for another collection."""
        collection, _dot, name = self.name.rpartition(".")
        return name if collection in _COLLECTIONS else ""


def module_call(stdin: bytes) -> ModuleCall | None:
    """The call in the standard input of Ansible's wrapper; None when it is none."""
    _program, border, text = stdin.decode("utf-8", "replace").partition(_BORDER)
    if not border:
        return None
    try:
        manifest = json.loads(text)
    except ValueError:
        return None
    return _of_manifest(manifest) if isinstance(manifest, dict) else None


def _of_manifest(manifest: dict[str, Any]) -> ModuleCall | None:
    actions = manifest.get("actions") or []
    if "module_args" in manifest:
        # ansible-core 2.18
        given, environment, around = manifest["module_args"], manifest.get("environment"), actions
    else:
        module = next((action for action in actions if action["name"] == "module_wrapper.ps1"), None)
        if module is None:
            return None
        variables = module["params"].get("Variables") or []
        given = next((each["Value"] for each in variables if each["Name"] == "complex_args"), {})
        environment = module["params"].get("Environment")
        around = [action["name"] for action in actions if action is not module]
    beyond = [str(name).removesuffix(".ps1").removesuffix("_wrapper") for name in around]
    return ModuleCall(
        str(given.get("_ansible_module_name", "")),
        {name: value for name, value in given.items() if not name.startswith("_ansible_")},
        bool(given.get("_ansible_check_mode")),
        (*(name for name in beyond if not name.startswith("module")), *(("environment",) if environment else ())),
    )


def refused(call: ModuleCall, why: str) -> dict[str, Any]:
    """The result of a module that does not run here."""
    return {"changed": False, "failed": True, "msg": f"lab: {call.name}: {why}"}
