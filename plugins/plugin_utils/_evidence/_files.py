# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a file so that a reader finds the old one or the new one, whole, and nobody else may read it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


class NotWritable(Exception):
    """A file of evidence could not be written."""


def make_directory(path: Path) -> None:
    """Make a directory and those above it, for this user alone. Raises NotWritable."""
    try:
        for missing in reversed([each for each in (path, *path.parents) if not each.exists()]):
            missing.mkdir(mode=0o700, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise NotWritable(f"The directory of evidence {path} cannot be made: {error.strerror}.") from error


def write(path: Path, content: str | Iterable[str]) -> None:
    """Replace a file at once by a text or by its pieces; with mode 0600, in UTF-8. Raises NotWritable."""
    make_directory(path.parent)
    try:
        # mkstemp makes it with mode 0600.
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:32]}.", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.writelines([content] if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise NotWritable(f"The file of evidence {path} cannot be written: {error.strerror}.") from error
