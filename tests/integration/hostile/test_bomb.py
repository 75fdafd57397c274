# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report that unpacks to a gigabyte, from an endpoint: the controller refuses it while it reads."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.reachability.test_connectivity_tool import equip, options
from tests.integration.site import Site, task

pytestmark = pytest.mark.simulated

MEGABYTE = 1 << 20


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("Snapshot.xml", "w") as stream:
        for _megabyte in range(1024):
            stream.write(bytes(MEGABYTE))
    return packed.getvalue()


def test_a_gigabyte_in_an_archive_is_refused_while_it_is_read(simulated: Callable[..., Site]) -> None:
    site = simulated()
    equip(site, "sense_snapshot", report=bomb())
    playbook = site.work / "playbook.json"
    asked = task("connectivity_tool", options("sense_snapshot"))
    playbook.write_text(json.dumps([{"hosts": "windows", "gather_facts": False, "tasks": [asked]}]))
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    with (site.work / "said").open("w+", encoding="utf-8") as said:
        process = subprocess.Popen(
            [program, "-i", str(site.inventory("winrs")), str(playbook)],
            stdout=said,
            stderr=said,
            env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(site.work / "tmp")},
        )
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        words = " ".join(said.read().split())
    assert process.returncode == 2
    assert "unpacks to more than 4194304 bytes" in words
    # The largest of its processes, in kB; ansible-core alone takes some 120 MB.
    assert used.ru_maxrss < 400 * 1024
