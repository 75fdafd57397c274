# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of everything that `make test` runs."""

from __future__ import annotations

from tests.checks.matrix import CONTROLLERS
from tests.checks.runner import LOGS, Check

COLLECTION = ".venv/collections/ansible_collections/mde/connectivity"
TYPED_FOLDERS = ("action", "callback", "connection", "filter", "lookup", "plugin_utils")
TYPED = tuple(f"{COLLECTION}/plugins/{folder}" for folder in TYPED_FOLDERS)
TYPED_TESTS = (
    *("lab/windows_lab", "tests/checks", "tests/bench", "tests/fuzz", "tests/windows", "tests/recordings"),
    *("tests/demo.py", "tests/tryout.py", "tests/twice.py", "tests/data_check.py"),
)

INTEGRATION = "tests/integration"
SIMULATED = ("-m", "simulated and not wine")
# Rooms of unit tests that ansible-test runs too.
UNITS = ("operator", "rollout", "sensor", "settings")
# Rooms of tests that run for minutes are checks of their own, so that every core is busy to the end; their seconds.
ROOMS = {"rollout": 490, "evidence": 160, "modules": 90, "reachability": 100}


def pytest(name: str, evidence: str, seconds: int, *arguments: str, python: tuple[str, ...] = ()) -> Check:
    """Return a check that runs pytest, with options of the interpreter's own, and counts its tests."""
    command = (*python, "-m", "pytest", "-q", f"--junitxml={LOGS / name}.xml", *arguments)
    return Check(name, command, evidence, report=True, seconds=seconds)


def room(name: str, seconds: int) -> Check:
    """Return a check that runs one room of the tests on simulated endpoints."""
    return pytest(name, "simulated", seconds, f"{INTEGRATION}/{name}", *SIMULATED)


def matrix(name: str) -> Check:
    """Return a check that repeats tests with another ansible-core; they are counted apart."""
    command = ("-m", "tests.checks.matrix", name)
    return Check(f"matrix-{name}", command, "matrix", "matrix", report=True, seconds=75)


def lint(name: str, *command: str, seconds: int = 10) -> Check:
    """Return a check that only reads the source."""
    return Check(name, command, "source", kind="lint", seconds=seconds)


def publish(name: str, seconds: int) -> Check:
    """Return a check by a program of those who look at a publication."""
    return Check(name, ("-m", "tests.checks.publish", name), "source", seconds=seconds)


CHECKS: tuple[Check, ...] = (
    # What is deprecated fails, also while plugins are imported.
    pytest("unit", "unit", 90, "tests/unit", python=("-W", "error")),
    *(room(name, seconds) for name, seconds in ROOMS.items()),
    # Every other room, also one that is made tomorrow.
    pytest(
        "integration",
        "simulated",
        255,
        INTEGRATION,
        *(f"--ignore={INTEGRATION}/{name}" for name in ROOMS),
        *SIMULATED,
    ),
    pytest("wine", "wine", 365, INTEGRATION, "-m", "wine"),
    Check("wine-newer", ("-m", "tests.checks.wine_newer"), "wine", report=True, seconds=80),
    Check(
        "molecule",
        ("-m", "molecule", "test", "--scenario-name", "default"),
        "simulated",
        report=True,
        seconds=15,
    ),
    Check("molecule-windows", ("-m", "tests.checks.windows_scenario"), "simulated", seconds=10),
    Check("kerberos", ("-m", "tests.checks.kerberos"), "simulated", report=True, seconds=10),
    Check("lab-outside", ("-m", "tests.checks.outside"), "simulated", seconds=80),
    Check("fuzz", ("-m", "tests.fuzz", "--seconds", "22"), "unit", seconds=50),
    Check("fuzz-cmd", ("-m", "tests.fuzz.cmd", "--strings", "1500"), "wine", seconds=5),
    Check("windows-rehearsal", ("-m", "tests.checks.windows_rehearsal"), "wine", seconds=90),
    Check("demo", ("-m", "tests.demo"), "simulated", seconds=5),
    Check("package", ("-m", "tests.checks.package"), "simulated", seconds=10),
    Check("sanity", ("-m", "tests.checks.sanity"), "source", report=True, seconds=125),
    publish("importer", 15),
    publish("lint-installed", 20),
    publish("reuse", 5),
    publish("workflows", 5),
    # Each test is a process there, which is five times what it takes in `unit`; that one runs them all.
    Check("units", ("-m", "tests.checks.sanity", "units", *UNITS), "source", seconds=25),
    Check("release", ("-m", "tests.checks.release", "--dry-run"), "source", seconds=5),
    *(matrix(name) for name in CONTROLLERS),
    lint("ruff", "-m", "ruff", "check", "--no-cache", "."),
    lint("mypy", "-m", "mypy", *TYPED),
    lint("mypy-tests", "-m", "mypy", *TYPED_TESTS),
    lint("style", "-m", "tests.checks.style"),
    lint("lint-clone", "-m", "tests.checks.publish", "lint-clone", seconds=20),
    lint("docs", "-m", "tests.checks.docs"),
    lint("site", "-m", "tests.checks.site", seconds=15),
    lint("changelog", "-m", "antsibull_changelog", "lint"),
)
