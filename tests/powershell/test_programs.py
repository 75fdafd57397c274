# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PowerShell itself reads the program and the lines that are sent; any build of it will do."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils import _probe
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._carrier import program
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import _form_of
from windows_lab.profiles import PROFILES
from windows_lab.wine import WineEndpoint, powershell

pytestmark = pytest.mark.wine

SCHEMA = json.loads((Path(_probe.__file__).parent / "schema.json").read_text(encoding="utf-8"))
REQUEST = {
    "format": 1,
    "token": "0123456789abcdef",
    "urls": ["http://127.0.0.1:9/"],
    "ways": [{"way": "direct", "proxy": ""}],
    "timeout": 1000,
    "deadline": 5000,
    "parallel": 2,
}
# Prints what the parser says of the file whose name is its argument.
PARSE = (
    "$errors = $null; $null = [System.Management.Automation.Language.Parser]::ParseFile($args[0], [ref]$null, "
    "[ref]$errors); foreach ($one in $errors) { $one.Message }; 'parsed'"
)


def run(folder: Path, script: str, *arguments: str) -> str:
    """What a script prints that lies in a folder with its arguments."""
    (folder / "run.ps1").write_text(script, encoding="ascii")
    found = powershell.path()
    assert found
    if not powershell.is_windows():
        command = [str(found), "-NoProfile", "-NonInteractive", "-File", str(folder / "run.ps1"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=folder).stdout
    endpoint = WineEndpoint("powershell", PROFILES["clean"])
    try:
        windows = "Z:" + str(folder).replace("/", "\\")
        command_line = f"{powershell.PROGRAM} -ExecutionPolicy Bypass -File {windows}\\run.ps1 {' '.join(arguments)}"
        done = endpoint.run(f"cd /d {windows}&{command_line}")
        return done.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
    finally:
        endpoint.close()


def lines() -> list[str]:
    """What is sent over each connection to a PowerShell."""
    sent = []
    for transport in ("winrm", "psrp", "ssh"):
        connection = SimpleNamespace(transport=transport, _shell=SimpleNamespace(SHELL_FAMILY="powershell"))
        for stdin in ("", "line0\r\n"):
            form = _form_of(connection)  # type: ignore[arg-type]
            sent.append(form.wrap("ver&call echo 'x' %^errorlevel%", stdin))
    return sent


def test_its_parser_takes_the_program_and_the_lines(tmp_path: Path) -> None:
    (tmp_path / "all.ps1").write_bytes("\n".join([program("powershell"), *lines()]).encode("ascii"))
    assert run(tmp_path, PARSE, "all.ps1") == "parsed\n"


def test_its_parser_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "all.ps1").write_text("if (", encoding="ascii")
    printed = run(tmp_path, PARSE, "all.ps1")
    assert printed.endswith("parsed\n")
    assert printed != "parsed\n"


def answer(folder: Path, start: str) -> dict[str, Any]:
    """What the program answers to the request, started by a line of PowerShell."""
    (folder / "probe.ps1").write_bytes(program("powershell").encode("ascii"))
    (folder / "input").write_text(f"request:{json.dumps(REQUEST)}\r\nthe rest\r\n", encoding="ascii")
    printed = run(folder, start)
    found: dict[str, Any] = json.loads(next(line for line in printed.splitlines() if line.startswith("{")))
    jsonschema.validate(found, {**SCHEMA, "oneOf": [{"$ref": "#/$defs/answer"}]})
    assert found["token"] == REQUEST["token"]
    return found


def test_the_request_is_of_the_schema() -> None:
    jsonschema.validate(REQUEST, {**SCHEMA, "oneOf": [{"$ref": "#/$defs/request"}]})


def test_the_program_answers(tmp_path: Path) -> None:
    found = answer(tmp_path, ".\\probe.ps1 input" if powershell.is_windows() else "./probe.ps1 input")
    if powershell.is_windows():
        assert (found["error"], [row["outcome"] for row in found["rows"]]) == ("", ["failed"])
    else:
        assert found["error"].startswith("WinHttp.WinHttpRequest.5.1 can not be used: ")


def test_in_constrained_language_it_says_so(tmp_path: Path) -> None:
    name = ".\\probe.ps1" if powershell.is_windows() else "./probe.ps1"
    start = f"$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; {name} input"
    assert answer(tmp_path, start)["error"] == "constrained language"


def test_what_is_not_ascii_is_a_question_mark(tmp_path: Path) -> None:
    text = program("powershell")
    function = text[text.index("function Get-Plain") : text.index("function Get-StaticProxy")]
    # The Kelvin sign, a letter of Turkish, and an umlaut.
    script = f"{function}\nGet-Plain (\"a\" + [char]0x212A + [char]0x130 + [char]0xFC + 'b') 10"
    assert run(tmp_path, script) == "a???b\n"


def test_an_encoded_line_is_the_line() -> None:
    encoded = lines()[-1].rpartition(" ")[2]
    assert "$input | & " in base64.b64decode(encoded).decode("utf-16-le")
