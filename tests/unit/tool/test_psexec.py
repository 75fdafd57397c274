# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PsExec needs is checked before it is started, and why there is no report is said in one sentence."""

from __future__ import annotations

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import Refused
from ansible_collections.mde.connectivity.plugins.plugin_utils._tool._psexec import PsExec, read_sizes, sizes
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Completed

RUN = PsExec(r"C:\Tools\PsExec.exe", r"C:\S\SenseSnapshot.exe", "-i", 60, (r"C:\S\Snapshot.zip", r"C:\S\b64"))


def test_sizes_are_asked_and_read_without_a_word_of_windows():
    assert str(sizes(r"C:\x", "C:\\a b")) == r'(for %F in ("C:\x" "C:\a b") do @echo [%~zF])'
    assert read_sizes(Completed(0, "[]\n[0]\nnoise\n[123]\n")) == [None, 0, 123]


@pytest.mark.parametrize(
    ("marked", "found", "message"),
    [
        (True, [None, 5, None, None], r"^psexec: there is no file C:\\Tools\\PsExec.exe on the endpoint\.$"),
        (
            True,
            [5, None, None, None],
            r"^directory: there is no file C:\\S\\SenseSnapshot.exe on the endpoint\.$",
        ),
        (False, [5, 5, None, None], "connect as an administrator"),
        (True, [5, 5, 700, None], r"Snapshot\.zip is from an earlier run and can't be deleted"),
        (True, [5, 5, None, 0], r"b64 is from an earlier run and can't be deleted"),
    ],
)
def test_what_a_run_lacks_is_refused(marked: bool, found: list[int | None], message: str):
    with pytest.raises(Refused, match=message):
        RUN.check(marked, found)


def test_a_run_that_lacks_nothing_is_not_refused():
    RUN.check(True, [5, 5, None, None])


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (Completed(5, "Zugriff verweigert\n"), "(exit code 5, access denied)"),
        (Completed(1, "x:\n\nAccess is denied.\n"), "(exit code 1, access denied)"),
        (Completed(0, ""), "SenseSnapshot.exe wrote nothing; PsExec ended with exit code 0."),
        (Completed(-1, "a\n\n b user:pw@p.test\n"), "PsExec ended with exit code -1 and said: a b ***"),
    ],
)
def test_a_missing_report_is_explained(ended: Completed, said: str):
    message = str(RUN.failure(ended, "wrote nothing"))
    assert said in message
    assert "\n" not in message
    assert len(str(RUN.failure(Completed(1, "x" * 5000), "wrote nothing"))) < 500
