# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's runspace pools, met by pypsrp, the client behind Ansible's psrp connection."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pypsrp.complex_objects import PSInvocationState, RunspacePoolState
from pypsrp.exceptions import AuthenticationError, WSManFaultError
from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan
from windows_lab import auth
from windows_lab.backend import Completed
from windows_lab.front import ADDRESS, Front
from windows_lab.host import Host
from windows_lab.inventory import Transport
from windows_lab.lab import Lab
from windows_lab.profiles import Profile

from tests.integration.lab.lab_client import WithoutRegistry
from tests.integration.play import run_tasks

pytestmark = pytest.mark.simulated

AUTHENTICATION = [("basic", "never"), ("ntlm", "always"), ("negotiate", "always")]


class Scripted(WithoutRegistry):
    """An endpoint that does whatever a test makes of a line."""

    def __init__(self, profile: Profile) -> None:
        super().__init__("scripted", profile)
        self.answer: Completed | Callable[[str], Completed] = lambda line: Completed(0, line.encode())

    def run(self, line: str, stdin: bytes = b"") -> Completed:
        return self.answer if isinstance(self.answer, Completed) else self.answer(line)


class Endpoint:
    """The scripted endpoint behind a front of its own."""

    def __init__(self, host: Host, backend: Scripted, port: int) -> None:
        self.host = host
        self.backend = backend
        self.port = port

    @contextmanager
    def pool(
        self, authentication: str = "basic", encryption: str = "never", password: str = auth.PASSWORD
    ) -> Iterator[RunspacePool]:
        host = PSHost(None, None, False, "test", None, PSHostUserInterface(), "1.0")
        connection = WSMan(
            ADDRESS,
            port=self.port,
            ssl=False,
            username=auth.USER,
            password=password,
            auth=authentication,
            encryption=encryption,
            operation_timeout=1,
            read_timeout=30,
        )
        with connection, RunspacePool(connection, host=host) as pool:
            yield pool


@contextmanager
def serving(profile: Profile) -> Iterator[Endpoint]:
    backend = Scripted(profile)
    host = Host(backend)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    with ThreadPoolExecutor(8) as executor:

        async def start() -> tuple[Front, int]:
            front = Front([host], executor)
            return front, await front.listen(host)

        front, port = asyncio.run_coroutine_threadsafe(start(), loop).result()
        try:
            yield Endpoint(host, backend, port)
        finally:
            asyncio.run_coroutine_threadsafe(front.close(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


@pytest.fixture(name="endpoint")
def fixture_endpoint() -> Iterator[Endpoint]:
    with serving(Profile("clean")) as endpoint:
        yield endpoint


def launcher(line: str) -> str:
    """What ansible.builtin.psrp makes of the script that the remote layer hands it."""
    quoted = line.replace("'", "''")
    return f"& cmd.exe /d /s /c '{quoted}'; exit $LASTEXITCODE\nexit $LASTEXITCODE"


def invoke(pool: RunspacePool, script: str, stdin: Any = None) -> PowerShell:
    shell = PowerShell(pool)
    shell.add_script(script, use_local_scope=True)
    shell.invoke(input=stdin)
    assert shell.state == PSInvocationState.COMPLETED
    return shell


def exit_code(pool: RunspacePool) -> int | None:
    """What the script's `exit` told the client's host."""
    assert pool.host is not None
    return pool.host.rc


@pytest.mark.parametrize(("authentication", "encryption"), AUTHENTICATION)
def test_a_launcher_gives_lines_exit_code_and_errors(
    endpoint: Endpoint, authentication: str, encryption: str
) -> None:
    output = "Zürich\r\n\r\n直接\r\n".encode()
    endpoint.backend.answer = Completed(5, output, b"first\r\nsecond\r\n")
    with endpoint.pool(authentication, encryption) as pool:
        shell = invoke(pool, launcher("""reg query "it's" & ver"""))
        assert shell.output == ["Zürich", "", "直接"]
        assert exit_code(pool) == 5
        errors = [(str(record), record.fq_error) for record in shell.streams.error]
        assert errors == [("first", "NativeCommandError"), ("second", "NativeCommandErrorMessage")]
    assert endpoint.host.account.commands == ["""reg query "it's" & ver"""]


def test_output_of_another_code_page_is_text_too(endpoint: Endpoint) -> None:
    endpoint.backend.answer = Completed(0, b"Z\x81rich\r\n")
    with endpoint.pool() as pool:
        assert invoke(pool, launcher("ver")).output == ["Zürich"]


@pytest.mark.parametrize(
    ("code", "seen"), [(0, 0), (0xC0000005, -1073741819), (-1, -1), (0x7FFFFFFF, 0x7FFFFFFF)]
)
def test_exit_codes_have_32_bits(endpoint: Endpoint, code: int, seen: int) -> None:
    endpoint.backend.answer = Completed(code)
    with endpoint.pool() as pool:
        assert invoke(pool, launcher("ver")).output == []
        assert exit_code(pool) == seen


def test_much_output_comes_in_order_and_in_pieces(endpoint: Endpoint) -> None:
    lines = [f"{number} {'x' * 80}" for number in range(20_000)]
    endpoint.backend.answer = Completed(0, "\r\n".join(lines).encode())
    with endpoint.pool() as pool:
        assert invoke(pool, launcher("ver")).output == lines


@pytest.mark.parametrize("script", ["Get-Process", "", launcher("ver") + "; Remove-Item C:\\", "x" * 500_000])
def test_every_other_script_is_refused(endpoint: Endpoint, script: str) -> None:
    with endpoint.pool() as pool:
        shell = invoke(pool, script)
        assert exit_code(pool) == 1
        assert [record.fq_error for record in shell.streams.error] == ["LabScriptRefused"]
        assert "no PowerShell on the lab's endpoints" in str(shell.streams.error[0])
    account = endpoint.host.account
    assert (account.commands, len(account.refused)) == ([], 1)


def test_one_pool_runs_one_script_after_the_other(endpoint: Endpoint) -> None:
    with endpoint.pool() as pool:
        for number in range(5):
            shell = invoke(pool, launcher(f"echo {number}"))
            assert shell.output == [f"echo {number}"]
            shell.close()


def test_pools_of_one_endpoint_do_not_mix(endpoint: Endpoint) -> None:
    def work(number: int) -> list[str]:
        with endpoint.pool() as pool:
            return [line for _round in range(4) for line in invoke(pool, launcher(f"echo {number}")).output]

    with ThreadPoolExecutor(6) as executor:
        assert list(executor.map(work, range(6))) == [[f"echo {number}"] * 4 for number in range(6)]


def test_the_input_of_a_pipeline_is_awaited(endpoint: Endpoint) -> None:
    with endpoint.pool() as pool:
        assert invoke(pool, launcher("ver"), ["a", "b"]).output == ["ver"]


def test_a_slow_command_outlives_the_operation_timeout(endpoint: Endpoint) -> None:
    def slow(line: str) -> Completed:
        time.sleep(2.5)
        return Completed(0, b"done")

    endpoint.backend.answer = slow
    with endpoint.pool() as pool:
        assert invoke(pool, launcher("ver")).output == ["done"]


def test_a_running_script_can_be_stopped(endpoint: Endpoint) -> None:
    release = threading.Event()

    def stuck(line: str) -> Completed:
        release.wait(20)
        return Completed(0, b"late")

    endpoint.backend.answer = stuck
    with endpoint.pool() as pool:
        shell = PowerShell(pool)
        shell.add_script(launcher("ver"))
        shell.begin_invoke()
        shell.stop()
        assert shell.state == PSInvocationState.STOPPED
        release.set()
        endpoint.backend.answer = Completed(0, b"next")
        assert invoke(pool, launcher("ver")).output == ["next"]


def test_a_failing_endpoint_fails_the_script(endpoint: Endpoint) -> None:
    def broken(line: str) -> Completed:
        raise RuntimeError("lost")

    endpoint.backend.answer = broken
    with endpoint.pool() as pool:
        shell = invoke(pool, launcher("ver"))
        assert exit_code(pool) == 1
        assert "RuntimeError('lost')" in str(shell.streams.error[0])


@pytest.mark.parametrize(("authentication", "encryption"), AUTHENTICATION)
def test_a_wrong_password_opens_nothing(endpoint: Endpoint, authentication: str, encryption: str) -> None:
    with pytest.raises(AuthenticationError), endpoint.pool(authentication, encryption, "wrong"):
        pass


def test_a_deleted_pool_is_gone(endpoint: Endpoint) -> None:
    with endpoint.pool() as pool:
        shell = PowerShell(pool)
        shell.add_script(launcher("ver"))
        pool.shell.wsman.delete(pool.shell.resource_uri, selector_set=pool.shell._selector_set)
        with pytest.raises(WSManFaultError) as caught:
            shell.invoke()
        assert caught.value.code == 0x8033805B
        # Without this the client would ask for the same once more when it closes.
        pool.state = RunspacePoolState.CLOSED


def test_a_hardened_endpoint_opens_no_pool() -> None:
    with serving(Profile("hardened", powershell=False)) as endpoint:
        with pytest.raises(WSManFaultError) as caught, endpoint.pool():
            pass
        assert caught.value.code == 5


KEY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"


@pytest.mark.parametrize("transport", ["basic", "ntlm"])
def test_ansible_reads_and_writes_an_endpoint(transport: Transport, tmp_path: Path) -> None:
    lines = [
        f'reg add "{KEY}" /v "LabProbe" /t REG_SZ /d "it\'\'s here" /f /reg:64',
        f'reg query "{KEY}" /v "LabProbe" /reg:64',
        f'reg query "{KEY}" /v "LabAbsent" /reg:64 2>&1',
        "ver & exit 300",
    ]
    tasks = [
        {"ansible.builtin.raw": f"& cmd.exe /d /s /c '{line}'; exit $LASTEXITCODE", "ignore_errors": True}
        for line in lines
    ]
    with Lab(transports=["psrp"]) as lab:
        inventory = lab.inventory(tmp_path / "lab.yml", connection="psrp", transport=transport)
        run = run_tasks(tasks, inventory, tmp_path)
        endpoint = lab.endpoints["clean-1"]
        assert endpoint.value(KEY, "LabProbe") == ("REG_SZ", "it's here\0".encode("utf-16-le"))
        assert lab.account("clean-1").commands == [line.replace("''", "'") for line in lines]
    assert [result["rc"] for result in run.results()] == [0, 0, 1, 300], run.output
    assert "LabProbe    REG_SZ    it's here" in run.results()[1]["stdout"]


def test_ansible_learns_why_its_own_script_does_not_run(tmp_path: Path) -> None:
    with Lab(transports=["psrp"]) as lab:
        inventory = lab.inventory(tmp_path / "lab.yml", connection="psrp")
        run = run_tasks([{"ansible.builtin.raw": "Get-Process"}], inventory, tmp_path)
    assert run.one()["rc"] == 1
    assert "There is no PowerShell on the lab's endpoints" in run.one()["stderr"]


def test_endpoints_behind_one_port_are_told_apart_by_path(tmp_path: Path) -> None:
    with Lab(endpoints=65, transports=["psrp"]) as lab:
        inventory = lab.inventory(tmp_path / "lab.yml", connection="psrp")
        task = {"ansible.builtin.raw": "& cmd.exe /d /s /c 'ver'; exit $LASTEXITCODE"}
        run = run_tasks([task], inventory, tmp_path, arguments=["--limit", "clean-7"])
        assert run.one()["rc"] == 0, run.output
        assert [name for name in lab.hosts if lab.account(name).requests] == ["clean-7"]
