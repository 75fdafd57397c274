# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's onboarding package: a file on the controller whose content is data, and of which a hash is shown only."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from .._archive import BAD_ARCHIVE, BOUNDED
from .._resources._resource import InvalidOption

# Microsoft's scripts have some ten thousand bytes.
LIMIT = 262_144
# How Microsoft calls the archive with the packages for streamlined connectivity; of the script in it nothing is known.
_STREAMLINED = "gateway"


@dataclass(frozen=True)
class Package:
    """A package by the name and the SHA-256 of the user's file; script is what runs, and is shown nowhere."""

    name: str
    sha256: str
    script: bytes = field(repr=False)

    def report(self) -> dict[str, str]:
        return {"name": self.name, "sha256": self.sha256}

    @property
    def warning(self) -> str:
        """What can't be seen from outside; empty where the name is that of a package for streamlined connectivity."""
        if self.name.lower().startswith(_STREAMLINED):
            return ""
        return (
            f"Nothing says of {self.name} from outside whether it is the package for streamlined connectivity; the "
            "sensor shows it afterwards."
        )


def load(path: Path, option: str) -> Package:
    """Read a package; raises InvalidOption, with the option, for what is none."""
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
    except OSError as error:
        raise InvalidOption(option, f"the file {path} can't be read: {error.strerror}.") from None
    if len(data) > LIMIT:
        raise InvalidOption(option, f"{path} has more than {LIMIT} bytes, which no onboarding package has.")
    script, names = data, [path.name]
    if path.suffix.lower() == ".zip":
        name, script = _only_script(path, data, option)
        names.append(name)
    elif path.suffix.lower() != ".cmd":
        raise InvalidOption(option, f"{path} is neither Microsoft's onboarding script (.cmd) nor its archive (.zip).")
    if any("offboarding" in name.lower() for name in names):
        raise InvalidOption(option, f"{path} is a package that offboards, by its name.")
    if not script.strip() or b"\0" in script:
        raise InvalidOption(option, f"{path} holds no script of cmd.exe: it is empty, or holds a zero byte.")
    return Package(path.name, hashlib.sha256(data).hexdigest(), script)


def _only_script(path: Path, data: bytes, option: str) -> tuple[str, bytes]:
    """Name and content of the one script in an archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = [each for each in archive.infolist() if each.filename.lower().endswith(".cmd")]
            bounded = all(each.compress_type in BOUNDED for each in found)
            script = archive.open(found[0]).read(LIMIT + 1) if len(found) == 1 and bounded else b""
    except BAD_ARCHIVE:
        raise InvalidOption(option, f"{path} is no archive that can be read: it is damaged or encrypted.") from None
    if len(found) != 1:
        raise InvalidOption(option, f"{path} holds {len(found)} scripts (.cmd), and has to hold one.")
    if not bounded:
        raise InvalidOption(option, f"The script in {path} is encrypted, or packed as Windows does not pack.")
    if len(script) > LIMIT:
        raise InvalidOption(option, f"The script in {path} has more than {LIMIT} bytes.")
    return found[0].filename, script
