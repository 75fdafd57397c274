# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test says on which evidence it stands, and hypothesis keeps its examples out of the tree."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis.configuration import set_hypothesis_home_dir

ROOT = Path(__file__).resolve().parent.parent
EVIDENCE = ("windows", "wine", "simulated")

# Fewer garbage collections: a whole one looks at thousands of tests, none of which goes away.
gc.set_threshold(10_000)

# What a shell starts in the background ignores an interrupt, and so does all that it starts; tests interrupt programs.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A copy that is installed in the home folder must not stand in for this checkout; ansible-test sees to that itself, and
# does not install the lab.
if "ANSIBLE_CONTROLLER_MIN_PYTHON_VERSION" in os.environ:
    sys.path.insert(0, str(ROOT / "lab"))
else:
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(ROOT / ".venv" / "collections")
set_hypothesis_home_dir(ROOT / ".cache" / "hypothesis")
# A deadline per example fails on a busy machine, not on a wrong program.
hypothesis.settings.register_profile("quiet", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("quiet")


def evidence_of(item: pytest.Item) -> str:
    """Return the strongest evidence that a test is marked with; unit tests need no mark."""
    for name in EVIDENCE:
        if item.get_closest_marker(name):
            return name
    if (ROOT / "tests" / "unit") in item.path.parents:
        return "unit"
    raise pytest.UsageError(f"{item.nodeid} is no unit test: mark it with one of {', '.join(EVIDENCE)}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Write the evidence of each test into the report that tests/checks adds up."""
    for item in items:
        item.user_properties.append(("evidence", evidence_of(item)))


_costs: defaultdict[str, float] = defaultdict(float)


def _count(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook of Python: what this process starts, and how long it sleeps."""
    if event == "subprocess.Popen":
        name = Path(str(arguments[0])).name
        _costs["wine"] += name.startswith("wine")
        _costs["playbooks"] += name == "ansible-playbook"
    elif event == "tests.playbook":
        _costs["playbooks"] += 1
    elif event == "time.sleep":
        _costs["slept"] += arguments[0]


sys.addaudithook(_count)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """What a test costs is counted from here."""
    _costs.clear()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Write into the report what the test has started, for tests/checks/times.py."""
    item.user_properties += [(name, f"{number:g}") for name, number in _costs.items() if number]
