# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run says nothing on its standard error and uses nothing deprecated; tests/checks/matrix.py asks each ansible-core.

What a worker writes there comes back as a warning, "errantly sent data directly to stderr". The one that does so is
pywinrm, where Python shows deprecations and the environment names an authority or a proxy.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from windows_lab.inventory import Connection, Scheme, document
from windows_lab.lab import Lab

from tests.outside import outside
from tests.twice import ROOT, recap

pytestmark = pytest.mark.simulated
NAMED = ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
# What ansible-core itself is told since Python 3.12, as it forks with threads.
SHOWING = "default::DeprecationWarning,ignore:This process"
PLAYBOOK = [Path(sys.executable).with_name("ansible-playbook"), "mde.connectivity.site"]
WAYS: list[tuple[Connection, Scheme]] = [("winrs", "https"), ("winrm", "https"), ("psrp", "https"), ("ssh_cmd", "http")]


def said(lab: Lab, inventory: Path, work: Path, *arguments: str, **more: str) -> tuple[str, str]:
    """Configure and verify every endpoint of a lab with all deprecations shown; return both streams."""
    own = {name: value for name, value in os.environ.items() if name not in NAMED}
    shown = {"ANSIBLE_DEPRECATION_WARNINGS": "true", "PYTHONWARNINGS": SHOWING}
    quiet = {"ANSIBLE_HOST_KEY_CHECKING": "false", "ANSIBLE_LOCALHOST_WARNING": "false"}
    with outside(lab) as proxy:
        settings = ("-e", f"@{ROOT / 'playbooks/vars/demo.yml'}", "-e", f"demo_proxy={proxy.server}")
        done = subprocess.run(
            [*PLAYBOOK, "-i", inventory, *settings, *arguments],
            cwd=work,
            env={**own, **shown, **quiet, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Both streams of one run on two endpoints per connection; their names end with its number."""
    work, hosts = tmp_path_factory.mktemp("quiet"), {}
    with Lab(profiles={"clean": len(WAYS), "blob28": len(WAYS)}) as lab:
        for number, (connection, scheme) in enumerate(WAYS, start=1):
            group = document(lab, connection, "basic", scheme)["windows"]
            hosts |= {name: group["vars"] | own for name, own in group["hosts"].items() if name.endswith(f"-{number}")}
        inventory = work / "inventory.json"
        inventory.write_text(json.dumps({"windows": {"hosts": hosts}}), encoding="utf-8")
        return said(lab, inventory, work)


@pytest.mark.parametrize(("connection", "scheme"), WAYS)
def test_a_run_is_quiet(connection: Connection, scheme: Scheme, printed: tuple[str, str]) -> None:
    stdout, stderr = printed
    assert stderr == ""
    assert "WARNING" not in stdout
    number, seen = WAYS.index((connection, scheme)) + 1, recap(stdout)
    assert len(seen) == 2 * len(WAYS)
    assert all(seen[f"{profile}-{number}"].changed > 0 for profile in ("clean", "blob28"))


def test_what_a_worker_says_is_that_of_pywinrm_until_the_authority_is_named(tmp_path: Path) -> None:
    with Lab(profiles={"clean": 1}) as lab:
        authority = str(lab.authority.pem)
        inventory = lab.inventory(tmp_path / "inventory.yml")
        _stdout, stderr = said(lab, inventory, tmp_path, REQUESTS_CA_BUNDLE=authority)
        trusts = f"ansible_winrm_ca_trust_path={authority}"
        _stdout, nothing = said(lab, inventory, tmp_path, "-e", trusts, REQUESTS_CA_BUNDLE=authority)
    assert nothing == ""
    warned = [line for line in stderr.splitlines() if "DeprecationWarning: " in line]
    assert warned
    for line in warned:
        assert "DeprecationWarning: 'pywinrm' will use an environment variable defined CA Trust." in line
