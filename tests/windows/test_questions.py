# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of every open question; what they say of the machine is read out of the recording."""

from __future__ import annotations

import re

import pytest

from tests.windows.plugin import Run
from tests.windows.questions import FILE, QUESTIONS, Question

pytestmark = pytest.mark.windows


@pytest.mark.parametrize("question", [one for one in QUESTIONS if one.lines], ids=lambda one: one.name)
def test_a_question_is_asked(windows_run: Run, question: Question) -> None:
    windows_run.endpoint.part = f"questions/{question.name}"
    first, *others = question.lines
    said = windows_run.endpoint.run(first, question.stdin).stdout.decode("utf-8", "replace")
    if not re.search(question.spares, said):
        for line in others:
            windows_run.endpoint.run(line, question.stdin)
    assert windows_run.endpoint.recording.parts[f"questions/{question.name}"]
    windows_run.endpoint.part = ""
    # Nothing of it stays on the machine.
    left = "&".join(f'if exist "{FILE}.{suffix}" echo left' for suffix in ("js", "reg", "xml"))
    assert b"left" not in windows_run.remote.run(left).stdout
