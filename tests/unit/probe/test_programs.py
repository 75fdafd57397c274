# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two programs of the probe: they parse, they use what is listed here and nothing else, and data stays data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import tree_sitter
import tree_sitter_javascript
import tree_sitter_powershell
from ansible_collections.mde.connectivity.plugins.plugin_utils import _probe
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._carrier import (
    ENGINES,
    Carrier,
    program,
)

SCHEMA = json.loads((Path(_probe.__file__).parent / "schema.json").read_text(encoding="utf-8"))
CMDLETS = {
    "ConvertFrom-Json",
    "ConvertTo-Json",
    "ForEach-Object",
    "Get-Content",
    "Get-ItemProperty",
    "New-Object",
    "Start-Sleep",
    "Where-Object",
}
OPERATORS = {"-contains", "-eq", "-gt", "-isnot", "-le", "-lt", "-ne", "-creplace", "-and", "-or", "-not"}
TYPES = {
    "int",
    "powershell",
    "runspacefactory",
    "string",
    "System.Diagnostics.Stopwatch",
    "System.Net.WebRequest",
    "uri",
}
METHODS = {
    "Abort",
    "AddArgument",
    "AddScript",
    "BeginInvoke",
    "Create",
    "CreateRunspacePool",
    "EndInvoke",
    "GetProxy",
    "GetResponseHeader",
    "GetSystemWebProxy",
    "Open",
    "Option",
    "Send",
    "SetAutoLogonPolicy",
    "SetProxy",
    "SetRequestHeader",
    "SetTimeouts",
    "StartNew",
    "StartsWith",
    "Substring",
    "Trim",
    "WaitForResponse",
}
# What runs text as code, reaches around the language, or hides what it does.
FORBIDDEN_JS = {"eval", "Function", "GetObject", "execScript", "setTimeout", "Run", "Exec", "ExecuteGlobal"}
OBJECTS_JS = {"WinHttp.WinHttpRequest.5.1", "Scripting.FileSystemObject", "WScript.Shell"}
MEMBERS_JS = {"RegRead", "OpenTextFile", "ReadLine", "Close"}


def tree(engine: str) -> tree_sitter.Node:
    grammar = tree_sitter_powershell if engine == "powershell" else tree_sitter_javascript
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    # An assignment to a property with an argument is JScript's own, and no ECMAScript.
    text = re.sub(r"(http\.Option)\((\d)\) =", r"\1[\2] =", program(engine)) if engine == "wsh" else program(engine)
    return parser.parse(text.encode()).root_node


def nodes(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def texts(engine: str, *kinds: str) -> set[str]:
    return {node.text.decode() for node in nodes(tree(engine)) if node.type in kinds and node.text}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_grammar_takes_the_whole_program(engine: str) -> None:
    wrong = [node for node in nodes(tree(engine)) if node.type == "ERROR" or node.is_missing]
    assert [(node.start_point, node.text) for node in wrong] == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_program_travels_as_lines_of_ascii_that_no_step_on_the_way_changes(engine: str) -> None:
    text = program(engine)
    assert text.isascii()
    assert "request:" not in text, "find takes lines with this mark out of the program"
    assert "\t" not in text
    assert max(map(len, text.split("\r\n"))) <= 120
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")


def test_powershell_uses_listed_commands_operators_types_and_methods_only() -> None:
    own = texts("powershell", "function_name")
    assert texts("powershell", "command_name") - own == CMDLETS
    assert not own & CMDLETS
    assert texts("powershell", "comparison_operator", "-and", "-or", "-not") == OPERATORS
    assert {text.strip("[]") for text in texts("powershell", "type_literal")} == TYPES
    called = {re.sub(r"\(.*", "", text).rpartition(".")[2] for text in calls()}
    assert {name.rpartition("::")[2] for name in called} == METHODS


def calls() -> set[str]:
    """The last method of each call, with all that stands before it left out."""
    found = set()
    for node in nodes(tree("powershell")):
        if node.type == "invokation_expression":
            found |= {child.text.decode() for child in node.children if child.type == "member_name" and child.text}
    return found


def literals(engine: str) -> list[set[str]]:
    """The keys of each mapping that a program writes out."""
    kinds = {"hash_literal_expression": "key_expression", "object": "property_identifier"}
    return [
        {key.text.decode().strip("'") for key in nodes(node) if key.type in (kinds[node.type], "string") and key.text}
        for node in nodes(tree(engine))
        if node.type in kinds
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_program_answers_with_the_fields_and_the_words_of_the_schema(engine: str) -> None:
    row, answer = SCHEMA["$defs"]["row"], SCHEMA["$defs"]["answer"]
    found = [keys for keys in literals(engine) if "outcome" in keys or "token" in keys]
    assert [keys & set(row["properties"]) for keys in found if "outcome" in keys] == [set(row["required"])]
    assert [keys & set(answer["properties"]) for keys in found if "token" in keys] == [set(answer["required"])]
    words = {text.strip("'") for text in texts(engine, "string_literal", "string")}
    possible = set(row["properties"]["outcome"]["enum"]) - ({"not_supported"} if engine == "powershell" else set())
    assert possible <= words
    assert set(SCHEMA["$defs"]["headers"]["properties"]) <= words


def test_powershell_makes_no_object_but_the_winhttp_request() -> None:
    made = [line.strip() for line in program("powershell").split("\r\n") if "New-Object" in line]
    assert made
    assert all("New-Object -ComObject WinHttp.WinHttpRequest.5.1" in line for line in made)


def test_powershell_runs_beside_itself_what_stands_in_it_and_nothing_else() -> None:
    assert re.findall(r"AddScript\((.*?)\)", program("powershell")) == ['"$detection"']
    assert program("powershell").count("$detection =") == 1


def test_no_time_of_the_endpoint_is_asked() -> None:
    # Both can be set while the probe runs.
    assert not re.search(r"Get-Date|UtcNow|DateTime|TickCount", program("powershell"))


def test_no_comparison_of_characters_folds_their_case() -> None:
    # U+212A and U+0130 would pass for letters of ASCII.
    assert not re.search(r" -i?(replace|match|notmatch|split) ", program("powershell"))


def test_the_script_host_s_program_makes_listed_objects_only() -> None:
    made = re.findall(r"new ActiveXObject\(([^)]*)\)", program("wsh"))
    assert {name.strip("'") for name in made} == OBJECTS_JS
    assert program("wsh").count("ActiveXObject") == len(made)
    assert not texts("wsh", "identifier", "property_identifier") & FORBIDDEN_JS
    assert texts("wsh", "property_identifier") >= MEMBERS_JS


@pytest.mark.parametrize("engine", ENGINES)
def test_a_program_sends_no_credentials_and_follows_no_redirect(engine: str) -> None:
    text = program(engine)
    assert re.search(r"http\.SetAutoLogonPolicy\(2\)", text)
    assert re.search(r"http\.Option\(6\) = \$?false", text)
    assert "SetCredentials" not in text


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("run_as", ["connection", "system"])
def test_a_directory_is_removed_before_and_after(engine: str, run_as: str) -> None:
    commands = [command.text for command in Carrier(engine, run_as, 60).commands("{}")]
    removals = [at for at, text in enumerate(commands) if text.startswith("rd /s /q ")]
    assert removals[-1] == len(commands) - 1
    assert removals[0] < next(at for at, text in enumerate(commands) if text.startswith("md "))
    if run_as == "system":
        assert sum(text.startswith("schtasks /delete ") for text in commands) == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_what_system_runs_lies_where_only_administrators_may_write(engine: str) -> None:
    commands = [command.text for command in Carrier(engine, "system", 60).commands("{}")]
    assert not any("%TEMP%" in text for text in commands)
    definition = next(text for text in commands if text.startswith("echo "))
    assert definition.endswith(r'>"%SystemRoot%\mde.connectivity\task.xml"')
    task = ElementTree.fromstring(re.sub(r"\^(.)", r"\1", definition.removeprefix("echo ").rpartition(">")[0]))
    found = {element.tag.partition("}")[2]: element.text for element in task.iter()}
    assert found["UserId"] == "S-1-5-18"
    assert found["Command"] == r"%SystemRoot%\System32\cmd.exe"
    assert found["Arguments"].startswith(r"/d /c cd /d %SystemRoot%\mde.connectivity & ")
    assert found["DisallowStartIfOnBatteries"] == "false", "a laptop would never answer"
