# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on both back ends: the same commands make the same files, and every connection carries what they read.

The product's own use of files is in the reachability probe: a directory, standard input that becomes files in it,
and nothing left in the end.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry import (
    Address,
    RegistryValue,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry_file import (
    import_value,
    render,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._staging import staged
from windows_lab.backend import Backend
from windows_lab.inventory import CONNECTIONS, Connection
from windows_lab.lab import Lab
from windows_lab.profiles import PROFILES
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.wine import WineEndpoint

from tests.integration.play import run_playbook
from tests.integration.wine.wine_endpoint import wine_endpoint

TOKEN = "c0ffee12"
DIRECTORY = r"%TEMP%\lab files"
FILE = rf'"{DIRECTORY}\file"'
SIMULATED = r"C:\Users\lab\AppData\Local\Temp\lab files"
INPUT = b"request:{}\r\nvar first = 1;\r\n\r\n  indented\r\nrequest:again\r\nlast\r\n"
PROGRAM = b"var first = 1;\r\n\r\n  indented\r\nlast\r\n"
REGISTRY_FILE = rf"{DIRECTORY}\values.reg"
KEY = r"HKLM\SOFTWARE\MDE Lab\File"
TEXT = "\"quoted\" %TEMP% !bang! \\back\\ \u00e4\u00f6\u00fc\u00df \u65e5\u672c"
IMPORTED = {
    "text": RegistryValue("REG_SZ", TEXT),
    "expanded": RegistryValue("REG_EXPAND_SZ", f"%SystemRoot%\\{TEXT}"),
    "plain": RegistryValue("REG_SZ", '"quoted" %TEMP% !bang! \\\\back\\ ^&|<>'),
    "empty": RegistryValue("REG_SZ", ""),
    "strings": RegistryValue("REG_MULTI_SZ", "one\\0<local>\\0\u00e4 %A% !"),
    "number": RegistryValue("REG_DWORD", "0x8000002a"),
    "large": RegistryValue("REG_QWORD", "0x123456789abcdef0"),
    "long": RegistryValue("REG_BINARY", (bytes(range(256)) * 40).hex().upper()),
    "nothing": RegistryValue("REG_NONE", ""),
    "binary": RegistryValue("REG_BINARY", ""),
}


class Files:
    """An endpoint, and the files in the test's directory on it, by another path than its cmd.exe."""

    def __init__(self, endpoint: Backend) -> None:
        self.endpoint = endpoint

    def batch(self, *commands: str, stdin: bytes = b"") -> list[tuple[int, str]]:
        """Run commands as the product does: exit code and output of each."""
        parts = (f"&{command}&call echo {TOKEN} %^errorlevel%" for command in commands)
        done = self.endpoint.run(f"echo {TOKEN}{''.join(parts)}", stdin)
        output = done.stdout.decode("cp437").replace("\r\n", "\n")
        _head, _no_code, *found = re.split(rf"^{TOKEN} *(-?\d*) *\n", output, flags=re.MULTILINE)
        return [(int(code), text) for text, code in zip(found[::2], found[1::2], strict=False)]

    def codes(self, *commands: str) -> list[int]:
        return [code for code, _text in self.batch(*commands)]

    def content(self) -> dict[str, bytes] | None:
        """Names and bytes of the files in the directory; None when it is not there."""
        if isinstance(self.endpoint, SimulatedEndpoint):
            files = self.endpoint.files
            if not files.is_directory(SIMULATED):
                return None
            return {name: files.read(rf"{SIMULATED}\{name}") or b"" for name in files.names(SIMULATED)}
        found = self._in_wine()
        return {path.name: path.read_bytes() for path in found[0].iterdir()} if found else None

    def put(self, name: str, data: bytes) -> None:
        """Write a file into the directory, which is there."""
        if isinstance(self.endpoint, SimulatedEndpoint):
            self.endpoint.files.write(rf"{SIMULATED}\{name}", data)
        else:
            (self._in_wine()[0] / name).write_bytes(data)

    def _in_wine(self) -> list[Path]:
        assert isinstance(self.endpoint, WineEndpoint)
        return list(self.endpoint.prefix.glob("drive_c/users/*/Temp/lab files"))


@pytest.fixture(scope="module")
def wine() -> Iterator[WineEndpoint]:
    with wine_endpoint() as started:
        yield started


@pytest.fixture(
    params=[
        pytest.param("simulated", marks=pytest.mark.simulated),
        pytest.param("wine", marks=pytest.mark.wine),
    ]
)
def files(request: pytest.FixtureRequest) -> Files:
    """An endpoint with the test's directory, which is empty."""
    if request.param == "wine":
        made = Files(request.getfixturevalue("wine"))
    else:
        made = Files(SimulatedEndpoint("w1", PROFILES["clean"]))
    made.endpoint.run(f'rd /s /q "{DIRECTORY}" 2>nul&md "{DIRECTORY}"')
    assert made.content() == {}
    return made


def test_standard_input_becomes_a_program_and_nothing_stays(files: Files) -> None:
    staged = files.batch(
        f'find /v "" >{FILE}', rf'find /v "request:" <{FILE} >"{DIRECTORY}\program"', stdin=INPUT
    )
    assert staged == [(0, ""), (0, "")]
    assert files.content() == {"file": INPUT, "program": PROGRAM}
    assert files.batch(rf'type "{DIRECTORY}\program"') == [(0, PROGRAM.decode().replace("\r\n", "\n"))]
    files.batch(f'rd /s /q "{DIRECTORY}"')
    assert files.content() is None


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("text", [PROGRAM.decode(), "\r\nline0\r\n\r\nLINE1 and line1", " \r\n" * 2000, "x\r\n"])
def test_what_is_staged_arrives_to_the_byte_with_a_byte_order_mark_before_it(
    files: Files, text: str, mark: bytes
) -> None:
    command = staged(FILE, text)
    assert files.batch(command.text, stdin=mark + command.stdin.encode()) == [(0, "")]
    assert files.content() == {"file": text.encode()}


def test_the_mark_is_in_the_file_where_nothing_takes_it_out(files: Files) -> None:
    files.batch(f'find /v "" >{FILE}', stdin=codecs.BOM_UTF8 + PROGRAM)
    assert files.content() == {"file": codecs.BOM_UTF8 + PROGRAM}


@pytest.mark.parametrize(
    ("left", "right", "code"), [("same", "same", 0), ("same", "sane", 1), ("same", "samesame", 1), ("same", None, 2)]
)
def test_fc_compares_two_files_to_the_byte(files: Files, left: str, right: str | None, code: int) -> None:
    files.put("left", left.encode())
    if right is not None:
        files.put("right", right.encode())
    ((done, said),) = files.batch(rf'fc /b "{DIRECTORY}\left" "{DIRECTORY}\right" 2>nul')
    assert done == code
    assert ("no differences encountered" in said) == (code == 0)


def test_directories(files: Files) -> None:
    deep = rf"{DIRECTORY}\a\b"
    assert files.codes(f'md "{deep}"', f'echo x>"{deep}\\file"', f'md "{deep}" 2>nul') == [0, 0, 1]
    assert files.batch(rf'rd "{DIRECTORY}\a" 2>nul&if exist "{deep}\file" echo full')[0][1] == "full\n"
    assert files.batch(rf'rd /s /q "{DIRECTORY}\a"&if not exist "{deep}" echo gone') == [(0, "gone\n")]
    assert files.content() == {}


def test_redirection(files: Files) -> None:
    assert files.codes(f"echo one>{FILE}", f"echo two>>{FILE}") == [0, 0]
    assert files.content() == {"file": b"one\r\ntwo\r\n"}
    files.batch(f"echo three>{FILE}")
    assert files.content() == {"file": b"three\r\n"}
    files.batch(f"no-such-program >{FILE} 2>&1")
    assert b"no-such-program" in (files.content() or {})["file"]


@pytest.mark.parametrize(
    "command",
    [
        rf'find /v "" <"{DIRECTORY}\none"',
        rf'echo x>"{DIRECTORY}\none\file"',
        rf'type "{DIRECTORY}\none"',
        rf'rd /s /q "{DIRECTORY}\none"',
    ],
)
def test_what_is_missing_fails(files: Files, command: str) -> None:
    # Seen by what is printed: Wine's cmd.exe runs what is behind && and || in any case.
    done = files.endpoint.run(command)
    assert (done.stdout, bool(done.stderr)) == (b"", True)
    assert files.content() == {}


def test_failures_that_the_error_level_does_not_tell(files: Files) -> None:
    assert files.codes(rf'echo x>"{DIRECTORY}\none\file" 2>nul', rf'rd /s /q "{DIRECTORY}\none" 2>nul') == [
        0,
        0,
    ]


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        (f"if exist {FILE} echo yes", "yes\n"),
        (f"if not exist {FILE} echo no", ""),
        (f"(if not exist {FILE} echo no)&echo after", "after\n"),
        (rf'if exist "{DIRECTORY}" (echo yes) else (echo no)', "yes\n"),
        (rf'if exist "{DIRECTORY}\none" (echo yes) else echo no', "no\n"),
        (f"if not exist {FILE} (echo 1) else if exist {FILE} (echo 2) else echo 3", "2\n"),
        ("for /l %I in (1,2,6) do @echo %I", "1\n3\n5\n"),
        ("for /l %I in (3,-1,2) do @echo %I", "3\n2\n"),
        (f"(for /l %I in (1,1,3) do @if not exist {FILE} echo wait)&echo ready", "ready\n"),
        (f'find "o" <{FILE}', "one\ntwo\n"),
        (f'find /v "o" <{FILE}', "three\n"),
        (f'type {FILE}|find "three"', "three\n"),
        (rf'cd /d "{DIRECTORY}" & type file | find "one" >part & ren part answer & type answer', "one\n"),
    ],
)
def test_lines(files: Files, line: str, printed: str) -> None:
    files.batch(f'find /v "" >{FILE}', stdin=b"one\r\ntwo\r\nthree\r\n")
    assert (files.content() or {})["file"].split() == [b"one", b"two", b"three"]
    done = files.endpoint.run(line)
    assert re.sub(" *\r\n", "\n", done.stdout.decode()) == printed


def test_find_says_whether_it_printed_anything(files: Files) -> None:
    files.batch(f"echo one>{FILE}")
    commands = (f'find "one" <{FILE}', f'find "two" <{FILE}', f'find /v "one" <{FILE}', 'find /v "" <nul')
    assert files.codes(*commands) == [0, 1, 1, 1]


def test_find_heads_the_lines_of_a_file_with_its_name(files: Files) -> None:
    files.batch(f"echo one>{FILE}")
    ((code, printed),) = files.batch(f'find "one" {FILE}')
    assert code == 0
    assert re.fullmatch(r"\n---------- C:\\USERS\\.*\\LAB FILES\\FILE\none\n", printed)


def test_deleted_and_renamed(files: Files) -> None:
    assert files.codes(f"echo one>{FILE}", f"ren {FILE} other") == [0, 0]
    assert files.content() == {"other": b"one\r\n"}
    assert files.codes(rf'del "{DIRECTORY}\other"') == [0]
    assert files.content() == {}


def import_registry_file(files: Files, values: dict[Address, RegistryValue | None]) -> None:
    # In the encoding of regedit's own files: Wine takes the bytes of a string in an 8-bit file for 8-bit characters.
    files.put("values.reg", f"\ufeff{render(values)}".encode("utf-16-le"))
    assert files.codes(f'reg import "{REGISTRY_FILE}" /reg:64 >nul 2>&1') == [0]


def test_a_registry_file_brings_the_very_bytes(files: Files) -> None:
    wanted: dict[Address, RegistryValue | None] = {
        Address(KEY, name, view): value for name, value in IMPORTED.items() for view in (64, 32)
    }
    # The two views differ, so that none can stand in for the other.
    wanted[Address(KEY, "text", 32)] = RegistryValue("REG_SZ", "32 bits")
    import_registry_file(files, wanted)
    for address, value in wanted.items():
        assert held(files, address) == (value and (value.type, value.data)), address
    absent = [Address(KEY, "number", 32), Address(KEY, "text"), Address(KEY, "neverthere")]
    import_registry_file(files, dict.fromkeys(absent))
    for address, value in (wanted | dict.fromkeys(absent)).items():
        assert held(files, address) == (value and (value.type, value.data)), address


def held(files: Files, address: Address) -> tuple[str, bytes] | None:
    return files.endpoint.value(address.key, address.name, address.view)


def check_import_of_one_value(files: Files, name: str, view: int) -> None:
    address = Address(KEY, f"single {name}", view)
    for wanted in (IMPORTED[name], None):
        command = import_value(address, wanted).command
        files.batch(command.text, stdin=command.stdin.encode())
        assert held(files, address) == (wanted and (wanted.type, wanted.data))
        assert files.endpoint.value(KEY, address.name, 96 - view) is None
    assert files.batch(r'if not exist "%TEMP%\mde.connectivity.reg" echo gone') == [(0, "gone\n")]


@pytest.mark.parametrize("view", [64, 32])
@pytest.mark.parametrize("name", ["long", "number", "plain"])
def test_the_command_that_imports_one_value(files: Files, name: str, view: int) -> None:
    check_import_of_one_value(files, name, view)


# Not on Wine, which takes the bytes of a string in an 8-bit file for 8-bit characters.
@pytest.mark.simulated
@pytest.mark.parametrize("view", [64, 32])
@pytest.mark.parametrize("name", ["text", "expanded", "strings"])
def test_the_command_that_imports_a_string_beyond_ascii(name: str, view: int) -> None:
    check_import_of_one_value(Files(SimulatedEndpoint("w1", PROFILES["clean"])), name, view)


def test_what_reg_can_not_import(files: Files) -> None:
    assert files.codes(f'reg import "{DIRECTORY}\\none.reg" /reg:64 2>nul') == [1]


# An action that hands standard input to the task's connection as the product does.
STAGE = """
from ansible.plugins.action import ActionBase
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Command, Endpoint
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._staging import staged


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        command = staged("C:\\\\Tools\\\\staged", self._task.args["text"])
        done = Endpoint(self._connection).run([Command("ver"), command, Command("type C:\\\\Tools\\\\staged")])
        return {**super().run(tmp, task_vars), "codes": [one.rc for one in done], "shown": done[2].stdout}
"""


@pytest.mark.simulated
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_connections_carry_standard_input(connection: Connection, tmp_path: Path) -> None:
    text = "".join(f'line{number}: [] <&|>^%TEMP% "quoted"\r\n\r\n' for number in range(400))
    (tmp_path / "action_plugins").mkdir()
    (tmp_path / "action_plugins" / "stage.py").write_text(STAGE, encoding="utf-8")
    playbook = tmp_path / "playbook.yml"
    play = {"hosts": "windows", "gather_facts": False, "tasks": [{"stage": {"text": text}}]}
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    with Lab(endpoints=1, transports=[connection]) as lab:
        endpoint = lab.endpoints["clean-1"]
        run = run_playbook(playbook, lab.inventory(tmp_path / "lab.yml", connection=connection), tmp_path)
        assert isinstance(endpoint, SimulatedEndpoint)
        assert endpoint.files.read(r"C:\Tools\staged") == text.encode(), run.output
    assert run.one()["codes"] == [0, 0, 0]
    assert run.one()["shown"] == text.replace("\r\n", "\n")
