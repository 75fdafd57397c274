# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has to know of the machine before it keeps anything: which Windows it is, and what may not be kept."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

from windows_lab.backend import Backend
from windows_lab.recording import Machine

from tests.windows.named import Named

VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_TCPIP = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
_SENSOR = r"HKLM\SOFTWARE\Microsoft\Windows Advanced Threat Protection"
_LANGUAGE = r"HKLM\SYSTEM\CurrentControlSet\Control\Nls\Language"
# What it is, key and value name.
_NAMED_IN = (
    ("HOST", _TCPIP, "Hostname"),
    ("HOST", _TCPIP, "NV Hostname"),
    ("DOMAIN", _TCPIP, "Domain"),
    ("DOMAIN", _TCPIP, "NV Domain"),
    ("DOMAIN", _TCPIP, "DhcpDomain"),
    ("OWNER", VERSION, "RegisteredOwner"),
    ("OWNER", VERSION, "RegisteredOrganization"),
    ("PRODUCT", VERSION, "ProductId"),
    ("MACHINE", r"HKLM\SOFTWARE\Microsoft\Cryptography", "MachineGuid"),
    ("ORGANISATION", rf"{_SENSOR}\Status", "OrgID"),
    ("MACHINE", _SENSOR, "SenseId"),
    ("MACHINE", _SENSOR, "senseGuid"),
)
_VARIABLES = {
    "COMPUTERNAME": "HOST",
    "USERNAME": "ACCOUNT",
    "USERDOMAIN": "DOMAIN",
    "USERDNSDOMAIN": "DOMAIN",
    "LOGONSERVER": "HOST",
}
# By the last four digits of InstallLanguage; the rest is said by its number.
_LANGUAGES = {
    "0407": "de", "0409": "en", "040a": "es", "040c": "fr", "0410": "it", "0411": "ja", "0412": "ko", "0416": "pt-BR",
    "0419": "ru", "0804": "zh-CN", "0809": "en", "0c0a": "es",
}  # fmt: skip


def _text(endpoint: Backend, key: str, name: str) -> str:
    found = endpoint.value(key, name)
    if found is None:
        return ""
    return found[1].decode("utf-16-le", "replace").rstrip("\0") if found[0] == "REG_SZ" else found[1].hex()


def machine(endpoint: Backend, connection: str, evidence: str) -> Machine:
    """Which Windows it is; nothing of it identifies the machine. `evidence` is empty where the machine is to say."""
    wine = endpoint.run(r"reg query HKLM\Software\Wine >nul 2>&1").rc == 0
    update = endpoint.value(VERSION, "UBR")
    number = f".{int.from_bytes(update[1], 'little')}" if update else ""
    page = re.search(rb"\d{3,5}", endpoint.run("chcp").stdout)
    language = _text(endpoint, _LANGUAGE, "InstallLanguage").lower()
    return Machine(
        evidence=evidence or ("wine" if wine else "windows"),
        product=_text(endpoint, VERSION, "ProductName"),
        build=_text(endpoint, VERSION, "CurrentBuildNumber") + number,
        language=_LANGUAGES.get(language, language) or "en",
        codepage=page[0].decode() if page else "",
        connection=connection,
    )


def names(endpoint: Backend, named: Named) -> dict[str, str]:
    """Every name of the machine, its user and its organisation that can be asked for, and those of this machine."""
    found = {_text(endpoint, key, name): kind for kind, key, name in _NAMED_IN}
    for variable, kind in _VARIABLES.items():
        said = endpoint.run(f"echo %{variable}%").stdout.decode("utf-8", "replace").strip()
        found[said.strip("\\") if "%" not in said else ""] = kind
    for part in re.split(r"[\\@]", named.user):
        found[part] = "ACCOUNT"
    found[named.host] = "HOST"
    found.update(dict(here()))
    # A name is cut after 15 characters in the older of its two forms, and stands before a domain in the newer one.
    for name, kind in list(found.items()):
        if kind == "HOST":
            found[name[:15]] = found[name.partition(".")[0]] = kind
    return {name: kind for name, kind in found.items() if name and not re.fullmatch(r"[\d.]+", name)}


def here() -> Iterator[tuple[str, str]]:
    """Names and paths of the machine that this runs on."""
    yield socket.gethostname(), "CONTROLLER"
    yield str(Path(__file__).resolve().parents[2]), "CHECKOUT"
    with contextlib.suppress(OSError, KeyError):
        yield getpass.getuser(), "OPERATOR"
    yield os.environ.get("HOME", "").rpartition("/")[2], "OPERATOR"
