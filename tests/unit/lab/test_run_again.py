# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A test on Wine that failed is run once more where Wine did not start a program, and in no other case."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
TESTS = """
import pytest
from windows_lab.wine.endpoint import not_started

runs = []
pytestmark = pytest.mark.wine

@pytest.fixture
def number():
    runs.append("fixture")
    return len(runs)

def test_a_line_that_was_run_twice(number):
    if number == 1:
        not_started.append("Can't recognize 'find ")
    assert number == 2

def test_another_failure(number):
    assert number == 4

def test_always(number):
    not_started.append("Can't recognize 'find ")
    assert False
"""


def test_a_failure_is_repeated_for_that_reason_alone(tmp_path: Path) -> None:
    (tmp_path / "test_three.py").write_text(TESTS)
    command = (sys.executable, "-m", "pytest", "-q", "-p", "tests.integration.conftest", "-p", "no:cacheprovider")
    report = tmp_path / "report.xml"
    options = ("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), f"--junitxml={report}")
    done = subprocess.run(
        [*command, *options, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert "2 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    text = report.read_text()
    assert text.count('name="run_again"') == 2
    assert "test_another_failure" in text
