# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run that was cut left on an endpoint: the next run that may write removes it, and a look does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._scheduled_task import ScheduledTask

from tests.integration.site import Site, task

# Each path with what makes it, as a run of ours does that loses the endpoint before its last command.
OURS = {
    r"%TEMP%\mde.connectivity.reg": r'echo cut>"%TEMP%\mde.connectivity.reg"',
    r"%TEMP%\mde.connectivity\input": r'md "%TEMP%\mde.connectivity"&echo cut>"%TEMP%\mde.connectivity\input"',
    r"%SystemRoot%\mde.connectivity\input": (
        r"md %SystemRoot%\mde.connectivity&echo cut>%SystemRoot%\mde.connectivity\input"
    ),
}
# What has to stay: the switch that undoes a change, and what is somebody else's.
OTHERS = {
    r"%SystemRoot%\mde.connectivity.undo\undo.reg": (
        r"md %SystemRoot%\mde.connectivity.undo&echo x>%SystemRoot%\mde.connectivity.undo\undo.reg"
    ),
    r"%TEMP%\mine.txt": r'echo x>"%TEMP%\mine.txt"',
}


def left(site: Site) -> list[str]:
    return [path for path in (*OURS, *OTHERS) if site.endpoint.run(f'if exist "{path}" exit 7').rc == 7]


def leave(site: Site) -> None:
    for line in (*OURS.values(), *OTHERS.values()):
        site.endpoint.run(line)
    assert left(site) == [*OURS, *OTHERS]


def test_the_next_run_removes_what_a_cut_one_left(site: Site) -> None:
    leave(site)
    site.run(task("endpoint_info", {}), task("winhttp_proxy", {"proxy": "p.test:80"}, check_mode=True))
    assert left(site) == [*OURS, *OTHERS]
    assert site.module("winhttp_proxy", {"proxy": "p.test:80"})["changed"]
    assert left(site) == [*OTHERS]
    leave(site)
    # Also where there is nothing to change, and for no request more.
    site.lab.reset_accounts()
    assert not site.module("winhttp_proxy", {"proxy": "p.test:80"})["changed"]
    assert left(site) == [*OTHERS]
    assert site.lab.account(site.name).requests == 4


@pytest.mark.simulated
def test_the_task_of_a_cut_verification_goes_with_its_directory(simulated: Callable[..., Site]) -> None:
    site = simulated()
    leave(site)
    for name in ("mde.connectivity", "mde.connectivity.undo"):
        for command in ScheduledTask(name, "reg.exe query HKLM").create():
            assert site.endpoint.run(command.text).rc == 0
    assert site.module("winhttp_proxy", {"proxy": "p.test:80"})["changed"]
    assert left(site) == [*OTHERS]
    assert site.endpoint.run("schtasks /query /tn mde.connectivity").rc == 1
    assert site.endpoint.run("schtasks /query /tn mde.connectivity.undo").rc == 0
