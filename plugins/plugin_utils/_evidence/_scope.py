# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a directory of evidence is about: one plan and one change, or one audit, and all its hosts."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ._files import write
from ._record import FORMAT, KINDS, RecordError

SCOPE = "scope.json"
_WHO = ("awx_user_name", "tower_user_name")
# Characters of the file in which kind, change and digest stand.
_HEAD = 4096
_TEXTS = ("kind", "change", "run", "who", "started", "stopped")


@dataclass(frozen=True)
class Scope:
    """All hosts that a plan, an audit or a verification is about, by whom and since when it is carried out.

    kind is one of those of a record; plan_digest is None where there is no plan; started is in UTC, as in a record.
    in_run are those of the hosts that the last run was for, which are fewer where it was limited. stopped says where
    the gate ended a rollout before its last batch, such as "batch 2 of 3"; empty otherwise.
    """

    kind: str
    change: str
    plan_digest: str | None
    hosts: tuple[str, ...]
    in_run: tuple[str, ...]
    run: str
    who: str
    started: str
    stopped: str = ""


def who_of(variables: Mapping[str, Any]) -> str:
    """Who carries this out: whom AWX says in the variables of a task, or else the user of this process."""
    told = next((str(variables[name]) for name in _WHO if variables.get(name)), "")
    try:
        return told or getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def save_scope(directory: Path, scope: Scope) -> None:
    """Write what a directory is about. Raises NotWritable."""
    content = {"format": FORMAT, **asdict(scope)}
    write(directory / SCOPE, f"{json.dumps(content, indent=1, ensure_ascii=True)}\n")


def load_scope(directory: Path) -> Scope | None:
    """Return what a directory is about, or None where nothing says so. Raises RecordError."""
    path = directory / SCOPE
    if not path.exists() and not path.is_symlink():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise RecordError(f"{path} does not say what the evidence beside it is about: it is no JSON.") from None
    if not _is_scope(content):
        raise RecordError(f"{path} does not say what the evidence beside it is about: a field is missing or unknown.")
    del content["format"]
    return Scope(**{**content, "hosts": tuple(content["hosts"]), "in_run": tuple(content["in_run"])})


def plan_of(directory: Path) -> str | None:
    """Return the digest of the plan that a directory is about, by what stands before its thousands of hosts.

    None where nothing says what it is about, or where that is no plan. Raises RecordError.
    """
    try:
        with (directory / SCOPE).open(encoding="utf-8") as file:
            head, found, _hosts = file.read(_HEAD).partition('"hosts": [')
        content = json.loads(f"{head.rstrip().removesuffix(',')}}}") if found else {}
    except (OSError, ValueError):
        content = {}
    if isinstance(content.get("plan_digest"), str):
        return str(content["plan_digest"])
    scope = load_scope(directory)
    return scope.plan_digest if scope else None


def is_about(directory: Path, kind: str, run: str, hosts: Sequence[str]) -> bool:
    """Whether a directory is about these hosts in this run, by the text of its scope as it is written.

    Only yes is an answer: hosts that stand there in another order, or with signs that JSON escapes, are not found.
    """
    try:
        text = (directory / SCOPE).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    names = '",\n  "'.join(hosts)
    return all(f"\n {part}" in text for part in (f'"kind": "{kind}",', f'"run": "{run}",', f' "{names}"'))


def _is_scope(content: Any) -> bool:
    if not isinstance(content, Mapping) or set(content) != {"format", *Scope.__dataclass_fields__}:
        return False
    digest = content["plan_digest"]
    return (
        content["format"] == FORMAT
        and content["kind"] in tuple(KINDS)
        and all(isinstance(content[name], str) for name in _TEXTS)
        and isinstance(digest, str | None)
        and all(
            isinstance(content[name], list) and all(isinstance(host, str) for host in content[name])
            for name in ("hosts", "in_run")
        )
    )
