# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled tasks from XML on the simulated endpoint, and its clock: what starts, when, and what a restart leaves."""

from __future__ import annotations

import threading
import time

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._scheduled_task import ScheduledTask
from windows_lab.profiles import PROFILES
from windows_lab.simulated import programs
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.simulated.machine import Process

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
USER = "<Principals><Principal id='A'><UserId>S-1-5-18</UserId></Principal></Principals>"
ALLOWED = "<Settings><DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries></Settings>"
CREATE = r"schtasks /create /tn lab /xml C:\Tools\task.xml /ru SYSTEM /f"
RUN = "schtasks /run /tn lab"
# It appends, so that each start shows.
ACTION = r"/d /c echo %USERNAME%&gt;&gt;C:\Windows\done"
DONE = r"C:\Windows\done"
# ping lets real seconds pass only while a task runs, and next to none where none was started.
WAIT = rf"(for /l %i in (1,1,5) do @if not exist {DONE} ping -n 2 127.0.0.1 >nul)"


def xml(triggers: str = "", settings: str = ALLOWED, user: str = USER, arguments: str = ACTION) -> str:
    """The definition of a task that runs cmd.exe."""
    return (
        f"<Task version='1.2' xmlns='{NAMESPACE}'><Triggers>{triggers}</Triggers>{user}{settings}"
        "<Actions Context='A'><Exec><Command>cmd.exe</Command>"
        f"<Arguments>{arguments}</Arguments></Exec></Actions></Task>"
    )


def trigger(kind: str, delay: str) -> str:
    return f"<{kind}Trigger><Delay>{delay}</Delay></{kind}Trigger>"


REGISTRATION = trigger("Registration", "PT5M")
BOOT = trigger("Boot", "PT7M")


def endpoint(text: str | bytes, profile: str = "clean") -> SimulatedEndpoint:
    """An endpoint with the definition of a task in C:\\Tools."""
    made = SimulatedEndpoint("w1", PROFILES[profile])
    made.files.write(r"C:\Tools\task.xml", text if isinstance(text, bytes) else text.encode("ascii"))
    return made


def with_task(text: str, profile: str = "clean") -> SimulatedEndpoint:
    """An endpoint with a task of that definition."""
    made = endpoint(text, profile)
    done = made.run(CREATE)
    assert (done.rc, done.stderr) == (0, b"")
    assert b"SUCCESS" in done.stdout
    return made


def starts(made: SimulatedEndpoint) -> int:
    """How often the action ran, as SYSTEM."""
    lines = (made.files.read(DONE) or b"").splitlines()
    assert set(lines) <= {b"W1$"}
    return len(lines)


def settle(made: SimulatedEndpoint) -> None:
    """Wait until what was started has ended; its file is there some time before that."""
    for task in made._machine.tasks.values():
        if task.thread is not None:
            task.thread.join(60)
            assert not task.running


def status(made: SimulatedEndpoint) -> str:
    return made.run("schtasks /query /tn lab").stdout.decode().splitlines()[-1].split()[-1]


def test_a_task_without_a_trigger_runs_when_it_is_told_to() -> None:
    made = with_task(xml())
    made.pass_minutes(100)
    assert (starts(made), status(made)) == (0, "Ready")
    made.run(f"{RUN}&{WAIT}")
    settle(made)
    assert starts(made) == 1


@pytest.mark.parametrize(
    ("settings", "profile", "begun"),
    [
        (ALLOWED, "battery", 1),
        ("", "battery", 0),
        ("<Settings />", "battery", 0),
        (ALLOWED.replace("false", "true"), "battery", 0),
        (ALLOWED.replace("DisallowStartIf", "StopIfGoing"), "battery", 0),
        ("", "clean", 1),
    ],
)
@pytest.mark.parametrize("way", ["run", "trigger"])
def test_battery(settings: str, profile: str, begun: int, way: str) -> None:
    made = with_task(xml(REGISTRATION, settings), profile)
    if way == "run":
        assert made.run(RUN).stdout.startswith(b"SUCCESS: Attempted to run")
        settle(made)
    else:
        made.pass_minutes(5)
    assert (starts(made), status(made)) == (begun, "Ready" if begun else "Queued")


def test_a_task_of_options_does_not_start_on_battery() -> None:
    made = endpoint("", "battery")
    made.run(rf'schtasks /create /tn lab /ru SYSTEM /sc once /st 00:00 /f /tr "cmd.exe /d /c echo x>{DONE}"')
    assert made.run(RUN).stdout.startswith(b"SUCCESS: Attempted to run")
    settle(made)
    assert (starts(made), status(made)) == (0, "Queued")


def test_a_trigger_fires_once_at_its_time() -> None:
    made = with_task(xml(REGISTRATION))
    made.pass_minutes(4)
    assert (made.clock, starts(made)) == (4, 0)
    made.pass_minutes(1)
    assert (made.clock, starts(made)) == (5, 1)
    made.pass_minutes(100)
    assert (made.clock, starts(made)) == (105, 1)


def test_the_delay_counts_from_when_the_task_was_made() -> None:
    made = endpoint(xml(REGISTRATION))
    made.pass_minutes(60)
    made.run(CREATE)
    made.pass_minutes(4)
    assert starts(made) == 0
    # Made once more, it counts from there.
    made.run(CREATE)
    made.pass_minutes(4)
    assert starts(made) == 0
    made.pass_minutes(1)
    assert starts(made) == 1


def test_tasks_run_in_the_order_of_their_times() -> None:
    made = endpoint("")
    for name, delay in (("a", "PT9M"), ("b", "PT3M"), ("c", "PT6M")):
        text = xml(trigger("Registration", delay), arguments=rf"/d /c echo {name}&gt;&gt;C:\Tools\order")
        made.files.write(r"C:\Tools\task.xml", text.encode())
        made.run(rf"schtasks /create /tn {name} /xml C:\Tools\task.xml /f")
    made.pass_minutes(10)
    assert made.files.read(r"C:\Tools\order") == b"b\r\nc\r\na\r\n"


def test_a_deleted_task_does_not_start() -> None:
    made = with_task(xml(REGISTRATION + BOOT))
    assert made.run("schtasks /query /tn lab").rc == 0
    assert made.run("schtasks /delete /tn lab /f").rc == 0
    assert made.run("schtasks /query /tn lab").rc == 1
    made.pass_minutes(100)
    made.restart()
    made.pass_minutes(100)
    assert starts(made) == 0


@pytest.mark.parametrize(
    ("triggers", "minutes"), [(REGISTRATION, None), (BOOT, 7), (REGISTRATION + BOOT, 7), ("", None)]
)
def test_after_a_restart_the_boot_trigger_counts(triggers: str, minutes: int | None) -> None:
    made = with_task(xml(triggers))
    made.pass_minutes(3)
    made.restart()
    made.pass_minutes(6)
    assert starts(made) == 0
    made.pass_minutes(1)
    assert starts(made) == (minutes == 7)
    made.restart()
    made.pass_minutes(7)
    assert starts(made) == (2 if minutes == 7 else 0)


def test_a_boot_trigger_waits_for_a_restart() -> None:
    made = with_task(xml(BOOT))
    made.pass_minutes(100)
    assert starts(made) == 0


def test_a_restart_takes_a_task_out_of_the_queue() -> None:
    made = with_task(xml(settings=""), "battery")
    made.run(RUN)
    assert status(made) == "Queued"
    made.restart()
    assert status(made) == "Ready"


def test_a_restart_ends_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, restarted, ended = threading.Event(), threading.Event(), threading.Event()

    def waiting(process: Process) -> int:
        begun.set()
        try:
            assert restarted.wait(60)
            return process.child(f"echo x>{DONE}", process.streams, system=True)
        finally:
            ended.set()

    monkeypatch.setitem(programs.TOOLS, "waiting", waiting)
    steps = (r"C:\Tools\waiting", f"echo x&gt;{DONE}", r"reg add HKLM\SOFTWARE\Lab /f")
    made = with_task(xml(arguments=f"/d /c {' &amp; '.join(steps)}"))
    made.files.write(r"C:\Tools\waiting.exe", programs.TOOL + b"waiting")
    made.run(RUN)
    assert begun.wait(60)
    assert status(made) == "Running"
    thread = next(iter(made._machine.tasks.values())).thread
    made.restart()
    assert status(made) == "Ready"
    restarted.set()
    assert ended.wait(60)
    assert thread is not None
    thread.join(60)
    assert not thread.is_alive()
    assert made.files.read(DONE) is None
    assert made.writes == []


def test_a_restart_ends_the_line_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go = threading.Event(), threading.Event()

    def waiting(_process: Process) -> int:
        begun.set()
        assert go.wait(60)
        return 0

    monkeypatch.setitem(programs.TOOLS, "waiting", waiting)
    made = endpoint("")
    made.files.write(r"C:\Tools\waiting.exe", programs.TOOL + b"waiting")
    codes: list[int] = []
    line = threading.Thread(
        target=lambda: codes.append(made.run(r"C:\Tools\waiting & reg add HKLM\SOFTWARE\Lab /f").rc)
    )
    line.start()
    assert begun.wait(60)
    boot = made._machine.boot
    restart = threading.Thread(target=made.restart)
    restart.start()
    # It waits for the line only when it is noted.
    end = time.monotonic() + 60
    while not boot.ended and time.monotonic() < end:
        time.sleep(0.01)
    go.set()
    line.join(60)
    restart.join(60)
    assert codes == [0x40010004]
    assert made.writes == []
    assert made.run("reg add HKLM\\SOFTWARE\\Lab /f").rc == 0


def test_a_task_that_removes_itself_and_its_directory() -> None:
    made = SimulatedEndpoint("w1", PROFILES["clean"])
    line = "echo x>..\\done & schtasks /delete /tn lab.undo /f & cd .. & rd /s /q lab.undo"
    task = ScheduledTask("lab.undo", line, after=15)
    for command in (f'md "{task.folder}"', *(command.text for command in task.create())):
        assert made.run(command).rc == 0, command
    assert made.run(task.query().text).rc == 0
    made.pass_minutes(14)
    assert made.files.is_directory(r"C:\Windows\lab.undo")
    made.pass_minutes(1)
    assert made.run(task.query().text).rc == 1
    assert made.files.read(DONE) == b"x \r\n"
    assert not made.files.exists(r"C:\Windows\lab.undo")


@pytest.mark.parametrize("text", ["", "text", "<Task>", "<Task></Tasks>", xml() + "<b/>", xml().replace("'1.2'", "1")])
def test_malformed_xml(text: str) -> None:
    done = endpoint(text).run(CREATE)
    assert (done.rc, done.stdout) == (1, b"")
    assert done.stderr == b"ERROR: The task XML is malformed.\r\n"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (f"<?xml version='1.0'?>{xml()}", "XML that is not plain ASCII without a declaration"),
        (xml().encode("utf-16"), "XML that is not plain ASCII without a declaration"),
        (xml().replace(NAMESPACE, "urn:other"), "the element {urn:other}Task"),
        (xml(user=""), "a task of the user None"),
        (xml(user=USER.replace("18", "19")), "a task of the user S-1-5-19"),
        (xml(user=USER.replace("<UserId>", "<RunLevel>HighestAvailable</RunLevel><UserId>")), "RunLevel"),
        (xml(user=USER.replace("id=", "name=")), "an attribute of Task/Principals/Principal"),
        (xml(user=USER * 2), "more than one Task/Principals"),
        (xml("<TimeTrigger />"), "TimeTrigger"),
        (xml("<BootTrigger />"), "Task/Triggers/BootTrigger with the delay of no time"),
        (xml(trigger("Boot", "PT1H")), "Task/Triggers/BootTrigger with the delay PT1H"),
        (xml(trigger("Registration", "PT0M")), "RegistrationTrigger with the delay PT0M"),
        (xml("text"), "text in or behind Task/Triggers"),
        (xml(settings=ALLOWED.replace("false", "no")), "DisallowStartIfOnBatteries no"),
        (xml(settings="<Settings><Hidden>true</Hidden></Settings>"), "Hidden"),
        (xml().replace("<Command>cmd.exe</Command>", ""), "a task without a command"),
    ],
)
def test_xml_that_is_not_modelled(text: str | bytes, error: str) -> None:
    done = endpoint(text).run(CREATE)
    assert (done.rc, done.stdout) == (50, b"")
    said = done.stderr.decode()
    assert said.startswith("lab: ")
    assert said.endswith(" is not modelled\r\n")
    assert error in said


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (CREATE.replace("SYSTEM", "lab"), "a task of that account"),
        (f"{CREATE} /sc once", "/xml with other options"),
        ("schtasks /create /tn lab /tr x /sc minute", "the schedule minute"),
        ("schtasks /create /tn lab /tr x /sc once /st 13:00", "a start time that is to come"),
    ],
)
def test_a_task_that_is_not_modelled(line: str, error: str) -> None:
    done = endpoint(xml()).run(line)
    assert (done.rc, done.stdout, done.stderr.decode()) == (50, b"", f"lab: {error} is not modelled\r\n")


@pytest.mark.parametrize(
    ("profile", "line", "error"),
    [
        ("clean", CREATE.replace("task.xml", "none.xml"), "The system cannot find the file specified."),
        ("denied", CREATE, "Access is denied."),
    ],
)
def test_refused(profile: str, line: str, error: str) -> None:
    done = endpoint(xml(), profile).run(line)
    assert (done.rc, done.stdout) == (1, b"")
    assert done.stderr.decode().startswith(f"ERROR: {error}")
