# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: evidence
short_description: Read directories of evidence, such as those of the slices of a job, as one
version_added: 1.0.0
author:
  - mde.connectivity authors (@mde-connectivity)
description:
  - Takes directories that P(mde.connectivity.evidence#callback) wrote and returns what they say together.
  - It reads the records, so it works on the directory of a run that was killed as well.
  - A host of which several directories have a record is told by the one that was begun last.
positional: format
options:
  _input:
    description: The directories.
    type: list
    elements: path
    required: true
  format:
    description:
      - V(summary) is a dictionary with the content of C(summary.json).
      - V(csv) is the text of C(summary.csv).
      - V(page) is the text of C(index.html).
    type: str
    choices:
      - summary
      - csv
      - page
    default: summary
"""

EXAMPLES = r"""
- name: How a rollout ended that ran in three slices
  ansible.builtin.debug:
    msg: "{{ (['slice1', 'slice2', 'slice3'] | mde.connectivity.evidence).verdicts }}"

- name: One page for the change ticket
  ansible.builtin.copy:
    content: "{{ ['slice1', 'slice2', 'slice3'] | mde.connectivity.evidence('page') }}"
    dest: evidence.html
    mode: "0600"

- name: Refuse to close the change while a record is missing
  ansible.builtin.assert:
    that: not (['evidence'] | mde.connectivity.evidence).incomplete
"""

RETURN = r"""
_value:
  description: A dictionary for V(summary), and otherwise a text.
  type: raw
  returned: success
  sample:
    hosts: 2
    verdicts: {ok: 1, failed: 1}
    not_started: 0
    incomplete: false
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._page import page
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._summary import merge, records, table

_FORMATS = ("summary", "csv", "page")


def evidence(directories: Any, format: str = "summary") -> Any:  # noqa: A002  # the name that the user writes
    """Return what directories of evidence say together."""
    if format not in _FORMATS:
        raise AnsibleFilterError(f"There is no format {format!r}; there are {', '.join(_FORMATS)}.")
    if isinstance(directories, str) or not isinstance(directories, Sequence) or not directories:
        raise AnsibleFilterError("The filter evidence takes a list of directories, and got none.")
    paths = [Path(str(directory)) for directory in directories]
    for path in paths:
        if not path.is_dir():
            raise AnsibleFilterError(f"There is no directory of evidence {path}.")
    summary = merge(paths)
    if format == "summary":
        return {**summary, "lines": [asdict(line) for line in summary["lines"]]}
    return "".join(table(summary["lines"])) if format == "csv" else page(summary, records(paths, []))


class FilterModule:
    """What the collection offers to templates."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"evidence": evidence}
