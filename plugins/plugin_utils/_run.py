# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This run of Ansible, by the directory that it makes for itself alone and removes at its end."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
from pathlib import Path

from ansible import constants


def run_directory() -> Path:
    """The directory of this run; its name is that of no other run."""
    return Path(constants.DEFAULT_LOCAL_TMP)


def mark_beginning() -> None:
    """Note the time at which this run began, once."""
    with contextlib.suppress(FileExistsError):
        _mark().touch(exist_ok=False)


def beginning() -> datetime.datetime:
    """When this run began: as it was noted, and otherwise when its directory was changed last."""
    mark = _mark()
    seconds = mark.stat().st_mtime if mark.exists() else run_directory().stat().st_ctime
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


def _mark() -> Path:
    return run_directory() / "mde.connectivity.began"


def kept_for(purpose: str, path: Path) -> Path:
    """Where this run keeps something about a file or directory of the user's."""
    digest = hashlib.sha256(str(path.absolute()).encode()).hexdigest()
    return run_directory() / f"mde.connectivity.{purpose}-{digest[:16]}"
