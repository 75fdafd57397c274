# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the results of a task add to a host's record. Nothing is ever taken out of a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ._record import VERDICTS, Record
from ._secrets import clean

_ADDRESS = ("key", "name", "view")
NOT_VERIFIED = "The settings are in place, and nobody checked whether the service URLs can be reached from there."


def with_settings(record: Record, result: Mapping[str, Any], now: str) -> Record:
    """Add the result of endpoint_proxy, and that of its verification where it has one.

    The state before and the bytes to restore are those of the first write; the state after is the last one seen.
    A verdict that the record has was about an earlier state, and remains in its history.
    """
    result = clean(result)
    commands = tuple(result.get("commands") or ())
    known = record.commands[-len(commands) :] == commands if commands else True
    changed, verified = bool(result.get("changed")), result.get("verification")
    # Beside a verification the message is about that.
    said = None if verified else result.get("msg")
    if changed or result.get("unknown"):
        event, text = "write", str(said or "The settings were written and read back.")
    else:
        event, text = "read", str(said or "The endpoint already had these settings.")
    added = replace(
        record,
        state="writing" if result.get("unknown") else "written",
        verdict=None,
        reason="",
        finished=None,
        changed=record.changed or changed,
        before=record.before or result.get("before") or {},
        planned=result.get("expected") or result.get("after") or record.planned,
        commands=record.commands if known else (*record.commands, *commands),
        snapshot=_joined(record.snapshot, result.get("snapshot") or ()),
        warnings=_with(record, result.get("warnings") or ()),
        restart=result.get("reboot_reason") or record.restart,
        # What was reached before was reached another way.
        reachability=None if changed or result.get("unknown") else record.reachability,
    ).saw(_seen(result), now).noted(now, event, text)
    return with_reachability(added, verified, now) if verified else added


def _seen(result: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What endpoint_proxy read last, None where it says that nobody knows."""
    if "observed" in result and not result.get("rolled_back"):
        return result["observed"] or None
    return result.get("after") or None


def with_reachability(record: Record, result: Mapping[str, Any], now: str) -> Record:
    """Add the result of reachability; a later probe takes the place of an earlier one, as it asks again.

    That of endpoint_verify may have no rows.
    """
    result = clean(result)
    rows, summary = result.get("rows", []), result.get("summary")
    if not isinstance(rows, list) or not isinstance(summary, dict):
        return record.noted(now, "probe", str(result.get("msg") or "The probe brought no rows."))
    found = {
        "effective": result.get("effective") or {},
        "rows": rows,
        "summary": summary,
        "findings": result.get("findings") or [],
    }
    text = f"{summary.get('ok', 0)} of {summary.get('rows', len(rows))} requests were answered as documented."
    warnings = _with(record, result.get("warnings") or ())
    return replace(record, reachability=found, warnings=warnings).noted(now, "probe", text)


def with_verdict(record: Record, result: Mapping[str, Any], now: str) -> Record:
    """Add the result of rollout_apply: verdict, reason, and what the rollout says of itself."""
    result = clean({name: value for name, value in result.items() if name != "plan_digest"}) | {
        "plan_digest": result.get("plan_digest")
    }
    batch = result.get("batch")
    named = replace(
        record,
        batch=batch if isinstance(batch, int) and batch > 0 else record.batch,
        change=str(result.get("change") or record.change),
        plan_digest=str(result["plan_digest"]) if result["plan_digest"] else record.plan_digest,
    )
    return ended(named, str(result.get("verdict")), str(result.get("reason") or ""), now)


def as_it_is(record: Record, _result: Mapping[str, Any], _now: str) -> Record:
    """Return the record that an action wrote itself."""
    return record


def ended(record: Record, verdict: str, reason: str, now: str) -> Record:
    """Return the record with its verdict; a word that is none counts as unverified."""
    if verdict not in VERDICTS:
        verdict, reason = "unverified", f"The rollout gave no verdict that there is, but '{verdict}'. {reason}".strip()
    # The same verdict, said again by the action that wrote the file, is no news.
    if (record.state, record.verdict, record.reason) == ("done", verdict, reason):
        return record
    told = reason or f"The verdict is {verdict}."
    return replace(record, state="done", verdict=verdict, reason=reason, finished=now).noted(now, "verdict", told)


def unreachable(record: Record, message: str, now: str) -> Record:
    """Return the record of a host that could not be reached."""
    message = clean(message)
    begun = record.state == "writing" or (record.state == "written" and record.changed)
    if begun or record.verdict == "unverified":
        reason = f"The endpoint became unreachable after the write had begun: {message}"
        return ended(record, "unverified", reason, now)
    written = "" if record.changed else ", and nothing was written"
    return ended(record, "failed", f"The endpoint is unreachable{written}: {message}", now)


def lost_after_verdict(record: Record, message: str, now: str) -> Record:
    """Return the record of a host that could not be reached when its verdict was already given."""
    return record.noted(now, "unreachable", f"The endpoint is unreachable: {clean(message)}")


def failed(record: Record, result: Mapping[str, Any], task: str, now: str) -> Record:
    """Return the record of a host on which a task failed."""
    result = clean(result)
    message = f"{task}: {result.get('msg') or 'The task failed.'}"
    if result.get("rolled_back"):
        return ended(record, "rolled_back", message, now)
    return ended(record, "unverified" if record.state == "writing" else "failed", message, now)


def closed(record: Record, now: str) -> Record:
    """Return the record of a host for which the run is over and nobody gave a verdict."""
    summary = (record.reachability or {}).get("summary")
    if summary is None:
        return ended(record, "unverified", NOT_VERIFIED, now)
    if summary.get("reachable") is True:
        return ended(record, "ok", "Every service URL that is required was reached.", now)
    return ended(record, "failed", _missed(summary), now)


def _missed(summary: Mapping[str, Any]) -> str:
    reasons = summary.get("reasons")
    named = {name: count for name, count in (reasons if isinstance(reasons, dict) else {}).items() if name != "ok"}
    words = ", ".join(f"{count} {name}" for name, count in named.items())
    return f"Service URLs could not be reached: {words or 'see the rows'}."


def _with(record: Record, more: Sequence[Any]) -> tuple[str, ...]:
    """All warnings, without the host's name that a task puts before its own."""
    texts = (str(text).removeprefix(f"{record.host}: ") for text in more)
    return (*record.warnings, *(text for text in texts if text not in record.warnings))


def _joined(first: Sequence[Mapping[str, Any]], more: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Snapshots as one: what stands for a value in the first is what restores it."""
    held = {tuple(entry.get(part) for part in _ADDRESS) for entry in first}
    return (*first, *(e for e in more if tuple(e.get(part) for part in _ADDRESS) not in held))
