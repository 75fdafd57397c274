# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads of a run: one table at its end, a progress line at a terminal, and no more than that."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from windows_lab.lab import Lab
from windows_lab.profiles import Profile

from tests.integration import warm
from tests.integration.site import CONNECTIONS, DIRECT, named
from tests.outside import outside

pytestmark = pytest.mark.simulated

CONDENSED = "mde.connectivity.condensed"
TENANT: dict[str, Any] = {"endpoint_verify_regions": ["eu"], "endpoint_verify_generation": "streamlined"}
PROXY: dict[str, Any] = {"endpoint_proxy_winhttp_proxy": {"proxy": "proxy.lab.test:8080"}}
FEW = ("clean-1", "clean-2", "clean-3")
# Nothing listens there.
CLOSED = {"ansible_port": 1}
# In it, what such callbacks of ansible.posix do: all of it as one JSON at the end.
CALLBACKS = Path(__file__).with_name("callback")


@dataclass(frozen=True)
class Printed:
    """A finished run: its exit code and what it wrote to each stream."""

    rc: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def command(
    lab: Lab, work: Path, playbook: str, variables: dict[str, Any], *more: str, **hosts: Any
) -> list[str]:
    (work / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    given = {"mde_hosts": "windows", **TENANT, **PROXY, "mde_report": str(work / "report"), **variables}
    files = ("-i", str(lab.inventory(work / "inventory.yml")), "-i", str(work / "hosts.json"))
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    return [program, *files, "-f", "20", "-e", json.dumps(given), *more, f"mde.connectivity.{playbook}"]


def environment(work: Path, callback: str, **more: str) -> dict[str, str]:
    settings = {"ANSIBLE_STDOUT_CALLBACK": callback, "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS)}
    return {**os.environ, "ANSIBLE_LOCAL_TEMP": str(work / "tmp"), "TERM": "xterm", **settings, **more}


def run(
    lab: Lab,
    work: Path,
    playbook: str,
    *more: str,
    callback: str = CONDENSED,
    form: str = "json",
    **variables: Any,
) -> Printed:
    """Run a playbook with its output in files; `hosts` are variables of single hosts."""
    lab.reset_accounts()
    hosts = variables.pop("hosts", {})
    typed = command(lab, work, playbook, variables, *more, **hosts)
    told = environment(work, callback, ANSIBLE_CALLBACK_RESULT_FORMAT=form)
    out, err = work / "out.txt", work / "err.txt"
    with out.open("wb") as output, err.open("wb") as errors:
        started = warm.Running(typed, told, work, (output.fileno(), errors.fileno()))
    return Printed(started.exit_code(300), out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))


def at_a_terminal(lab: Lab, work: Path, playbook: str) -> str:
    """What a run writes to a terminal of 80 columns."""
    lab.reset_accounts()
    ours, theirs = pty.openpty()
    told = environment(work, CONDENSED, COLUMNS="80")
    with subprocess.Popen(
        command(lab, work, playbook, {}), cwd=work, env=told, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        read = bytearray()
        # Linux says EIO where the last process has closed its end.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 65536):
                read += piece
    os.close(ours)
    assert process.returncode == 0, read
    return read.decode()


def rows(text: str) -> dict[str, str]:
    """The rows of the table by their endpoint; each stands in it once."""
    found = re.findall(r"^(clean-\d+)  +([^: ].*)$", text, re.MULTILINE)
    assert len({name for name, _row in found}) == len(found)
    return dict(found)


def set_winhttp(lab: Lab, value: bytes) -> None:
    for endpoint in lab.endpoints.values():
        for view in (64, 32):
            endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", value, view)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(profiles={"clean": len(FEW)}) as raised:
        yield raised


@pytest.fixture
def direct(lab: Lab) -> Lab:
    """The lab, none of whose endpoints has a proxy."""
    set_winhttp(lab, DIRECT)
    return lab


@pytest.fixture(scope="module")
def forty() -> Iterator[Lab]:
    with Lab(profiles={"clean": 40}) as raised:
        yield raised


@pytest.mark.parametrize(
    ("playbook", "worst", "last"),
    [
        ("site", "unreachable", "38 of 40 ended well, 38 changed, 2 unreachable."),
        ("verify", "unread", "38 of 40 reach the service, 2 could not be read."),
        ("audit", "unread", "38 of 40 are as desired, 2 could not be read."),
    ],
)
def test_forty_endpoints_are_sixty_lines_at_most(
    forty: Lab, tmp_path: Path, playbook: str, worst: str, last: str
) -> None:
    with outside(forty) as proxy:
        # The probe of a machine that is busy may take its time.
        more = {"endpoint_proxy_winhttp_proxy": {"proxy": proxy.server}, "endpoint_verify_timeout": 60}
        if playbook != "site":
            set_winhttp(forty, named(proxy.server))
        done = run(forty, tmp_path, playbook, **more, hosts={"clean-2": CLOSED, "clean-4": CLOSED})
    assert done.rc != 0
    assert len(done.lines) + len(done.err.splitlines()) <= 60
    shown = rows(done.out)
    assert set(shown) == set(forty.endpoints)
    assert [name for name, row in shown.items() if worst in row] == ["clean-2", "clean-4"]
    assert all("nothing listens at its address" in shown[name] for name in ("clean-2", "clean-4"))
    assert last in done.lines
    assert "\r" not in done.out
    assert "\x1b" not in done.out
    assert "ok: [" not in done.out
    assert "PLAY RECAP" not in done.out


def test_hosts_that_fail_alike_are_said_together_and_a_sentence_each(direct: Lab, tmp_path: Path) -> None:
    done = run(direct, tmp_path, "site", "--skip-tags", "verify", hosts=dict.fromkeys(FEW[:2], CLOSED))
    assert done.rc == 4
    (first,) = (line for line in done.lines if line.startswith("unreachable: "))
    (rest,) = (line for line in done.lines if line.startswith("unreachable likewise: "))
    named_first = first.split()[1].rstrip(":")
    assert first == f"unreachable: {named_first}: nothing listens at its address"
    assert {named_first, rest.removeprefix("unreachable likewise: ")} == set(FEW[:2])
    assert "Ansible worked on 3 hosts, 1 changed, 2 unreachable." in done.lines


def test_a_warning_of_many_endpoints_is_printed_once(direct: Lab, tmp_path: Path) -> None:
    done = run(direct, tmp_path, "site", "--skip-tags", "verify")
    assert done.rc == 0, done.out + done.err
    warned = re.findall(r"(clean-\d): The WinHTTP proxy has no bypass list", " ".join(done.err.split()))
    (rest,) = (line for line in done.lines if line.startswith("warning likewise: "))
    assert len(warned) == 1
    assert sorted([*warned, *rest.removeprefix("warning likewise: ").split(", ")]) == list(FEW)


def test_where_nobody_answers_nothing_ended_well(direct: Lab, tmp_path: Path) -> None:
    done = run(direct, tmp_path, "site", "--skip-tags", "verify", hosts=dict.fromkeys(FEW, CLOSED))
    assert done.rc == 4
    assert "ended well" not in done.out
    assert "Ansible worked on 3 hosts, 3 unreachable." in done.lines


def test_an_endpoint_that_does_not_reach_the_service_is_one_sentence_and_a_row(
    direct: Lab, tmp_path: Path
) -> None:
    with outside(direct):
        done = run(direct, tmp_path, "site", endpoint_proxy_winhttp_proxy={"state": "absent"})
    assert done.rc == 2
    (said,) = (line for line in done.lines if line.startswith("failed: "))
    assert "does not reach 17 of 17 required URLs (name_not_resolved); --limit clean-" in said
    assert {row.split("  ")[-2].strip() for row in rows(done.out).values()} == {"not reached"}
    assert "0 of 3 ended well, 3 not reached." in done.lines


@pytest.mark.parametrize("check", [(), ("--check",)])
def test_of_an_endpoint_that_is_lost_it_is_said_whether_it_had_been_changed(
    tmp_path: Path, check: tuple[str, ...]
) -> None:
    # The first is lost when its settings are read, the second when it is asked the URLs: in check mode nothing is
    # written before.
    late = Profile("late", drop_request=5 if check else 8)
    profiles = {Profile("early", drop_request=2): 1, late: 1, "clean": 1}
    with Lab(profiles=profiles) as lab, outside(lab) as proxy:
        done = run(lab, tmp_path, "site", *check, endpoint_proxy_winhttp_proxy={"proxy": proxy.server})
    assert done.rc == 4
    said = sorted(line for line in done.lines if line.startswith("unreachable"))
    if check:
        assert len(said) == 2
        assert "changed" not in "".join(said)
    else:
        assert said == [
            "unreachable: early-1: the connection was lost",
            "unreachable: late-1: the connection was lost, after it was changed",
        ]


def test_a_terminal_shows_how_far_it_has_come_and_a_pipe_does_not(direct: Lab, tmp_path: Path) -> None:
    shown = at_a_terminal(direct, tmp_path, "audit")
    drawn = re.findall(r"\r\x1b\[K(\d of 3 done, [^\r]*)\r", shown)
    assert drawn[0] == "0 of 3 done, 0 failed, batch 1 of 1: Compare the endpoint with the desired state"[:79]
    assert all(len(line) < 80 for line in drawn)
    # What is left of it is taken off before the table is printed.
    table = shown[shown.rindex("\x1b[K") + len("\x1b[K") :]
    assert set(rows(table.replace("\r\n", "\n"))) == set(FEW)
    plain = run(direct, tmp_path, "audit", mde_report=str(tmp_path / "other"))
    assert "of 3 done" not in plain.out
    assert "\r" not in plain.out
    assert set(rows(plain.out)) == set(FEW)


@pytest.mark.parametrize(
    ("callback", "form"),
    [("default", "json"), ("default", "yaml"), ("minimal", "json"), ("json", "json"), (CONDENSED, "json")],
)
@pytest.mark.parametrize("playbook", ["site", "audit"])
def test_the_table_is_lines_of_their_own_with_every_callback(
    direct: Lab, tmp_path: Path, callback: str, form: str, playbook: str
) -> None:
    done = run(direct, tmp_path, playbook, "--skip-tags", "verify", callback=callback, form=form)
    assert done.rc == 0, done.out + done.err
    text = done.err if callback == "json" else done.out
    assert set(rows(text)) == set(FEW)
    lines = text.splitlines()
    title = next(number for number, line in enumerate(lines) if line.startswith("endpoint  "))
    assert [line.split("  ")[0] for line in lines[title + 1 : title + 4]] == list(FEW)
    # As one escaped text it would be in a single line.
    assert not any("endpoint  " in line and "clean-1" in line for line in lines)
    if callback == "json":
        assert any("lines" in result for result in json.loads(done.out))
        assert "endpoint  " not in done.out.partition('"lines"')[0]


def test_check_mode_says_planned_and_not_done(direct: Lab, tmp_path: Path) -> None:
    done = run(direct, tmp_path, "site", "--check", "--diff", "--skip-tags", "verify")
    assert done.rc == 0, done.out + done.err
    assert any(re.match(r"endpoint +was +would be +wins ", line) for line in done.lines)
    assert all(row.endswith("planned, not done") for row in rows(done.out).values())
    assert "3 of 3 ended well, 3 planned, not done." in done.lines
    assert '+        "native"' in done.out or "+++ after" in done.out
    for endpoint in direct.endpoints.values():
        assert endpoint.value(CONNECTIONS, "WinHttpSettings") == ("REG_BINARY", DIRECT)


@pytest.mark.parametrize(
    ("playbook", "last"),
    [
        ("site", "1 of 1 ended well, 1 changed; 2 left out by --limit."),
        ("audit", "0 of 1 are as desired, 1 drifted. 2 left out by --limit."),
    ],
)
def test_what_a_limit_leaves_out_is_counted_and_no_row(
    direct: Lab, tmp_path: Path, playbook: str, last: str
) -> None:
    done = run(direct, tmp_path, playbook, "--skip-tags", "verify", "--limit", "clean-3")
    assert done.rc == 0, done.out + done.err
    assert set(rows(done.out)) == {"clean-3"}
    assert last in done.lines


@pytest.mark.parametrize("playbook", ["site", "audit"])
def test_no_secret_and_no_control_character_of_an_endpoint_is_printed(
    direct: Lab, tmp_path: Path, playbook: str
) -> None:
    for name, proxy in (("clean-1", "who:geheim@old.lab.test:3128"), ("clean-2", "o\x1b[2Jld.lab.test:3128")):
        for view in (64, 32):
            direct.endpoints[name].set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named(proxy), view)
    done = run(direct, tmp_path, playbook, "--skip-tags", "verify")
    assert set(rows(done.out)) == set(FEW)
    assert "geheim" not in done.out + done.err
    assert "\x1b" not in done.out + done.err
    assert "WinHTTP (withheld: 28 characters)" in rows(done.out)["clean-1"]


def test_with_v_it_prints_what_the_default_callback_prints(direct: Lab, tmp_path: Path) -> None:
    done = run(direct, tmp_path, "audit", "-v")
    assert "PLAY RECAP" in done.out
    assert "TASK [Compare the endpoint with the desired state]" in done.out
