# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites on both back ends: simulated ones are new for each test, the Wine one is reset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from windows_lab.lab import Lab
from windows_lab.wine.endpoint import not_started

from tests.integration.site import Site, reset

BACKENDS = [
    pytest.param("simulated", marks=pytest.mark.simulated),
    pytest.param("wine", marks=pytest.mark.wine),
]


@pytest.fixture(scope="session")
def wine_lab() -> Iterator[Lab]:
    with Lab(backend="wine", endpoints=1) as lab:
        yield lab


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Make a site of simulated endpoints with the given profile."""
    labs: list[Lab] = []

    def make(profile: str = "clean", **options: Any) -> Site:
        lab = Lab(backend="simulated", profiles={profile: options.pop("endpoints", 1)}, **options)
        labs.append(lab.__enter__())
        return Site(lab, tmp_path)

    yield make
    for lab in labs:
        lab.__exit__(None, None, None)


@pytest.fixture(params=BACKENDS)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    """One clean endpoint in a known state, once per back end."""
    if request.param == "wine":
        lab = request.getfixturevalue("wine_lab")
        lab.reset_accounts()
        made = Site(lab, tmp_path)
    else:
        made = request.getfixturevalue("simulated")()
    reset(made.endpoint)
    return made


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a test on Wine that failed once more, where Wine did not start a program and the lab ran a line twice."""
    if item.get_closest_marker("wine") is None:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    before = len(not_started)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if any(report.failed for report in reports) and len(not_started) > before:
        item.user_properties.append(("run_again", not_started[-1]))
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
