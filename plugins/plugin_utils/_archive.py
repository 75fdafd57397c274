# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of every ZIP archive that somebody else has made."""

from __future__ import annotations

import zipfile
import zlib

# Of these alone zipfile unpacks no more than it is asked for; they are what Windows packs with.
BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# zipfile has no common base for what it finds wrong: compression, encryption, lengths, names.
BAD_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)
