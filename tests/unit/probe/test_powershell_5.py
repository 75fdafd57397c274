# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows PowerShell 5.1 can read what is meant for it, as far as a grammar shows.

These are PSScriptAnalyzer's rules UseCompatibleSyntax, UseCompatibleCommands and AvoidUsingCmdletAliases for what is
used here. No PowerShell takes part.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import tree_sitter
import tree_sitter_powershell
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._carrier import _STARTS, program
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import POWERSHELL, _form_of

# What of the parameters that Microsoft documents for version 5.1 is used or could well be.
PARAMETERS = {
    "ConvertFrom-Json": {"InputObject"},
    "ConvertTo-Json": {"Compress", "Depth", "InputObject"},
    "ForEach-Object": {"Begin", "End", "InputObject", "MemberName", "Process"},
    "Get-Content": {"Encoding", "LiteralPath", "Path", "Raw", "ReadCount", "Tail", "TotalCount"},
    "Get-ItemProperty": {"LiteralPath", "Name", "Path", "ErrorAction"},
    "New-Object": {"ArgumentList", "ComObject", "Property", "Strict", "TypeName"},
    "Start-Sleep": {"Milliseconds", "Seconds"},
    "Where-Object": {"FilterScript", "InputObject", "Property", "Value"},
}
SWITCHES = {"-NoProfile", "-NonInteractive", "-ExecutionPolicy", "-File", "-EncodedCommand", "-NoLogo", "-Command"}
LANGUAGE = tree_sitter.Language(tree_sitter_powershell.language())


def nodes(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def text_of(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode()


def problems(script: str) -> list[str]:
    """What in a script version 5.1 does not know."""
    every = list(nodes(tree_sitter.Parser(LANGUAGE).parse(script.encode()).root_node))
    own = {text_of(node) for node in every if node.type == "function_name"}
    return [problem for node in every for problem in (*syntax(node), *command(node, own))]


def syntax(node: tree_sitter.Node) -> Iterator[str]:
    text = text_of(node)
    if node.type == "ERROR" or node.is_missing:
        yield f"no grammar for {text}"
    if node.type == "pipeline_chain_tail":
        yield f"a pipeline chain {text}"
    if node.type == "&" and node.parent and node.parent.type != "command_invokation_operator":
        yield "a job in the background"
    if node.type == "block_name" and text.lower() == "clean":
        yield "a block that cleans"
    if node.type == "expandable_string_literal" and re.search(r"`[ue]", text):
        yield f"an escape in {text}"


def command(node: tree_sitter.Node, own: set[str]) -> Iterator[str]:
    # What stands behind & is a program.
    if node.type != "command" or node.children[0].type != "command_name":
        return
    name = text_of(node.children[0])
    if name in own:
        return
    if name not in PARAMETERS:
        yield f"the command {name}"
        return
    used = {text_of(part) for part in nodes(node) if part.type == "command_parameter" and nearest(part) == node}
    for parameter in sorted(used - {f"-{known}" for known in PARAMETERS[name]}):
        yield f"{name} {parameter}"


def nearest(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """The command that a parameter belongs to."""
    parent = node.parent
    while parent is not None and parent.type != "command":
        parent = parent.parent
    return parent


@pytest.mark.parametrize(
    "script",
    [
        "$a ? 1 : 2",
        "$a ?? $b",
        "$a ??= 1",
        "${a}?.b",
        "$a?[0]",
        "Get-Content a && Get-Content b",
        "Get-Content a || Get-Content b",
        "Get-Content a &",
        "function f { process {} clean {} }",
        "$a | ForEach-Object -Parallel { 1 }",
        "ConvertFrom-Json -AsHashtable -InputObject $a",
        "Get-Content -AsByteStream a",
        "Get-Error",
        "foreach -parallel ($a in $b) { gc $a }",
        '"`u{1F600}"',
        '"`e[0m"',
        "$a = 5uy",
    ],
)
def test_what_is_new_is_found(script: str) -> None:
    assert problems(script)


def test_the_program_is_for_5_1() -> None:
    assert problems(program("powershell")) == []


def connection(transport: str, family: str = "powershell") -> SimpleNamespace:
    return SimpleNamespace(transport=transport, _shell=SimpleNamespace(SHELL_FAMILY=family))


@pytest.mark.parametrize("stdin", ["", "line0\r\n"])
@pytest.mark.parametrize("transport", ["winrm", "psrp", "ssh"])
def test_the_lines_that_are_sent_are_for_5_1(transport: str, stdin: str) -> None:
    line = "ver&reg query \"HKLM\\a b\" 2>&1&call echo t %^errorlevel%&(for /f %i in ('ver') do @echo '%i' $x `u{41})"
    sent = _form_of(connection(transport)).wrap(line, stdin)  # type: ignore[arg-type]
    assert problems(sent) == []
    encoded = sent.rpartition(" -EncodedCommand ")[2]
    if transport == "ssh":
        assert set(re.findall(r" (-\w+)", sent)) <= SWITCHES
        sent = base64.b64decode(encoded).decode("utf-16-le")
        assert problems(sent) == []
    assert sent.startswith("$input | & ") == bool(stdin)
    assert line.replace("'", "''") in sent


def test_the_program_is_started_with_switches_of_5_1() -> None:
    start = _STARTS["powershell"]
    assert start.startswith(POWERSHELL)
    assert set(re.findall(r" (-\w+)", start)) <= SWITCHES
