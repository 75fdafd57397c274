# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of this repository that ruff has no rule for: heads of files, and lengths."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.checks.runner import ROOT
from tests.checks.tree import tracked

# REUSE-IgnoreStart
HEAD = (
    "# Copyright: (c) 2026, The mde.connectivity authors",
    "# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "# SPDX-License-Identifier: GPL-3.0-or-later",
)
# REUSE-IgnoreEnd
LONGEST_FUNCTION = 40
LONGEST_FILE = 400


def long_functions(tree: ast.Module) -> Iterator[str]:
    """Yield a complaint for each function that is too long, decorators and docstring not counted."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
        lines = (node.end_lineno or node.lineno) - body[0].lineno + 1
        if lines > LONGEST_FUNCTION:
            yield f"{node.lineno}: {node.name} has {lines} lines, {LONGEST_FUNCTION} at most"


def only_documented(tree: ast.Module) -> bool:
    """Whether a file holds nothing but its docstring, as the head of a package may."""
    return len(tree.body) == 1 and ast.get_docstring(tree) is not None


def complaints(name: str) -> Iterator[str]:
    """Yield what is wrong with one Python file."""
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = text.splitlines()
    if tuple(lines[: len(HEAD)]) != HEAD:
        yield "1: does not begin with copyright, licence and SPDX line"
    tree = ast.parse(text)
    if not only_documented(tree) and "from __future__ import annotations" not in lines:
        yield "1: no `from __future__ import annotations`"
    # What a module of Ansible holds is its documentation, and grows with its options.
    if len(lines) > LONGEST_FILE and not name.startswith("plugins/modules/"):
        yield f"1: {len(lines)} lines, {LONGEST_FILE} at most"
    yield from long_functions(tree)


def main() -> int:
    """Print the complaints about all Python files of the repository."""
    found = [
        f"{name}:{complaint}"
        for name in tracked()
        if Path(name).suffix == ".py"
        for complaint in complaints(name)
    ]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
