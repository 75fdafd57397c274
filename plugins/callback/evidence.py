# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: evidence
type: notification
short_description: Write the evidence of a rollout, and tell how far it has come
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Collects what M(mde.connectivity.endpoint_proxy), M(mde.connectivity.endpoint_verify) and
    M(mde.connectivity.reachability) return, what
    M(mde.connectivity.rollout_apply) and M(mde.connectivity.rollout_undo) wrote down, and which hosts failed or
    could not be reached. It writes one file per host, a summary, a table and one page with everything in it.
  - A record is written when its news come, so a run that is killed leaves usable files. Until the end of the
    run the summary says that it is incomplete.
  - Credentials are hidden in all of it.
  - While it runs, plain lines tell the batch, and how many hosts are done, have failed and remain.
requirements:
  - To be named in the setting C(callbacks_enabled), E(ANSIBLE_CALLBACKS_ENABLED), and O(directory) to be set.
notes:
  - Take one directory per rollout. A second run into the same directory continues its records, which is how a
    rollout is resumed and unverified hosts are tried again.
  - In check mode nothing is written.
options:
  directory:
    description:
      - The directory for the files. It is made, for this user alone, if it does not exist.
      - If left out, nothing is written.
    type: path
    env:
      - name: MDE_EVIDENCE
    ini:
      - section: mde_connectivity
        key: evidence
    vars:
      - name: mde_evidence
      - name: mde_evidence_directory
"""

EXAMPLES = r"""
# It is turned on in the section [defaults] of ansible.cfg: callbacks_enabled = mde.connectivity.evidence
- name: Configure the endpoints, and keep what came of it
  hosts: windows
  gather_facts: false
  vars:
    mde_evidence: CHG0001
  tasks:
    - name: Set the proxy
      mde.connectivity.endpoint_proxy:
        winhttp_proxy:
          proxy: proxy.example.com:8080
"""

import contextlib
import getpass
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.callback import CallbackBase
from ansible.template import Templar
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence import _completion
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._journal import Journal
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._progress import Progress, batches
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import Record
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._summary import PAGE, Head
from ansible_collections.mde.connectivity.plugins.plugin_utils._times import stamp, utc_now

_VERIFY = "mde.connectivity.endpoint_verify"
_SETTINGS_OF = "mde.connectivity.endpoint_proxy"
_APPLY = "mde.connectivity.rollout_apply"
_UNDO = "mde.connectivity.rollout_undo"
_GATE = "mde.connectivity.rollout_gate"
_ADDS = {
    _SETTINGS_OF: _completion.with_settings,
    _VERIFY: _completion.with_reachability,
    "mde.connectivity.reachability": _completion.with_reachability,
    _APPLY: _completion.with_verdict,
    _UNDO: _completion.as_it_is,
}
# These write the record themselves, also where they fail.
_RECORDED = (_APPLY, _UNDO)
# What AWX calls the person who started a job; on a controller without it, the user of the process is meant.
_WHO = ("awx_user_name", "tower_user_name")
_SETTINGS = ("mde_evidence", "mde_evidence_directory", "mde_change", *_WHO)


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Hands what Ansible says over to the journal."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "mde.connectivity.evidence"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._journal: Journal | None = None
        self._directory: str | None = None
        self._settings: dict[str, str] = {}
        self._progress = Progress(1, 1, 0)
        self._play: Any = None
        self._batch = 0
        self._hosts = 0
        self._final: set[str] = set()
        self._page_said = False

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Ansible calls this for every batch of a play."""
        variables = play.get_variable_manager().get_vars(play=play)
        self._settings = _templated(play, variables)
        self.set_options(var_options=self._settings)
        self._directory = self.get_option("directory")
        # ansible-runner gives each batch of a play a name of its own, so its source tells which play it is.
        source = play.get_ds()
        self._batch = self._batch + 1 if source is self._play else 1
        self._play = source
        hosts = variables.get("ansible_play_hosts_all") or []
        batch = variables.get("ansible_play_batch") or []
        self._progress = Progress(self._batch, batches(len(hosts), play.serial or []), len(batch))
        self._hosts = len(hosts)
        if self._journal:
            self._try(self._journal.publish)

    def v2_runner_on_ok(self, result: Any) -> None:
        """A result that is no failure."""
        self._result(result, bad=False)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """A failure; one that is ignored says nothing about the host."""
        self._result(result, bad=not ignore_errors)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """A host that could not be reached, or was lost."""
        if self._ignored(result):
            return
        message = str(result._result.get("msg") or "no reason was given")
        lost = _completion.lost_after_verdict if self._is_final(result) else _completion.unreachable

        def change(record: Record, now: str) -> Record:
            # What endpoint_proxy had done before it lost the endpoint.
            for item in _items(result._result) if _action(result) == _SETTINGS_OF else ():
                if item.get("before"):
                    record = _completion.with_settings(record, item, now)
            return lost(record, message, now)

        self._change(result, change)
        self._tell(result, bad=True, dropped=True)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """The run has ended."""
        journal = self._journal
        if journal is None or not self._try(journal.finish):
            return
        for text in journal.damaged:
            self._display.warning(text)
        if not self._page_said:
            self._say(f"the evidence is in {Path(str(self._directory)) / PAGE}")

    def _result(self, result: Any, bad: bool) -> None:
        action, host, values = _action(result), result._host.get_name(), result._result
        self._page_said |= action == _GATE and (bad or bool(values.get("lines")))
        if self._ignored(result) or not (action in _ADDS or self._fails(result, bad)):
            return
        self._change(result, lambda record, now: self._added(record, action, values, result, bad, now))
        if action == _APPLY and not bad:
            self._final.add(host)
            bad = values.get("verdict") != "ok"
        self._tell(result, bad, dropped=False)

    def _fails(self, result: Any, bad: bool) -> bool:
        """Whether a task of others ended the work on a host that evidence is kept of."""
        # What runs once for all hosts says nothing about the one that it happens to run on.
        if not bad or _action(result) == _GATE or result._task.run_once:
            return False
        known = self._journal is not None and self._journal.knows(result._host.get_name())
        return known or not _is_controller(result._host)

    def _added(
        self, record: Record, action: str, values: Mapping[str, Any], result: Any, bad: bool, now: str
    ) -> Record:
        recorded = action in _RECORDED
        if action in _ADDS and not (bad and recorded):
            for item in _items(values):
                record = _ADDS[action](record, item, now)
        if not bad:
            return record
        task = result._task.get_name()
        if self._is_final(result) or (recorded and record.verdict):
            return record.noted(now, "failed", f"{task}: {values.get('msg', '')}")
        return _completion.failed(record, values, task, now)

    def _is_final(self, result: Any) -> bool:
        return result._host.get_name() in self._final

    def _ignored(self, result: Any) -> bool:
        # A verification that keeps a record of its own is about no change.
        none = result._result.get("skipped") or (_action(result) == _VERIFY and "answer" in result._result)
        return not self._directory or bool(result._task.check_mode) or bool(none)

    def _change(self, result: Any, change: Any) -> None:
        if self._journal is None:
            self._try(self._begin)
        journal = self._journal
        if journal is not None:
            journal.expect(self._hosts)
            self._try(lambda: journal.change(result._host.get_name(), self._batch, change))

    def _begin(self) -> None:
        now = _now()
        stamp = now.replace("-", "").replace(":", "")
        run = f"{stamp}-{uuid.uuid4().hex[:8]}"
        who = next((self._settings[name] for name in _WHO if name in self._settings), "") or _user()
        head = Head(run, who, now, self._settings.get("mde_change", ""), expected=self._hosts)
        self._journal = Journal(Path(str(self._directory)), head, _now)

    def _tell(self, result: Any, bad: bool, dropped: bool) -> None:
        action, host = _action(result), result._host.get_name()
        if bad:
            self._progress.failed(host, dropped)
        if action not in _ADDS:
            return
        if line := self._progress.report(action.rpartition(".")[2], host, time.monotonic()):
            self._say(line)

    def _say(self, text: str) -> None:
        self._display.display(f"mde.connectivity.evidence: {text}")

    def _try(self, write: Any) -> bool:
        """Write; a disk that is full must not hide how the run goes on, so it is said once and no more is written."""
        try:
            write()
        except NotWritable as error:
            self._display.error(f"{error} No more evidence is written.")
            self._journal, self._directory = None, None
            return False
        return True


def _items(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The results of a loop, or the one of a task without; what was skipped is none."""
    items = values["results"] if isinstance(values.get("results"), list) else [values]
    return [item for item in items if not item.get("skipped")]


def _action(result: Any) -> str:
    return str(result._task.resolved_action or result._task.action)


def _templated(play: Any, variables: Mapping[str, Any]) -> dict[str, str]:
    """The variables that matter here, as far as they are defined; what is not is for the tasks to complain about."""
    templar = Templar(play.get_loader(), variables=variables)
    found = {}
    for name in _SETTINGS:
        with contextlib.suppress(AnsibleError):
            value = templar.template(variables.get(name))
            found[name] = str(value) if value else ""
    return {name: value for name, value in found.items() if value}


def _is_controller(host: Any) -> bool:
    return bool(host.implicit) or host.get_vars().get("ansible_connection") == "local"


def _now() -> str:
    return stamp(utc_now())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
