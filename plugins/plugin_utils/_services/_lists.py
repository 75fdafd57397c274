# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files with service URLs that the administrator of a proxy gets: what is in them, and how they are written."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._catalogue import select
from ._model import Choice, Service
from ._render import FORMATS, Row, Settings
from ._service_tags import IP_FORMATS, read_service_tags_file

NAMES: Mapping[str, str] = {
    "squid": "squid.conf",
    "plain": "hosts.txt",
    "csv": "hosts.csv",
    "palo_alto": "palo_alto.txt",
    "pac": "pac.js",
    "tls_exempt": "tls_exempt.txt",
}
IP_NAMES: Mapping[str, str] = {"nftables": "ip.nft", "cisco": "ip_cisco.txt", "cidr": "ip.txt"}
_MODE = 0o644


def lists_of(options: Mapping[str, Any]) -> dict[str, str]:
    """The name and the text of each file that options of allowlist_files ask for.

    Raises InvalidRowError, InvalidServiceTags, ServiceFileError and UnknownChoiceError.
    """
    choice = Choice(
        generation=options["generation"],
        cloud=options["cloud"],
        regions=tuple(options["regions"]),
        windows_build=options["windows_build"],
        include_optional=options["include_optional"],
    )
    settings = Settings(tuple(options["squid_clients"]), options["squid_port"], options["pac_via"])
    rows = [_row(service) for service in select(choice, [Path(name) for name in options["files"]])]
    found = {NAMES[format_]: FORMATS[format_](rows, settings) for format_ in options["formats"]}
    if options["service_tags"]:
        ranges = read_service_tags_file(Path(options["service_tags"]).expanduser())
        found |= {name: IP_FORMATS[format_](ranges) for format_, name in IP_NAMES.items()}
    return found


def _row(service: Service) -> Row:
    about = (service.unconfirmed, service.source, service.as_of)
    return Row(service.host, service.port, service.path, service.purpose, service.required, *about)


def read(path: Path) -> str | None:
    """The text of a file that may be read by everybody, None where there is none such. Raises OSError."""
    try:
        return path.read_text(encoding="utf-8") if path.stat().st_mode & 0o777 == _MODE else None
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def write(path: Path, text: str) -> None:
    """Replace a file at once; everybody may read it. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            os.fchmod(file.fileno(), _MODE)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
