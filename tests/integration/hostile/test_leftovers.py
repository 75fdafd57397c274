# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run that was cut left on an endpoint: the next run that may write removes it, and a look does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.site import Site, task
from tests.lab.simulated.endpoint import SimulatedEndpoint
from tests.lab.simulated.files import Files

pytestmark = pytest.mark.simulated

TEMP = r"C:\Users\lab\AppData\Local\Temp"
DESIRED = {"proxy": "p.test:80"}


def leave(site: Site) -> Files:
    assert isinstance(site.endpoint, SimulatedEndpoint)
    files = site.endpoint.files
    files.write(rf"{TEMP}\mde.connectivity.reg", b"cut")
    files.make_directory(rf"{TEMP}\mde.connectivity")
    files.write(rf"{TEMP}\mde.connectivity\input", b"cut")
    files.write(rf"{TEMP}\mine.txt", b"stays")
    return files


def test_the_next_run_removes_what_a_cut_one_left(simulated: Callable[..., Site]) -> None:
    site = simulated()
    files = leave(site)
    site.run(task("endpoint_info", {}), task("winhttp_proxy", DESIRED, check_mode=True))
    assert sorted(files.names(TEMP)) == ["mde.connectivity", "mde.connectivity.reg", "mine.txt"]
    assert site.module("winhttp_proxy", DESIRED)["changed"]
    assert files.names(TEMP) == ["mine.txt"]
    leave(site)
    # Also where there is nothing to change, and for no request more.
    site.lab.reset_accounts()
    assert not site.module("winhttp_proxy", DESIRED)["changed"]
    assert files.names(TEMP) == ["mine.txt"]
    assert site.lab.account(site.name).requests == 4
