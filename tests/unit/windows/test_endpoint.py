# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The batch: one line out, exit codes and output back, and what happens when the answer is not whole."""

from __future__ import annotations

import base64
import re
import time
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import (
    ANSWER_LIMIT,
    AnswerTooLong,
    Command,
    CommandTooLong,
    Completed,
    DeadlineExceeded,
    Endpoint,
    IncompleteBatch,
    NotWindows,
    quote,
    quoted,
)

WINRS = "mde.connectivity.winrs"


class Scripted:
    """A connection that answers each command of a batch with the next (code, output) pair."""

    def __init__(self, answers, transport=WINRS, family="cmd", before="", keep=None):
        self.transport = transport
        self._shell = SimpleNamespace(SHELL_FAMILY=family)
        self._answers = iter(answers)
        self._before, self._keep = before, keep
        self.lines = []
        self.stderr = b"stopped"

    def exec_command(self, cmd, in_data=None):
        powershell = r"& \$env:SystemRoot\\System32\\WindowsPowerShell\\v1\.0\\powershell\.exe"
        encoded = re.fullmatch(rf"{powershell} -NoProfile -NonInteractive -EncodedCommand (\S+)", cmd)
        cmd = base64.b64decode(encoded[1]).decode("utf-16-le") if encoded else cmd
        self.encoded = bool(encoded)
        self.lines.append(cmd)
        token = re.search(r"echo ([0-9a-f]{8})", cmd)[1]
        text = f"{self._before}{token}\r\n"
        for _command in range(cmd.count("^errorlevel%")):
            code, output = next(self._answers)
            text += f"{output}{token} {code}\r\n"
        return 0, text.encode()[: self._keep], self.stderr


def test_each_command_gets_its_own_output_and_exit_code():
    connection = Scripted([(0, "one\r\n\r\n"), (-1073741502, ""), (1, "no line end ")])
    answers = Endpoint(connection).run([Command("a"), Command("b"), Command("c")])
    assert answers == [Completed(0, "one\n\n"), Completed(-1073741502, ""), Completed(1, "no line end ")]
    assert len(connection.lines) == 1


def test_noise_before_the_batch_is_not_the_first_command_s_output():
    connection = Scripted([(0, "x\r\n")], before="profile says hello\r\n#< CLIXML\r\n")
    assert Endpoint(connection).run([Command("a")]) == [Completed(0, "x\n")]


def test_output_can_not_forge_the_end_of_a_command():
    connection = Scripted([(1, "00000000 0\r\ndeadbeef 0\r\n")])
    assert Endpoint(connection).run([Command("a")])[0].rc == 1


@pytest.mark.parametrize("keep", [0, 9, 12, 20, 22])
def test_a_short_answer_is_an_error_that_says_how_short(keep):
    connection = Scripted([(0, "one\r\n"), (0, "two\r\n")], keep=keep)
    with pytest.raises(IncompleteBatch, match=r"answered [01] of 2 commands .*stopped"):
        Endpoint(connection).run([Command("a"), Command("b")])


def test_a_blocked_powershell_names_the_connection_that_needs_none():
    connection = Scripted([(0, "")], transport="winrm", keep=0)
    with pytest.raises(IncompleteBatch, match=r"mde\.connectivity\.winrs"):
        Endpoint(connection).run([Command("a")])


@pytest.mark.parametrize(
    ("transport", "family", "wrapped"),
    [
        (WINRS, "powershell", False),
        ("winrm", "powershell", True),
        ("winrm", "cmd", True),  # ansible-core 2.21 says cmd, and takes PowerShell
        ("psrp", "powershell", True),
        ("ssh", "powershell", True),
        ("ssh", "cmd", False),
    ],
)
def test_the_form_follows_the_connection(transport, family, wrapped):
    connection = Scripted([(0, "")], transport=transport, family=family)
    Endpoint(connection).run([Command("for %S in ('x') do y")])
    line = connection.lines[0]
    assert line.startswith("& \"$env:SystemRoot\\System32\\cmd.exe\" /d /s /c '") == wrapped
    assert "cd /d %SystemRoot%\\System32&echo " in line
    assert ("''x''" in line) == wrapped
    assert line.endswith("; exit $LASTEXITCODE") == wrapped
    # sshd hands the text to PowerShell on a command line, where its double quotes would be lost.
    assert connection.encoded == ((transport, family) == ("ssh", "powershell"))


@pytest.mark.parametrize(("transport", "family"), [("ssh", "sh"), ("local", "sh"), ("docker", "sh")])
def test_a_host_that_is_not_windows_is_refused_by_name(transport, family):
    with pytest.raises(NotWindows, match=f"connection is {transport} with the shell family {family}"):
        Endpoint(Scripted([], transport=transport, family=family))


@pytest.mark.parametrize(("transport", "limit"), [(WINRS, 8191), ("winrm", 8191), ("psrp", 8191)])
def test_a_long_batch_is_split_at_command_borders(transport, limit):
    commands = [Command(f"reg query HKLM\\{number:0200}") for number in range(90)]
    connection = Scripted([(number % 3, f"{number}\r\n") for number in range(90)], transport=transport)
    answers = Endpoint(connection).run(commands)
    assert [answer.stdout.strip() for answer in answers] == [str(number) for number in range(90)]
    assert [answer.rc for answer in answers] == [number % 3 for number in range(90)]
    encoded = 8 / 3 if transport == "winrm" else 1
    assert all(len(line) * encoded + 200 < limit + 100 for line in connection.lines)
    assert sum(line.count("reg query") for line in connection.lines) == len(commands)


def test_one_command_over_the_limit_is_refused_before_anything_is_sent():
    connection = Scripted([])
    with pytest.raises(CommandTooLong, match="8000"):
        Endpoint(connection).run([Command("a"), Command("b" * 9000)])
    assert connection.lines == []


@pytest.mark.parametrize("bad", ['"', "%", "!", "\n", "\r", "\0", "\x1b", "\u00e9", "\u2019"])
def test_what_no_quoting_can_hold_is_refused(bad):
    for function in (quote, quoted):
        with pytest.raises(ValueError, match="can't hold"):
            function(f"a{bad}b")


def test_words_are_quoted_only_where_they_must_be():
    assert quote("proxy:8080") == "proxy:8080"
    assert quote("a&b") == '"a&b"'
    assert quote("") == '""'
    assert quote("with blank\\") == '"with blank\\\\"'
    assert quoted("proxy") == '"proxy"'


def test_what_acts_on_a_terminal_is_replaced_where_it_comes_in():
    connection = Scripted([(5, "Access\x1b[2J is \x08denied\u202e\r.\r\n")])
    assert Endpoint(connection).run([Command("a")]) == [
        Completed(5, "Access\ufffd[2J is \ufffddenied\ufffd\ufffd.\n")
    ]


def test_standard_error_is_shown_in_one_safe_line():
    connection = Scripted([(0, "")], keep=0)
    connection.stderr = b"stopped\x1b]0;title\x07\r\n\xc2\x9b31m here"
    with pytest.raises(IncompleteBatch) as caught:
        Endpoint(connection).run([Command("a")])
    assert all(character.isprintable() for character in str(caught.value))


def test_what_a_connection_says_is_shown_in_one_safe_line():
    class Refusing(Scripted):
        def exec_command(self, cmd, in_data=None):
            raise AnsibleConnectionFailure("banner\x1b[31m\u202e\nhere")

    with pytest.raises(AnsibleConnectionFailure, match="banner\ufffd\\[31m\ufffd here"):
        Endpoint(Refusing([])).run([Command("a")])


def test_what_could_not_be_sent_is_said_without_what_was_answered_until_then():
    class Lost(Scripted):
        def exec_command(self, cmd, in_data=None):
            raise AnsibleError("winrm send_input failed; \nstdout: ProxyServer REG_SZ who:geheim@p:1\nstderr ")

    with pytest.raises(IncompleteBatch) as caught:
        Endpoint(Lost([])).run([Command("a", stdin="b\r\n")])
    assert str(caught.value) == (
        "The endpoint could not be sent all that a command reads, and what it did until then is not known."
    )


def test_an_answer_without_end_is_refused_by_its_size():
    connection = Scripted([(0, "x" * ANSWER_LIMIT)])
    with pytest.raises(AnswerTooLong, match="no more than 33554432"):
        Endpoint(connection).run([Command("a")])


def test_a_call_may_take_as_long_as_its_commands_do_by_what_they_are():
    class Waiting(Scripted):
        closed = False

        def exec_command(self, cmd, in_data=None):
            time.sleep(30)

        def close(self):
            self.closed = True

    connection = Waiting([])
    with pytest.raises(DeadlineExceeded, match=r"within 0\.05 seconds"):
        Endpoint(connection, deadline=0.05).run([Command("a")])
    assert connection.closed
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded, match=r"within 1\.05 seconds"):
        Endpoint(connection, deadline=0.05).run([Command("a"), Command("b", seconds=1)])
    assert time.monotonic() - began > 1
