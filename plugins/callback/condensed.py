# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: condensed
type: stdout
short_description: Condensed output for many endpoints, with a progress line
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Prints a line per play, a sentence per failure, what a task says by itself (the tables of this collection, a
    C(debug)), and one line at the end. It leaves out the lines C(ok), C(changed) and C(skipping), and the recap per
    host.
  - Hosts that fail in one task with the same sentence are named together in a second line, and so are those with the
    same warning.
  - On a terminal, a line that is overwritten tells how many hosts a task is through with. Elsewhere, as in a log, there
    is neither colour nor a line that is overwritten, and such a line is printed for long tasks alone.
  - With C(-v) and more it prints what P(ansible.builtin.default#callback) prints, and so the whole result of a failure.
extends_documentation_fragment:
  - ansible.builtin.default_callback
  - ansible.builtin.result_format_callback
requirements:
  - To be named in the setting C(stdout_callback), E(ANSIBLE_STDOUT_CALLBACK).
seealso:
  - plugin: ansible.builtin.default
    plugin_type: callback
"""

EXAMPLES = r"""
# It is turned on in the section [defaults] of ansible.cfg: stdout_callback = mde.connectivity.condensed
# For one run, in the shell: ANSIBLE_STDOUT_CALLBACK=mde.connectivity.condensed ansible-playbook ...
- name: Configure the endpoints
  hosts: windows
  gather_facts: false
  tasks:
    - name: Set the proxy
      mde.connectivity.endpoint_proxy:
        winhttp_proxy:
          proxy: proxy.example.com:8080
"""

import functools
import shutil
import sys
import time
from collections.abc import Callable
from typing import Any

from ansible import constants
from ansible.plugins.callback.default import CallbackModule as DefaultCallback
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._progress import Progress, batches
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._secrets import (
    text as without_secrets,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._cause import cause_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._text import printable

_LONGEST = 400
_MOST_NAMES = 40
# Seconds between two drawings of the progress line.
_REDRAWN = 0.1


class CallbackModule(DefaultCallback):  # type: ignore[misc]  # ansible-core ships no types
    """Prints what did not go well, and how far it has come."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "mde.connectivity.condensed"

    def __init__(self) -> None:
        super().__init__()
        self._drawn = 0.0
        self._source: Any = None
        self._batch = 0
        self._hosts = 0
        self._progress = Progress(1, 1, 0)
        self._alike: dict[tuple[str, str], list[str]] = {}

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Say the name of a play once; Ansible calls this for every batch of it."""
        self._end_task()
        if self._display.verbosity:
            super().v2_playbook_on_play_start(play)
            return
        variables = play.get_variable_manager().get_vars(play=play)
        everyone = variables.get("ansible_play_hosts_all") or []
        source = play.get_ds()
        self._batch = self._batch + 1 if source is self._source else 1
        if source is not self._source and everyone:
            self._print(f"{play.get_name().strip()} ({_many(len(everyone))})")
        self._source = source
        self._hosts = len(variables.get("ansible_play_batch") or [])
        self._progress = Progress(self._batch, batches(len(everyone), play.serial or []), self._hosts)
        self._play = play  # The class above prints a play's banner by it.

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Begin to count the hosts of a task."""
        self._end_task()
        if self._display.verbosity:
            super().v2_playbook_on_task_start(task, is_conditional)
        elif sys.stdout.isatty() and self._hosts > 1 and not task.run_once:
            self._draw(self._progress.short(_task_name(task)))

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """The same for a handler."""
        self._end_task()
        if self._display.verbosity:
            super().v2_playbook_on_handler_task_start(task)

    def v2_playbook_on_include(self, included_file: Any) -> None:
        """Included files are said in full output alone."""
        if self._display.verbosity:
            super().v2_playbook_on_include(included_file)

    def v2_runner_on_ok(self, result: Any) -> None:
        """Print nothing but what a task wants to be read."""
        if self._in_full(super().v2_runner_on_ok, result):
            return
        said = result._result.get("msg")
        if result._result.get("_ansible_verbose_always") and said is not None:
            for line in said if isinstance(said, list) else [said]:
                self._print(str(line))
            self._told(result)
        elif result._result.get("_ansible_verbose_always"):
            self._clear()
            super().v2_runner_on_ok(result)
        else:
            self._told(result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Count a host that a task had nothing to do on."""
        if not self._in_full(super().v2_runner_on_skipped, result):
            self._told(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Print why, in a sentence."""
        show = functools.partial(super().v2_runner_on_failed, ignore_errors=ignore_errors)
        if not self._in_full(show, result):
            if not ignore_errors:
                self._progress.failed(result._host.get_name(), dropped=True)
            self._failure("failed, ignored" if ignore_errors else "failed", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Print why, in a sentence."""
        if not self._in_full(super().v2_runner_on_unreachable, result):
            self._progress.failed(result._host.get_name(), dropped=True)
            self._failure("unreachable", result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """An item of a loop that went well is no line."""
        self._in_full(super().v2_runner_item_on_ok, result)

    def v2_runner_item_on_skipped(self, result: Any) -> None:
        """An item of a loop that was left out is no line."""
        self._in_full(super().v2_runner_item_on_skipped, result)

    def v2_on_file_diff(self, result: Any) -> None:
        """Print what --diff asks for."""
        self._clear()
        super().v2_on_file_diff(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Say in one line how many hosts there were, and how they ended."""
        self._end_task()
        if self._display.verbosity:
            super().v2_playbook_on_stats(stats)
            return
        counts = [
            (len(stats.processed), _many(len(stats.processed))),
            (len(stats.changed), f"{len(stats.changed)} changed"),
            (len(stats.failures), f"{len(stats.failures)} failed"),
            (len(stats.dark), f"{len(stats.dark)} unreachable"),
        ]
        if stats.processed:
            self._print(f"Ansible worked on {', '.join(words for count, words in counts if count)}.")

    def _in_full(self, show: Callable[[Any], None], result: Any) -> bool:
        """Whether all of a result is shown; otherwise its warnings are, as always."""
        if self._display.verbosity:
            show(result)
            return True
        if result._result.get("warnings"):
            self._clear()
            self._warn(result._host.get_name(), result._result.pop("warnings"))
        if result._result.get("deprecations"):
            self._clear()
            self._handle_warnings(result._result)
        return False

    def _warn(self, host: str, warnings: list[Any]) -> None:
        """Print a warning once, and keep the hosts for which it comes again."""
        for warning in map(str, warnings):
            alike = self._alike.setdefault(("warning", warning.replace(host, "HOST")), [])
            if not alike:
                self._display.warning(warning)
            alike.append(host)

    def _failure(self, status: str, result: Any) -> None:
        host = result._host.get_name()
        sentence = _sentence(result._result, lost=status == "unreachable").removeprefix(f"{host} ").removeprefix(": ")
        if status == "unreachable" and result._result.get("changed") and not result._task.check_mode:
            sentence += ", after it was changed"
        alike = self._alike.setdefault((status, sentence.replace(host, "HOST")), [])
        if not alike:
            task = "" if result._task.run_once else f"{printable(host, _LONGEST)}: "
            self._print(f"{status}: {task}{sentence}", constants.COLOR_ERROR)
        alike.append(host)
        self._told(result)

    def _told(self, result: Any) -> None:
        """Count a result, and say how far the task has come where that is due."""
        if result._task.run_once or self._hosts < 2:
            return
        now, task = time.monotonic(), _task_name(result._task)
        due = self._progress.report(task, result._host.get_name(), now)
        if not sys.stdout.isatty():
            if due and self._progress.goes_on(task):
                self._print(due)
        elif now - self._drawn >= _REDRAWN:
            self._draw(self._progress.short(task))

    def _draw(self, line: str) -> None:
        """Overwrite the progress line; the cursor goes back at once, for whatever is printed next."""
        self._drawn = time.monotonic()
        width = max(20, shutil.get_terminal_size().columns - 1)
        self._display.display(f"\r\x1b[K{line[:width]}\r", screen_only=True, newline=False)

    def _end_task(self) -> None:
        self._clear()
        for (status, _said), hosts in self._alike.items():
            if more := hosts[1:]:
                rest = f" and {len(more) - _MOST_NAMES} more" if len(more) > _MOST_NAMES else ""
                names = printable(", ".join(more[:_MOST_NAMES]), 100 * _MOST_NAMES)
                self._print(f"{status} likewise: {names}{rest}", constants.COLOR_ERROR)
        self._alike = {}

    def _print(self, line: str, color: str | None = None) -> None:
        self._clear()
        self._display.display(line, color=color)

    def _clear(self) -> None:
        if self._drawn:
            self._drawn = 0.0
            self._display.display("\r\x1b[K", screen_only=True, newline=False)


def _sentence(result: Any, lost: bool) -> str:
    """Why a task failed, or why its host was lost: the message in one line, without what may be a secret."""
    said = result.get("msg") or result.get("censored") or "it gave no reason; -v shows the result"
    message = " ".join(map(str, said if isinstance(said, list) else [said]))
    return printable(without_secrets(cause_of(Exception(message)) if lost else message), _LONGEST)


def _task_name(task: Any) -> str:
    """The name of a task without that of its role."""
    return printable(task.get_name().rpartition(" : ")[2], _LONGEST)


def _many(hosts: int) -> str:
    return "1 host" if hosts == 1 else f"{hosts} hosts"
