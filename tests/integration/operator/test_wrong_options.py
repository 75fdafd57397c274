# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people write for an option, and the answer: the option, the wrong word, the right form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from windows_lab.lab import Lab

from tests.integration.play import run_tasks
from tests.integration.site import CONNECTIONS, named, task

pytestmark = pytest.mark.simulated

SECRET = "hunter2"
BLOCK: dict[str, Any] = {"proxy": "p.test:80"}
# Module, options, and what the answer says; what may hold a secret it does not say.
WRONG: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    (
        "winhttp_proxy",
        {"proxy": f"http://pac.test/{SECRET}.pac"},
        ("proxy: ", "'http://pac.test/...'", "setup script (PAC)", "write pac.test:8080 alone"),
    ),
    ("winhttp_proxy", {"proxy": "http://p.test:8080/x"}, ("'http://p.test:8080/...'", "write p.test:8080 alone")),
    ("winhttp_proxy", {"proxy": "https://p.test:8080"}, ("'https://p.test:8080'", "write p.test:8080 alone")),
    ("winhttp_proxy", {"proxy": "[10.0.0.1:8080]"}, ("proxy: ", "'[10.0.0.1:8080]'", "write '10.0.0.1:8080'")),
    ("winhttp_proxy", {"proxy": {"gopher": "p.test:80"}}, ("proxy: ", "'gopher'", "http, https, ftp, socks")),
    ("winhttp_proxy", {"proxy": "htps=p.test:80"}, ("proxy: ", "'htps'", "http, https, ftp, socks")),
    ("winhttp_proxy", {**BLOCK, "bypass": ["local"]}, ("bypass: ", "'local'", "write <local>")),
    ("winhttp_proxy", {**BLOCK, "bypas": ["a.test"]}, (": bypas; it has state,", "Did you mean bypass?")),
    ("winhttp_proxy", {"state": "presents"}, ("state: 'presents' is none of present, absent. Did you mean present?",)),
    ("winhttp_proxy", {**BLOCK, "include_32bit": "maybe"}, ("include_32bit: 'maybe' is neither true nor false",)),
    ("winhttp_proxy", {"state": "present"}, ("proxy: it is missing", "as in proxy.example.com:8080")),
    ("datacollection_proxy", {"server": "p.test"}, ("server: ", "'p.test' needs a port, as in p.test:8080")),
    ("datacollection_proxy", {"server": "http://p.test:80"}, ("server: ", "'http://p.test:80'", "write p.test:80")),
    ("datacollection_proxy", {"server": "[10.0.0.1:8080]"}, ("server: ", "write '10.0.0.1:8080'")),
    ("antivirus_proxy", {"proxy": "p.test:80"}, ("proxy: ", "http:// or https://", "as in 'http://p.test:80'")),
    ("antivirus_proxy", {"proxy": "http://p.test"}, ("proxy: ", "needs a port, as in http://p.test:8080")),
    ("antivirus_proxy", {"proxy": "http://p.test:80/a.pac"}, ("(PAC)", "write http://p.test:80 alone")),
    ("antivirus_proxy", {"pac_url": f"http://p.test/a.pac?{SECRET}"}, ("pac_url: ", "letters, digits and ._~-/")),
    ("antivirus_proxy", {"state": "present"}, ("proxy: it is missing", "pac_url", "only state: absent removes")),
    ("antivirus_proxy", {"state": "absent", "bypass": "a.test"}, ("state: it is absent", "leave bypass out")),
    ("winhttp_import_ie", {"source": "SYSTEM"}, ("source: 'SYSTEM'", "is written system")),
    ("winhttp_import_ie", {"source": "ie"}, ("source: 'ie'", "is written connection")),
    ("winhttp_import_ie", {"source": "Machine"}, ("source: 'Machine'", "write machine")),
    ("wpad", {"state": "enable"}, ("state: 'enable' is none of enabled, disabled. Did you mean enabled?",)),
    ("wpad", {"scope": ["system"]}, ("state: it is missing", "one of enabled, disabled")),
    ("wpad", {"state": "enabled", "scope": ["users"]}, ("scope: 'users' is no scope", "all_users")),
    ("endpoint_proxy", {"winhttp_proxy": {"proxy": "[10.0.0.1:80]"}}, ("winhttp_proxy.proxy: ", "write '10.0.0.1:80'")),
    (
        "endpoint_proxy",
        {"winhttp_proxy": {**BLOCK, "bypas": []}},
        (": winhttp_proxy.bypas; winhttp_proxy has ", "Did you mean winhttp_proxy.bypass?"),
    ),
    ("endpoint_proxy", {"role": True, "methd": "static"}, ("role: ", "variables of the role; leave methd out")),
    ("endpoint_proxy", {"role": "yse", "winhttp_proxy": BLOCK}, ("role: 'yse' is neither true nor false",)),
    ("endpoint_verify", {"role": True, "cloud": "commercial"}, ("role: ", "variables of the role; leave cloud out")),
    ("endpoint_verify", {"cloud": "commercial", "directory": "d"}, ("directory: ", "set record: true")),
    ("endpoint_verify", {"role": "yse"}, ("role: 'yse' is neither true nor false",)),
    ("endpoint_proxy", {"winhttp_proxi": BLOCK}, (": winhttp_proxi; it has ", "Did you mean winhttp_proxy?")),
    ("endpoint_proxy", {"wpad": {"state": "on"}}, ("wpad.state: 'on' is none of enabled, disabled",)),
    ("endpoint_proxy", {"datacollection_proxy": {"server": "p.test"}}, ("datacollection_proxy.server: ",)),
    ("endpoint_proxy", {"winhttp_import_ie": {"source": "ie"}}, ("winhttp_import_ie.source: 'ie'",)),
]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(endpoints=2) as lab:
        yield lab


def test_an_answer_names_the_option_the_wrong_word_and_the_right_form(lab: Lab, tmp_path: Path) -> None:
    inventory = lab.inventory(tmp_path / "inventory.yml")
    tasks = [task(name, options) for name, options, _said in WRONG]
    run = run_tasks(tasks, inventory, tmp_path, ["--limit", "clean-1"], ignore_errors=True)
    assert len(run.outcomes) == len(WRONG)
    for outcome, (name, options, said) in zip(run.outcomes, WRONG, strict=True):
        message = outcome.result["msg"]
        assert outcome.status == "failed", (name, options)
        assert [words for words in said if words not in message] == [], message
        assert SECRET not in message
    assert lab.account("clean-1").requests == 0


def test_blanks_round_a_value_belong_to_no_value(lab: Lab, tmp_path: Path) -> None:
    tasks = [
        task("winhttp_proxy", {"proxy": " p.test:8080 ", "bypass": " <local> ", "state": "present "}),
        task("winhttp_proxy", {"proxy": {"https": "p.test:8443\n"}}),
        task("datacollection_proxy", {"server": "p.test:8080\n"}),
        task("winhttp_import_ie", {"source": " connection ", "allow_direct": True, "on_loss": "warn"}),
        task("endpoint_proxy", {"wpad": {"state": "disabled ", "scope": [" system"]}}),
    ]
    run = run_tasks(tasks, lab.inventory(tmp_path / "inventory.yml"), tmp_path, ["--check", "--limit", "clean-1"])
    assert run.rc == 0, run.output
    first, second, third, *_others = run.results()
    assert first["after"]["winhttp"]["native"]["proxy"] == "p.test:8080"
    assert second["after"]["winhttp"]["native"]["proxy"] == "https=p.test:8443"
    assert third["after"]["datacollection"]["telemetry_proxy_server"] == "p.test:8080"


def test_each_warning_names_its_host_once(lab: Lab, tmp_path: Path) -> None:
    for endpoint in lab.endpoints.values():
        endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named("old.test:1"))
    tasks = [task("winhttp_proxy", {"proxy": "p.test", "include_32bit": False})]
    run = run_tasks(tasks, lab.inventory(tmp_path / "inventory.yml"), tmp_path, ["--check"])
    assert run.rc == 0, run.output
    shown = " ".join(run.output.split())
    for outcome in run.outcomes:
        warnings = outcome.result["warnings"]
        assert warnings
        assert any("proxy: p.test has no port" in warning for warning in warnings)
        for warning in warnings:
            assert warning.count(f"{outcome.host}: ") == 1
            assert warning.startswith(f"{outcome.host}: ")
        assert f"{outcome.host}: proxy: p.test has no port" in shown
