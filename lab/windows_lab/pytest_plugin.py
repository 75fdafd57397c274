# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plugin for pytest: a lab for the session, its endpoints one by one, and testinfra's view of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import yaml

if TYPE_CHECKING:
    from testinfra.host import Host

    from windows_lab.backend import Backend
    from windows_lab.lab import Lab
    from windows_lab.profiles import Profile

_INVENTORY = "--windows-lab-inventory"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which endpoints there are: profiles in pytest's settings, or a lab that is up already."""
    parser.addini(
        "windows_lab_profiles", "endpoints of windows_lab, as PROFILE[:COUNT]", type="args", default=["clean"]
    )
    parser.getgroup("windows-lab").addoption(
        _INVENTORY, type=Path, metavar="FILE", help="inventory of a lab that is up, for windows_host"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once per endpoint that asks for one of them."""
    for fixture in ("windows_endpoint", "windows_host"):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, _names(metafunc.config, fixture), indirect=True)


def _profiles(config: pytest.Config) -> dict[str | Profile, int]:
    from windows_lab.profiles import counted

    counts: dict[str | Profile, int] = {}
    for text in config.getini("windows_lab_profiles"):
        try:
            name, count = counted(text)
        except ValueError as error:
            raise pytest.UsageError(f"windows_lab_profiles: {error}") from None
        counts[name] = counts.get(name, 0) + count
    return counts


def _names(config: pytest.Config, fixture: str) -> list[str]:
    from windows_lab.lab import named_profiles

    file = config.getoption(_INVENTORY)
    if fixture == "windows_host" and file is not None:
        return list(_group(file)["hosts"])
    return list(named_profiles(None, _profiles(config)))


def _group(inventory: Path) -> dict[str, Any]:
    group: dict[str, Any] = yaml.safe_load(inventory.read_text(encoding="utf-8"))["windows"]
    return group


@pytest.fixture(scope="session")
def windows_lab(pytestconfig: pytest.Config) -> Iterator[Lab]:
    """A lab with the endpoints of the setting windows_lab_profiles, up for the session."""
    from windows_lab.lab import Lab

    with Lab(profiles=_profiles(pytestconfig)) as lab:
        yield lab


@pytest.fixture
def windows_endpoint(request: pytest.FixtureRequest, windows_lab: Lab) -> Backend:
    """Each endpoint of windows_lab by turns, to look into and to set past everything that runs on it."""
    return windows_lab.endpoints[request.param]


@pytest.fixture
def windows_host(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Host:
    """Each endpoint by turns as testinfra sees it over WinRM: of windows_lab, or of --windows-lab-inventory."""
    import testinfra

    from windows_lab import auth

    file = pytestconfig.getoption(_INVENTORY)
    if file is None:
        port = request.getfixturevalue("windows_lab").ports[request.param]
    else:
        port = _group(file)["hosts"][request.param]["ansible_port"]
    account = f"{quote(auth.USER, safe='')}:{quote(auth.PASSWORD, safe='')}"
    return testinfra.get_host(f"winrm://{account}@127.0.0.1:{port}?no_ssl=true")
