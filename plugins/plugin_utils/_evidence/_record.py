# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of one host: what it was, what was done to it, how that ended, and its file."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ._files import write
from ._secrets import clean

FORMAT = 2
# How a host can end, by the kind of what was done with it; the first word is the good one.
KINDS: Mapping[str, tuple[str, ...]] = {
    "rollout": ("ok", "rolled_back", "unverified", "failed"),
    "audit": ("as_desired", "drifted", "defeated", "unread"),
    "verify": ("reached", "not_reached", "unread"),
}
VERDICTS = KINDS["rollout"]
STATES = ("writing", "written", "done")
HOSTS = "hosts"

# A file system takes names of 255 bytes; the temporary file beside it has a longer one.
_LONGEST_NAME = 180
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
# These name something and hold no setting; masking would break what refers to them.
_NAMES = ("host", "run", "who", "plan_digest")


class RecordError(Exception):
    """A file is not a record that can be trusted, and why."""


@dataclass(frozen=True)
class Record:
    """What is known of one host in one rollout, audit or verification; times are ISO 8601 in UTC, such as
    2026-01-31T12:00:00Z.

    before is the state that was read before the first write, planned the state that was wanted, and observed the one
    that was read last, at observed_at: each a report of endpoint_proxy, and empty where it is not known.
    snapshot has the values from before the write, written those that were read back after it.
    state says how far the write got, so that a killed run can be resumed or undone from the file alone.
    verdict and finished are None until the host is through.
    restart says for what Windows has to be restarted once the host is changed; empty where nothing needs it.
    """

    host: str
    run: str
    who: str
    started: str
    kind: str = "rollout"
    batch: int = 0
    change: str = ""
    plan_digest: str | None = None
    finished: str | None = None
    state: str = "writing"
    verdict: str | None = None
    reason: str = ""
    changed: bool = False
    before: Mapping[str, Any] = field(default_factory=dict)
    planned: Mapping[str, Any] = field(default_factory=dict)
    observed: Mapping[str, Any] = field(default_factory=dict)
    observed_at: str | None = None
    commands: tuple[str, ...] = ()
    snapshot: tuple[Mapping[str, Any], ...] = ()
    written: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    restart: str = ""
    reachability: Mapping[str, Any] | None = None
    history: tuple[Mapping[str, str], ...] = ()

    def saw(self, report: Mapping[str, Any] | None, time: str) -> Record:
        """Return the record with what was read last; None where it is no longer known what the endpoint holds."""
        return replace(self, observed=report or {}, observed_at=time if report else None)

    def noted(self, time: str, event: str, text: str) -> Record:
        """Return the record with one more line in its history."""
        return replace(self, history=(*self.history, {"time": time, "event": event, "text": text}))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def is_count(value: object) -> bool:
    """Whether this is a number of things; a truth value is none, although Python counts with it."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_time(value: object) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_mappings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _is_history(value: object) -> bool:
    return (
        isinstance(value, list)
        and all(isinstance(item, dict) and set(item) == {"time", "event", "text"} for item in value)
        and all(isinstance(text, str) for item in value for text in item.values())
    )


def _is_reachability(value: object) -> bool:
    if value is None:
        return True
    kinds = {"effective": dict, "rows": list, "summary": dict, "findings": list}
    return (
        isinstance(value, dict)
        and all(isinstance(value.get(name, kind()), kind) for name, kind in kinds.items())
        and all(isinstance(item, dict) for name in ("rows", "findings") for item in value.get(name, []))
    )


_RULES: dict[str, tuple[Callable[[object], bool], str]] = {
    "host": (lambda value: isinstance(value, str) and value != "", "the name of a host"),
    "run": (_is_text, "a text"),
    "who": (_is_text, "a text"),
    "started": (_is_time, "a time in UTC"),
    "kind": (lambda value: value in tuple(KINDS), f"one of {', '.join(KINDS)}"),
    "batch": (is_count, "a number"),
    "change": (_is_text, "a text"),
    "plan_digest": (
        lambda value: value is None or (isinstance(value, str) and _DIGEST.fullmatch(value) is not None),
        "64 hex digits or null",
    ),
    "finished": (lambda value: value is None or _is_time(value), "a time in UTC or null"),
    "state": (lambda value: value in STATES, f"one of {', '.join(STATES)}"),
    "verdict": (lambda value: value is None or isinstance(value, str), "null or a text"),
    "reason": (_is_text, "a text"),
    "changed": (lambda value: isinstance(value, bool), "true or false"),
    "before": (lambda value: isinstance(value, dict), "a mapping"),
    "planned": (lambda value: isinstance(value, dict), "a mapping"),
    "observed": (lambda value: isinstance(value, dict), "a mapping"),
    "observed_at": (lambda value: value is None or _is_time(value), "a time in UTC or null"),
    "commands": (_is_texts, "a list of texts"),
    "snapshot": (_is_mappings, "a list of mappings"),
    "written": (_is_mappings, "a list of mappings"),
    "warnings": (_is_texts, "a list of texts"),
    "restart": (_is_text, "a text"),
    "reachability": (_is_reachability, "null, or a mapping with rows and a summary"),
    "history": (_is_history, "a list of time, event and text"),
}


def file_name(host: str) -> str:
    """Return the name of a host's file: one name per host, and no path whatever the host is called."""
    safe = quote(host, safe="").replace("~", "%7E")
    safe = f"%2E{safe[1:]}" if safe.startswith(".") else safe
    if len(safe) > _LONGEST_NAME:
        safe = f"{safe[:100]}~{hashlib.sha256(host.encode()).hexdigest()}"
    return f"{safe}.json"


def path_of(directory: Path, host: str) -> Path:
    """Return where the record of a host lies in a directory of evidence."""
    return directory / HOSTS / file_name(host)


def save(directory: Path, record: Record) -> Record:
    """Write a record, without credentials and at once, and return it as it was written.

    Raises RecordError for a value that no record has, NotWritable where the file system refuses.
    """
    content = clean(asdict(record)) | {name: getattr(record, name) for name in _NAMES}
    path = path_of(directory, record.host)
    _validate(content, path)
    written = {"format": FORMAT, **content}
    lines = json.dumps({**written, "checksum": _checksum(written)}, indent=1, ensure_ascii=True)
    write(path, f"{lines}\n")
    return _record(content)


def load(directory: Path, host: str) -> Record | None:
    """Return the record of a host, or None where there is none. Raises RecordError."""
    path = path_of(directory, host)
    # A link to nothing does not exist, and yet somebody put it there.
    return read(path) if path.exists() or path.is_symlink() else None


def read(path: Path) -> Record:
    """Return what a file holds; raises RecordError with a sentence where it is no whole record of ours."""
    try:
        # Asked of a pipe, the content would never come.
        if not stat.S_ISREG(path.lstat().st_mode):
            raise RecordError(f"{path} is no record of evidence: it is a link, or no file at all.")
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path} is no record of evidence: it is cut short, or no JSON.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise RecordError(f"{path} is no record of evidence in format {FORMAT}.")
    checksum = content.pop("checksum", None)
    if checksum != _checksum(content):
        raise RecordError(f"{path} was edited or damaged: its checksum does not hold.")
    del content["format"]
    _validate(content, path)
    if path.name != file_name(content["host"]):
        raise RecordError(f"{path} holds the record of another host, {content['host']}.")
    return _record(content)


def _validate(content: Mapping[str, Any], path: Path) -> None:
    if strange := sorted(set(content) ^ set(_RULES)):
        raise RecordError(f"{path} is no record of evidence: field {strange[0]} is missing or unknown.")
    for name, (good, wanted) in _RULES.items():
        if not good(content[name]):
            raise RecordError(f"{path} is no record of evidence: field {name} has to be {wanted}.")
    words = KINDS[content["kind"]]
    if content["verdict"] not in (None, *words):
        known = ", ".join(words)
        raise RecordError(f"{path} is no record of evidence: field verdict has to be null or one of {known}.")


def _record(content: Mapping[str, Any]) -> Record:
    values: dict[str, Any] = {entry.name: content[entry.name] for entry in fields(Record)}
    values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return Record(**values)


def _checksum(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
