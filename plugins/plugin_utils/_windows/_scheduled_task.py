# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scheduled task that runs one line as LocalSystem, in a directory that only administrators may write to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.sax.saxutils import escape

from ._endpoint import Command

# A line of a task calls programs by their path: it runs in another directory.
SYSTEM32 = r"%SystemRoot%\System32"
_NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_SPECIAL = re.compile(r"[&<>^|()]")


@dataclass(frozen=True)
class ScheduledTask:
    """A task by its name, which is also that of its directory below the Windows directory.

    Below that directory only SYSTEM and administrators may write, so nobody else owns what SYSTEM runs there. line
    runs in the directory, in cmd.exe; after is the time from when on it runs by itself, in minutes after the task was
    made and after a start of Windows, 0 for a task that is started by a command.
    """

    name: str
    line: str
    after: int = 0

    @property
    def folder(self) -> str:
        return f"%SystemRoot%\\{self.name}"

    def remove(self) -> tuple[Command, ...]:
        """The commands that remove task and directory; where there is none they do nothing."""
        return (Command(f"schtasks /delete /tn {self.name} /f"), Command(f'rd /s /q "{self.folder}"'))

    def create(self) -> tuple[Command, ...]:
        """The commands that make the task, in its directory, which has to be there.

        From a file, because a task that schtasks makes of options does not start on battery.
        """
        file = f'"{self.folder}\\task.xml"'
        definition = _SPECIAL.sub(r"^\g<0>", self._xml())
        return (
            Command(f"echo {definition}>{file}", compound=True),
            Command(f"schtasks /create /tn {self.name} /xml {file} /ru SYSTEM /f"),
        )

    def start(self) -> Command:
        return Command(f"schtasks /run /tn {self.name}")

    def end(self) -> Command:
        """The command that ends a run of it; a task that is deleted runs on."""
        return Command(f"schtasks /end /tn {self.name}")

    def query(self) -> Command:
        """The command that fails where the task is not there."""
        return Command(f"schtasks /query /tn {self.name}")

    def _xml(self) -> str:
        """The definition on one line; the elements are those of Microsoft's task scheduler schema."""
        delay = f"<Delay>PT{self.after}M</Delay>"
        triggers = f"<RegistrationTrigger>{delay}</RegistrationTrigger><BootTrigger>{delay}</BootTrigger>"
        arguments = escape(f"/d /c cd /d {self.folder} & {self.line}")
        return (
            f"<Task version='1.2' xmlns='{_NAMESPACE}'>"
            f"<Triggers>{triggers if self.after else ''}</Triggers>"
            "<Principals><Principal id='System'><UserId>S-1-5-18</UserId></Principal></Principals>"
            "<Settings><DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>"
            "<StopIfGoingOnBatteries>false</StopIfGoingOnBatteries></Settings>"
            "<Actions Context='System'><Exec>"
            f"<Command>{SYSTEM32}\\cmd.exe</Command><Arguments>{arguments}</Arguments>"
            "</Exec></Actions></Task>"
        )
