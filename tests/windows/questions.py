# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody could say who has no Windows: each a question, what to ask a machine for it, and how its answer reads.

An answer is made of a recording and nothing else, so that everybody can make it again.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from windows_lab.recording import Exchange, Look, Recording

from tests.integration.modules.contract import LAB, MACHINE

FILE = r"%TEMP%\mde.connectivity.question"
_SETTINGS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
_MINE = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings"
_ADVANCED = {"Proxy": "q.example.com:8080", "ProxyBypass": "", "AutoconfigUrl": "", "AutoDetect": False}
_NOTHING = {"Proxy": "", "ProxyBypass": "", "AutoconfigUrl": "", "AutoDetect": False}
_TASK = (
    "<Task version='1.2' xmlns='http://schemas.microsoft.com/windows/2004/02/mit/task'><Actions><Exec>"
    "<Command>cmd.exe</Command></Exec></Actions></Task>"
)
_SCRIPT = "WScript.Echo(new Array(20001).join('x'))"
_REG_FILE = (
    "Windows Registry Editor Version 5.00", "", r"[HKEY_CURRENT_USER\Software\Lab]", '"hexed"=hex(1):41,00,42,00,00,00',
)  # fmt: skip
# WinRM's own service, which is no proxy, refuses a tunnel.
_TUNNEL = (
    "var r=new ActiveXObject('WinHttp.WinHttpRequest.5.1');r.SetProxy(2,'localhost:47001');"
    "try{r.Open('GET','https://refused.example.com/',false);r.Send();WScript.Echo('status '+r.Status)}"
    "catch(e){WScript.Echo('error '+(e.number&65535))}"
)


def _file(suffix: str, *lines: str) -> str:
    """The command that makes a file of lines without a percent sign."""
    echoed = (f"echo {re.sub('[&<>^|()]', lambda sign: f'^{sign[0]}', line)}" if line else "echo." for line in lines)
    # The redirection comes first: behind a digit it would be one of that handle.
    return "&".join(f'{">>" if number else ">"}"{FILE}.{suffix}" {echo}' for number, echo in enumerate(echoed))


def _set_advproxy(settings: dict[str, object]) -> str:
    text = json.dumps(settings).replace('"', '\\"')
    return f'netsh winhttp set advproxy setting-scope=machine settings="{text}"'


@dataclass(frozen=True)
class Question:
    """A question by its name: `lines` are run in their order, and `answer` reads what came of it (empty: open)."""

    name: str
    text: str
    answer: Callable[[Recording], str]
    lines: tuple[str, ...] = ()
    stdin: bytes = b""
    # What the first answer must not hold, for the others would lose it.
    spares: str = r"(?!)"
    # What it takes to answer one that no run of ours can.
    needs: str = ""


def asked(recording: Recording, name: str) -> list[Exchange]:
    """What was answered to the lines of a question, unless the machine has no such program."""
    entries = recording.parts.get(f"questions/{name}", [])
    return [entry for entry in entries if isinstance(entry, Exchange) and not entry.dropped]


def said(exchange: Exchange) -> str:
    return exchange.stdout.decode("utf-8", "replace").replace("\r\n", "\n")


def _answered(recording: Recording, name: str, count: int) -> list[Exchange] | None:
    """All answers, None where one is missing, was dropped, or is that of a lab that does not model it."""
    exchanges = asked(recording, name)
    # ERROR_NOT_SUPPORTED.
    unmodelled = recording.machine.evidence == "simulated" and any(one.rc == 50 for one in exchanges)
    return None if len(exchanges) < count or unmodelled else exchanges


def _looks(recording: Recording, case: str) -> Iterator[Look]:
    for entry in recording.parts.get(f"contract/test_contract[{case}]", []):
        if isinstance(entry, Look):
            yield entry


def _netsh_codes(recording: Recording) -> str:
    exchanges = _answered(recording, "netsh-exit-codes", 4)
    if exchanges is None:
        return ""
    codes = ", ".join(f"`{one.line.removeprefix('netsh winhttp ')}` {one.rc}" for one in exchanges)
    streams = "standard output" if not any(one.stderr for one in exchanges) else "standard error too"
    return f"{codes}; it writes to {streams}"


def _dump(recording: Recording) -> str:
    exchanges = _answered(recording, "netsh-dump", 1)
    lines = [line for line in said(exchanges[0]).splitlines() if line] if exchanges else []
    command = next((line for line in lines if re.match(r"(?:re)?set (?:adv)?proxy", line)), "")
    first = next((line for line in lines if line.startswith("#") and line.strip("# -")), "")
    return f"`{command}`, and the first comment is `{first}` ({recording.machine.language})" if command else ""


def _show_proxy(recording: Recording) -> str:
    exchanges = _answered(recording, "show-proxy-words", 1)
    lines = [line.strip() for line in said(exchanges[0]).splitlines() if line.strip()] if exchanges else []
    return f"{recording.machine.language}: " + "; ".join(f"`{line}`" for line in lines) if lines else ""


def _header(recording: Recording) -> str:
    for look in _looks(recording, "set-proxy"):
        if look.key == MACHINE and look.view == 64 and look.data:
            header, second, flags = struct.unpack_from("<III", look.data)
            return f"header 0x{header:x}, second number {second}, flags {flags}"
    return ""


def _views(recording: Recording) -> str:
    looks = {look.view: look.data for look in _looks(recording, "set-proxy") if look.key == MACHINE}
    if set(looks) != {32, 64}:
        return ""
    return "it writes both" if looks[32] == looks[64] else "it leaves the 32-bit view as it was"


def _twins(recording: Recording) -> str:
    for look in _looks(recording, "system-has-two-names"):
        if look.key.startswith(r"HKU\S-1-5-18"):
            return "they are the same" if look.type else "they are two"
    return ""


def _advproxy(recording: Recording) -> str:
    exchanges = _answered(recording, "advproxy-place", 7)
    if exchanges is None or "{" not in said(exchanges[0]):
        return ""
    before, after = (set("".join(map(said, exchanges[at : at + 2])).splitlines()) for at in (1, 4))
    new = sorted(line.strip() for line in after - before if "    REG_" in line)
    return "; ".join(f"`{line[:120]}`" for line in new) if new else "not below either key of Internet Settings"


def _advproxy_dump(recording: Recording) -> str:
    exchanges = _answered(recording, "advproxy-place", 7)
    if exchanges is None or "{" not in said(exchanges[0]):
        return ""
    return "yes" if "advproxy" in said(exchanges[6]) else "no"


def _service(recording: Recording) -> str:
    exchanges = _answered(recording, "autoproxy-service", 1)
    found = re.search(r"\((?:NOT_)?STOPPABLE", said(exchanges[0])) if exchanges else None
    return f"`{found[0].strip('(')}` while it runs" if found else ""


def _tunnel(recording: Recording) -> str:
    exchanges = _answered(recording, "refused-tunnel", 2)
    found = re.search(r"^(status|error) (\d+)", said(exchanges[1]), re.MULTILINE) if exchanges else None
    if found is None:
        return ""
    return f"a status, {found[2]}" if found[1] == "status" else f"error {found[2]}"


def _task_file(recording: Recording) -> str:
    exchanges = _answered(recording, "task-without-declaration", 3)
    if exchanges is None:
        return ""
    return "it takes it" if exchanges[1].rc == 0 else f"it does not (exit code {exchanges[1].rc})"


def _echo(recording: Recording) -> str:
    exchanges = _answered(recording, "long-lines", 2)
    lines = said(exchanges[1]).splitlines() if exchanges else []
    sizes = [len(line) for line in lines if set(line) == {"x"}]
    return f"20,000 characters come out as {len(sizes)} line(s), the longest of {max(sizes)}" if sizes else ""


def _hexed(recording: Recording) -> str:
    exchanges = _answered(recording, "string-as-hex", 3)
    found = re.search(r"hexed +REG_SZ +(\w*)", said(exchanges[2])) if exchanges else None
    if found is None:
        return ""
    return "its UTF-16" if found[1] == "AB" else f"something else: 41,00,42,00,00,00 reads `{found[1]}`"


def _delay(recording: Recording) -> str:
    entries = recording.parts.get("product/test_the_switch_restores_what_nobody_confirms", [])
    lines = [entry.line for entry in entries if isinstance(entry, Exchange)]
    if not any("schtasks /query" in line and "/v" in line for line in lines):
        return ""
    started = any("schtasks /run" in line for line in lines)
    return "it did not, within the time that was given" if started else "it did, by itself"


def _mark(recording: Recording) -> str:
    exchanges = _answered(recording, "byte-order-mark", 1)
    output = exchanges[0].stdout if exchanges else b""
    if b"first" not in output:
        return ""
    return "yes" if output.startswith(b"\xef\xbb\xbf") else f"no, over {recording.machine.connection}"


def _maps(recording: Recording) -> str:
    exchanges = _answered(recording, "maps", 1)
    found = re.search(r"hr ?= ?0x[0-9A-Fa-f]+|successfully", said(exchanges[0])) if exchanges else None
    return f"{exchanges[0].rc}, with `{found[0]}`" if exchanges and found else ""


def _nobody(_recording: Recording) -> str:
    return ""


_SCRIPT_FILE, _TASK_FILE = f'"{FILE}.js"', f'"{FILE}.xml"'
QUESTIONS: tuple[Question, ...] = (
    Question("blob-header", "What does netsh write at the beginning of `WinHttpSettings`?", _header),
    Question("both-views", "Does a 64-bit netsh write the 32-bit view too?", _views),
    Question("system-hive", r"Are `HKU\.DEFAULT` and `HKU\S-1-5-18` the same?", _twins),
    Question(
        "netsh-exit-codes", "Which exit codes has netsh, and where does it write what went wrong?", _netsh_codes,
        ("netsh winhttp set proxy", "netsh winhttp set nonsense", "netsh winhttp set proxy fake=a.example.com:1",
         "netsh winhttp show proxy"),
    ),
    Question("show-proxy-words", "In which words does `netsh winhttp show proxy` answer?", _show_proxy,
             ("netsh winhttp show proxy",)),
    Question("netsh-dump", "Is `netsh winhttp dump` the same in every language?", _dump, ("netsh winhttp dump",)),
    Question(
        "advproxy-place", "Where is what `set advproxy` sets stored?", _advproxy,
        ("netsh winhttp show advproxy", f'reg query "{_SETTINGS}" /s', f'reg query "{_MINE}" /s',
         _set_advproxy(_ADVANCED), f'reg query "{_SETTINGS}" /s', f'reg query "{_MINE}" /s', "netsh winhttp dump",
         _set_advproxy(_NOTHING)),
        spares=r'(?i)"(?:Proxy|AutoconfigUrl)"\s*:\s*"[^"\s]|"AutoDetect"\s*:\s*true',
    ),
    Question("advproxy-dump", "Does `netsh winhttp dump` show it?", _advproxy_dump),
    Question("autoproxy-service", "Can the service WinHttpAutoProxySvc be stopped?", _service,
             ("sc query WinHttpAutoProxySvc",)),
    Question(
        "refused-tunnel", "What does WinHTTP make of a proxy that refuses a tunnel?", _tunnel,
        (_file("js", _TUNNEL), f"cscript //nologo {_SCRIPT_FILE}", f"del {_SCRIPT_FILE}"),
    ),
    Question(
        "task-without-declaration", "Does `schtasks /create /xml` take a file without an XML declaration?", _task_file,
        (_file("xml", _TASK),
         f"schtasks /create /tn mde.connectivity.question /xml {_TASK_FILE} /ru SYSTEM /f",
         "schtasks /delete /tn mde.connectivity.question /f", f"del {_TASK_FILE}"),
    ),
    Question(
        "long-lines", "Does `WScript.Echo` break a long line?", _echo,
        (_file("js", _SCRIPT), f"cscript //nologo {_SCRIPT_FILE}", f"del {_SCRIPT_FILE}"),
    ),
    Question(
        "string-as-hex", "What does reg.exe take the hex digits of a REG_SZ in an ASCII file for?", _hexed,
        (_file("reg", *_REG_FILE), f'reg import "{FILE}.reg"', f"reg query {LAB} /v hexed",
         f'del "{FILE}.reg"'),
    ),
    Question("delayed-trigger", "Does a task run by itself a minute after it was made, by its registration trigger?",
             _delay),
    Question("byte-order-mark", "Does a byte order mark stand before what a program reads?", _mark,
             ('find /v "line that is not there"',), b"first\r\nsecond\r\n"),
    Question("maps", "With which exit code does `MpCmdRun -ValidateMapsConnection` end?", _maps,
             (r'"%ProgramFiles%\Windows Defender\MpCmdRun.exe" -ValidateMapsConnection',)),
    Question("precedence", "Which proxy wins without `PreferStaticProxyForHttpRequest`?", _nobody,
             needs="an onboarded machine on which the static proxy of the sensor and that of WinHTTP are two that log"),
    Question("sensor-restart", "What has to be restarted for a new `TelemetryProxyServer`?", _nobody,
             needs="an onboarded machine that is watched for an hour"),
    Question("auto-detect", "Which counts for LocalSystem where `AutoDetect` and the flag in the value differ?",
             _nobody, needs="a network in which automatic detection finds a proxy"),
)  # fmt: skip
