# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes long to make is made once and kept in .cache, until what it was made from changes."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.checks.runner import ROOT

CACHE = ROOT / ".cache"


@contextlib.contextmanager
def kept(name: str, made_from: bytes) -> Iterator[tuple[Path, bool]]:
    """A folder that nobody else works on meanwhile, and whether it is empty and to be filled.

    It is kept where that ends well, and otherwise made anew the next time.
    """
    where = CACHE / name
    CACHE.mkdir(exist_ok=True)
    # Checks that share one start side by side.
    with where.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp, digest = where / "made-from", hashlib.sha256(made_from + bytes(where)).hexdigest()
        made = stamp.exists() and stamp.read_text(encoding="ascii") == digest
        if not made:
            shutil.rmtree(where, ignore_errors=True)
            where.mkdir()
        stamp.unlink(missing_ok=True)
        yield where, not made
        stamp.write_text(digest, encoding="ascii")
