# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's SSH front, met by the real ssh client and by Ansible's ssh connection."""

from __future__ import annotations

import shlex
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from windows_lab.backend import Completed
from windows_lab.inventory import Connection
from windows_lab.lab import Lab
from windows_lab.sshd import ADDRESS, Sshd

from tests.integration.play import run_tasks

pytestmark = pytest.mark.simulated

TIMEOUT = 60


class Recorder:
    """A shell that answers with its name and what it got."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls: list[tuple[str, bytes]] = []

    def __call__(self, line: str, stdin: bytes) -> Completed:
        self.calls.append((line, stdin))
        return Completed(0x103, self.name.encode() + b"\x81\r\n", b"warning\r\n")


@pytest.fixture(name="sshd")
def fixture_sshd() -> Iterator[Sshd]:
    with Sshd() as sshd:
        yield sshd


def client(sshd: Sshd, port: int, *options: str) -> list[str]:
    """The ssh command up to the host, with the options that Ansible's inventory carries."""
    values = {name: str(value) for name, value in sshd.variables(port, "cmd").items()}
    arguments = shlex.split(values["ansible_ssh_args"]) + shlex.split(values["ansible_ssh_common_args"])
    target = [
        "-i",
        values["ansible_ssh_private_key_file"],
        "-p",
        str(port),
        f"{values['ansible_user']}@{ADDRESS}",
    ]
    return ["ssh", "-o", "BatchMode=yes", *options, *arguments, *target]


def ssh(sshd: Sshd, port: int, *command: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*client(sshd, port), *command], input=stdin, capture_output=True, timeout=TIMEOUT, check=False
    )


@pytest.mark.parametrize(
    "line",
    [
        'reg query "HKLM\\SOFTWARE\\Policies" /v "Name" /reg:64',
        "echo 0a1b2c3d&ver 2>&1&call echo 0a1b2c3d %^errorlevel%",
        "echo 'it''s' $HOME `id` \\ ! ; * ?",
        "echo Zürich 直接アクセス",
        "echo " + "x" * 8186,
    ],
)
def test_a_command_arrives_as_it_was_sent(sshd: Sshd, line: str) -> None:
    shell = Recorder("endpoint")
    done = ssh(sshd, sshd.serve(shell), line)
    assert shell.calls == [(line, b"")]
    assert (done.stdout, done.stderr) == (b"endpoint\x81\r\n", b"warning\r\n")
    assert done.returncode == 3, "the ssh client keeps 8 bits of the exit code"


def test_a_command_starts_although_the_client_never_ends_its_input(sshd: Sshd) -> None:
    shell = Recorder("endpoint")
    command = [*client(sshd, sshd.serve(shell)), "reg query HKU"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.wait(timeout=TIMEOUT) == 3
    assert shell.calls == [("reg query HKU", b"")]


def test_a_program_that_reads_gets_its_whole_input(sshd: Sshd) -> None:
    shell = Recorder("endpoint")
    text = b"line \xff\x00\r\n" * 50_000
    assert ssh(sshd, sshd.serve(shell), "cscript //nologo //e:jscript con", stdin=text).returncode == 3
    assert shell.calls == [("cscript //nologo //e:jscript con", text)]


@pytest.mark.parametrize(
    "line",
    [
        'reg add HKCU\\Lab /v P /d "more.example:8080 sort" /f',
        "echo 1|findstr 1",
        "cscript //nologo C:\\probe.js",
    ],
)
def test_a_terminal_without_input_holds_nothing_up(sshd: Sshd, line: str) -> None:
    shell = Recorder("endpoint")
    with subprocess.Popen([*client(sshd, sshd.serve(shell)), line], stdin=subprocess.PIPE) as process:
        assert process.wait(timeout=TIMEOUT) == 3
    assert shell.calls == [(line, b"")]


def test_every_port_is_an_endpoint_of_its_own(sshd: Sshd) -> None:
    ports = {name: sshd.serve(Recorder(name)) for name in ("one", "two", "three")}
    with ThreadPoolExecutor(12) as pool:
        jobs = [
            (name, pool.submit(ssh, sshd, port, "ver")) for name, port in ports.items() for _round in range(4)
        ]
    assert all(job.result().stdout == f"{name}".encode() + b"\x81\r\n" for name, job in jobs)


def test_a_failing_endpoint_fails_the_command(sshd: Sshd) -> None:
    def broken(line: str, stdin: bytes) -> Completed:
        raise RuntimeError("lost")

    done = ssh(sshd, sshd.serve(broken), "ver")
    assert done.returncode == 1
    assert b"RuntimeError('lost')" in done.stderr


def test_only_the_key_of_the_lab_opens_it(sshd: Sshd, tmp_path: Path) -> None:
    shell = Recorder("endpoint")
    port = sshd.serve(shell)
    other = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    command = [str(other) if word == str(sshd.key_file) else word for word in client(sshd, port)]
    done = subprocess.run([*command, "ver"], capture_output=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 255
    assert b"Permission denied (publickey)" in done.stderr
    assert shell.calls == []


def test_there_is_no_shell_and_no_file_transfer(sshd: Sshd) -> None:
    shell = Recorder("endpoint")
    port = sshd.serve(shell)
    assert b"no interactive shell" in ssh(sshd, port).stderr
    sftp = subprocess.run(
        [*client(sshd, port, "-s"), "sftp"], capture_output=True, input=b"", timeout=TIMEOUT, check=False
    )
    assert sftp.returncode != 0
    assert shell.calls == []


def test_nothing_listens_outside_its_address_and_nothing_is_left(sshd: Sshd) -> None:
    port = sshd.serve(Recorder("endpoint"))
    ssh(sshd, port, "ver")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=5)
    files = sshd.key_file.parent
    sshd.close()
    sshd.close()
    assert not files.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((ADDRESS, port), timeout=5)


KEY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"


def launcher(line: str) -> str:
    quoted = line.replace("'", "''")
    return f"& cmd.exe /d /s /c '{quoted}'; exit $LASTEXITCODE"


@pytest.mark.parametrize("connection", ["ssh_cmd", "ssh_powershell"])
def test_ansible_reads_and_writes_an_endpoint(connection: Connection, tmp_path: Path) -> None:
    lines = [
        f'reg add "{KEY}" /v "LabProbe" /t REG_SZ /d "it\'s here" /f /reg:64',
        f'reg query "{KEY}" /v "LabProbe" /reg:64',
        f'reg query "{KEY}" /v "LabAbsent" /reg:64 2>&1',
        "ver & exit 300",
    ]
    sent = lines if connection == "ssh_cmd" else [launcher(line) for line in lines]
    tasks = [{"ansible.builtin.raw": line, "ignore_errors": True} for line in sent]
    with Lab(endpoints=2, transports=[connection]) as lab:
        inventory = lab.inventory(tmp_path / "lab.yml", connection=connection)
        run = run_tasks(tasks, inventory, tmp_path, arguments=["--limit", "clean-2"])
        endpoint = lab.endpoints["clean-2"]
        assert endpoint.value(KEY, "LabProbe") == ("REG_SZ", "it's here\0".encode("utf-16-le")), run.output
        assert lab.account("clean-2").commands == lines
        assert lab.account("clean-1").commands == []
    # The ssh client keeps 8 bits of an exit code: 300 is 44 here.
    assert [result["rc"] for result in run.results()] == [0, 0, 1, 44], run.output
    assert "LabProbe    REG_SZ    it's here" in run.results()[1]["stdout"]


def test_powershell_as_the_default_shell_runs_nothing_but_the_launcher(tmp_path: Path) -> None:
    with Lab(profiles={"clean": 1, "hardened": 1}) as lab:
        inventory = lab.inventory(tmp_path / "lab.yml", connection="ssh_powershell")
        run = run_tasks([{"ansible.builtin.raw": "Get-Process"}], inventory, tmp_path)
        assert all(lab.account(name).commands == [] for name in lab.hosts)
    said = {outcome.host: outcome.result["stderr"] for outcome in run.outcomes}
    assert "There is no PowerShell on the lab's endpoints" in said["clean-1"]
    assert "blocked by group policy" in said["hardened-1"]
