# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make data-check PAGE=...`: what a saved page of Microsoft's lists otherwise than the collection."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.mde.connectivity.plugins.plugin_utils._services._page_check import (
    UnknownPage,
    compare,
)

SAME, DIFFERENT, UNREADABLE = 0, 1, 2


def main(arguments: Sequence[str]) -> int:
    """Print a line for each difference; the exit code is 1 where there is one, 2 where the page can't be read."""
    if len(arguments) != 1 or not arguments[0]:
        print("Give one saved page, HTML or Markdown: make data-check PAGE=FILE", file=sys.stderr)
        return UNREADABLE
    path = Path(arguments[0])
    try:
        found = compare(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError, UnknownPage) as error:
        print(error, file=sys.stderr)
        return UNREADABLE
    print("\n".join(found) or f"{path.name} lists what the collection has.")
    return DIFFERENT if found else SAME


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
