# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that can't be used are refused by name, and no path leaves the quotes that it is put into."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.mde.connectivity.plugins.modules.connectivity_tool import RETURN
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import InvalidOption
from ansible_collections.mde.connectivity.plugins.plugin_utils._tool._connectivity_tool import (
    ConnectivityTool,
    Report,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._tool._rows import Method, Row
from hypothesis import given
from hypothesis import strategies as st

GOOD: dict[str, Any] = {
    "tool": "client_analyzer",
    "directory": r"C:\Program Files\MDE (new) & o'old",
    "psexec": r"d:\Tools\PsExec64.exe",
    "accept_eula": True,
    "regions": None,
    "timeout": 300,
}
PATHS = [
    "",
    "Tools",
    r"Tools\x",
    r"\Tools",
    "C:",
    r"C:Tools",
    "C:/Tools",
    r"\\server\share\Tools",
    r"\\?\C:\Tools",
    'C:\\To"ols',
    r"C:\%TEMP%",
    r"C:\!x!",
    r"C:\Tools*",
    "C:\\Tools\n& calc",
    "C:\\T\0",
    "C:\\Werkzeuge für alle",
    "C:\\\N{RIGHT DOUBLE QUOTATION MARK}&calc",
    r"C:\Tools>x",
    r"C:\Tools|x",
    r"C:\Tools:stream",
    "C:\\" + "x" * 200,
]


def command(**options: Any) -> str:
    return str(ConnectivityTool(GOOD | options)._psexec.command)


def test_the_command_is_the_one_that_microsoft_documents():
    run = r'"d:\Tools\PsExec64.exe" -accepteula -nobanner -s '
    directory = GOOD["directory"]
    assert command() == rf'{run}-w "{directory}\Tools" "{directory}\Tools\MDEClientAnalyzer.exe" <nul'
    # The two programs of the analyzer for Windows with the Microsoft Monitoring Agent.
    previous = rf'"{directory}\Tools\MDEClientAnalyzerPreviousVersion.exe"'
    assert command(tool="client_analyzer_previous") == rf'{run}-w "{directory}\Tools" {previous} <nul'
    agent = r"C:\Program Files\Microsoft Monitoring Agent\Agent"
    assert command(tool="test_cloud_connection", directory=agent) == (
        rf'{run}-w "{agent}" "{agent}\TestCloudConnection.exe" <nul'
    )
    assert command(tool="sense_snapshot") == rf'{run}-i "{directory}\SenseSnapshot.exe" <nul'
    assert command(tool="sense_snapshot", directory="C:\\") == rf'{run}-i "C:\SenseSnapshot.exe" <nul'


@pytest.mark.parametrize("option", ["directory", "psexec"])
@pytest.mark.parametrize("path", PATHS)
def test_what_is_no_absolute_path_is_refused(option: str, path: str):
    with pytest.raises(InvalidOption, match=f"^{option}: It must be an absolute path") as raised:
        command(**{option: path})
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["", "Tools", "ps exec.exe", "a&b.exe", "(a).exe", "x.bat", "PsExec.exe\\"])
def test_psexec_is_a_program(name: str):
    with pytest.raises(InvalidOption, match="^psexec: It must be the path of a program"):
        command(psexec=f"C:\\Tools\\{name}")


@pytest.mark.parametrize("timeout", [-1, 0, 3601])
def test_the_timeout_has_bounds(timeout: int):
    with pytest.raises(InvalidOption, match="^timeout: It must be between 1 and 3600 seconds"):
        command(timeout=timeout)


def test_the_licence_terms_are_accepted_by_the_user():
    with pytest.raises(InvalidOption, match="^accept_eula: .*licence terms"):
        command(accept_eula=False)


@given(st.text(alphabet=st.characters(max_codepoint=0x2040), max_size=30))
def test_no_path_leaves_its_quotes(text: str):
    try:
        line = command(directory=f"C:\\{text}")
    except InvalidOption:
        return
    # Between quotes only a quote, a percent sign and the end of the line mean anything to cmd.exe.
    assert line.count('"') == 6
    assert line.isascii()
    assert line.isprintable()
    assert not set(line) & set("%!")


def test_every_returned_key_is_documented():
    documented = yaml.safe_load(RETURN)
    tool = ConnectivityTool(GOOD)
    method = Method("Named proxy", "p.test:80", "succeeded", 200)
    report = tool._shown(
        Report((Row("https://a.test/", "ok", methods=(method,)),), {"method": "", "address": ""}, 0)
    )
    assert {*report, "ran"} == set(documented)
    for key in ("summary", "proxy"):
        assert set(report[key]) == set(documented[key]["contains"])
    row, rows = report["rows"][0], documented["rows"]["contains"]
    assert set(row) == set(rows)
    assert set(row["methods"][0]) == set(rows["methods"]["contains"])
