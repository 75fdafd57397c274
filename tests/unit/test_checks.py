# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make test` and `make demo` conclude from what they see: a failure is never lost."""

from __future__ import annotations

import ast
import dataclasses
from collections import Counter
from pathlib import Path

import pytest

from tests import twice
from tests.checks import __main__ as command
from tests.checks import powershell, pythons, repeat, runner, style, times
from tests.checks.catalogue import CHECKS

REPORT = """
<testsuites><testsuite>
  <testcase name="a"><properties><property name="evidence" value="wine"/></properties></testcase>
  <testcase name="b"><properties><property name="evidence" value="wine"/></properties><failure/></testcase>
  <testcase name="c"><skipped/></testcase>
  <testcase name="d"><error/></testcase>
</testsuite></testsuites>
"""
RECAP = """
PLAY RECAP ***
\x1b[0;33mpc-1\x1b[0m    : \x1b[0;32mok=3   \x1b[0m \x1b[0;33mchanged=1   \x1b[0m unreachable=0    failed=0    skipped=0
pc-2    : ok=3    changed=0    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
"""


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> runner.Check:
    monkeypatch.setattr(runner, "LOGS", tmp_path)
    return runner.Check("sample", (), "unit", report=True)


def test_a_report_is_counted_by_evidence_and_status(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT)
    assert runner.read_report(tmp_path / "report.xml", "unit") == Counter(
        {("wine", "passed"): 1, ("wine", "failed"): 1, ("unit", "skipped"): 1, ("unit", "failed"): 1}
    )


@pytest.mark.parametrize(("rc", "status"), [(0, "failed"), (1, "failed"), (runner.SKIPPED, "skipped")])
def test_a_missing_report_never_passes(check: runner.Check, rc: int, status: runner.Status) -> None:
    assert runner.tally_of(check, rc) == Counter({("unit", status): 1})


def test_a_bad_exit_code_counts_although_every_test_passed(check: runner.Check) -> None:
    check.junit.write_text("<testsuites><testcase/></testsuites>")
    assert runner.tally_of(check, 0) == Counter({("unit", "passed"): 1})
    assert runner.tally_of(check, 3) == Counter({("unit", "passed"): 1, ("unit", "failed"): 1})


def test_the_times_of_the_last_run_are_told_by_check_and_by_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(times, "LOGS", tmp_path)
    assert times.main() == 1
    (tmp_path / "quick.seconds").write_text("3.0 2.0\n")
    (tmp_path / "slow.seconds").write_text("61.2 80.4\n")
    (tmp_path / "slow.xml").write_text(
        '<testsuites><testcase classname="a" name="b" time="1.5"/><testcase classname="a" name="c" time="40">'
        '<properties><property name="playbooks" value="3"/><property name="slept" value="2.5"/></properties></testcase>'
        "</testsuites>"
    )
    assert times.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[1:3]] == [
        ["61", "80", "2", "42", "3", "0", "2", "slow"], ["3", "2", "0", "0", "0", "0", "0", "quick"]
    ]  # fmt: skip
    assert [line.split()[-1] for line in lines[5:]] == ["a::c", "a::b"]


def test_the_slowest_third_is_what_took_a_third_of_the_time() -> None:
    took = {"a.b::one": 5.0, "a.b::two[x y]": 20.0, "a::three": 9.0, "a::four": 1.0, "a::five": 40.0}
    found = [times.Case(name, seconds, 0, 0, 0.0) for name, seconds in took.items()]
    assert repeat.slowest(found) == ["a.py::five"]
    assert repeat.slowest(found[:4]) == ["a/b.py::two[x y]"]
    assert repeat.slowest([]) == []


@pytest.mark.parametrize(
    ("runs", "code", "last"),
    [
        ([["passed", "passed"], ["passed", "passed"]], 0, "4 runs of 2 tests, 0 not passed"),
        ([["passed", "passed"], ["passed", "failure"]], 1, "4 runs of 2 tests, 1 not passed"),
        ([["passed", "passed"], ["passed"]], 1, "3 runs of 2 tests, 0 not passed"),
        ([[], []], 1, "0 runs of 0 tests, 0 not passed"),
    ],
)
def test_what_is_repeated_passes_where_all_of_it_passed_each_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], runs: list[list[str]], code: int, last: str
) -> None:
    told = iter(runs)
    monkeypatch.setattr(
        repeat, "run", lambda tests: [(f"{tests[0]}::{number}", each) for number, each in enumerate(next(told))]
    )
    assert repeat.main(["--runs", "2", "--side-by-side", "1", "tests/unit/test_any.py"]) == code
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "tests/unit/test_any.py, 2 times, 1 side by side"
    assert printed[-1] == last


def test_repeated_tests_are_no_further_evidence(check: runner.Check) -> None:
    again = dataclasses.replace(check, kind="matrix", evidence="matrix")
    again.junit.write_text(REPORT)
    assert runner.tally_of(again, 1) == Counter(
        {("matrix", "passed"): 1, ("matrix", "failed"): 2, ("matrix", "skipped"): 1}
    )


def test_a_check_that_writes_no_report_counts_as_one(tmp_path: Path) -> None:
    linter = runner.Check("linter", (), "source", kind="lint")
    assert runner.tally_of(linter, 0) == Counter({("source", "passed"): 1})
    assert runner.tally_of(linter, 2) == Counter({("source", "failed"): 1})


def test_the_summary_ends_with_one_line_that_adds_up(check: runner.Check) -> None:
    one = runner.Outcome(check, 0, 1.0, Counter({("unit", "passed"): 3, ("wine", "skipped"): 1}))
    two = runner.Outcome(check, 1, 1.0, Counter({("wine", "failed"): 2, ("wine", "passed"): 1}))
    lines, total = runner.summary([one, two])
    assert lines[-1] == "4 passed, 2 failed, 1 skipped"
    assert [line.split() for line in lines[1:3]] == [["unit", "3", "0", "0"], ["wine", "1", "2", "1"]]
    assert total["wine", "failed"] == 2


@pytest.mark.parametrize(
    ("status", "ci", "code"),
    [("passed", "true", 0), ("skipped", "true", 1), ("skipped", "", 0), ("failed", "true", 1), ("failed", "", 1)],
)
def test_a_skipped_test_is_a_failure_in_ci(
    check: runner.Check, monkeypatch: pytest.MonkeyPatch, status: runner.Status, ci: str, code: int
) -> None:
    outcome = runner.Outcome(check, 0, 1.0, Counter({("wine", "passed"): 5, ("wine", status): 1}))
    check.log.write_text("said\n")
    monkeypatch.setattr(command, "run_all", lambda *_arguments: [outcome])
    monkeypatch.setenv("CI", ci)
    assert command.main(["--kind", "lint"]) == code


@pytest.mark.parametrize(("code", "status"), [("0", "passed"), ("1", "failed"), ("77", "skipped")])
def test_the_exit_code_of_a_command_decides(check: runner.Check, code: str, status: str) -> None:
    own = runner.Check("exit", ("-c", f"print('said'); raise SystemExit({code})"), "source")
    outcome = runner.run(own)
    assert outcome.status == status
    assert own.log.read_text() == "said\n"


def test_the_reasons_name_each_test_that_did_not_pass(check: runner.Check) -> None:
    case = '<testcase classname="m" name="t"><failure message="assert 1 == 2&#10;more"/></testcase>'
    check.junit.write_text(REPORT.replace('<testcase name="d"><error/></testcase>', case))
    outcome = runner.Outcome(check, 1, 1.0)
    assert runner.reasons(outcome) == ["failed: b", "skipped: c", "failed: m::t: assert 1 == 2"]
    assert runner.reasons(outcome, most=1) == ["failed: b", "and 2 more"]


def test_the_reason_is_the_end_of_the_log_where_the_report_tells_none(check: runner.Check) -> None:
    check.log.write_text("a\n\nb\nc\n")
    assert runner.reasons(runner.Outcome(check, 1, 1.0), most=2) == ["b", "c"]
    check.junit.write_text('<testsuite><testcase name="sanity"><failure/></testcase></testsuite>')
    assert runner.reasons(runner.Outcome(check, 1, 1.0), most=2) == ["failed: sanity", "b", "c"]


def test_every_check_has_a_name_of_its_own() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)


def test_a_recap_is_read_with_and_without_colours() -> None:
    assert twice.recap(RECAP) == {"pc-1": twice.Recap(1, 0, 0), "pc-2": twice.Recap(0, 0, 0)}


def test_the_first_run_has_to_change_every_host() -> None:
    with pytest.raises(twice.RunFailedError, match="changed nothing on pc-2"):
        twice.check_first(twice.recap(RECAP))
    with pytest.raises(twice.RunFailedError, match="no host"):
        twice.check_first({})


def test_the_second_run_has_to_change_nothing_on_the_same_hosts() -> None:
    hosts = twice.recap(RECAP)
    with pytest.raises(twice.RunFailedError, match="again on pc-1"):
        twice.check_second(hosts, hosts)
    with pytest.raises(twice.RunFailedError, match="other hosts"):
        twice.check_second(hosts, {"pc-2": twice.Recap(0, 0, 0)})


def test_a_missing_interpreter_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pythons, "_interpreters", lambda version: ["/bin/false"])
    assert pythons.find(("3.11", "3.12")) is None
    assert capsys.readouterr().out == "Python 3.11 is not here\nPython 3.12 is not here\n"


def test_a_long_function_is_told_from_a_long_docstring() -> None:
    body = "\n".join("    x = 1" for _number in range(style.LONGEST_FUNCTION + 1))
    documentation = "\n".join("    text" for _number in range(style.LONGEST_FUNCTION + 1))
    assert list(style.long_functions(ast.parse(f"def f():\n{body}\n")))
    assert not list(style.long_functions(ast.parse(f'def f():\n    """{documentation}"""\n    return 1\n')))


def test_without_a_powershell_its_check_says_that_it_did_not_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv("MDE_POWERSHELL", raising=False)
    assert powershell.main() == runner.SKIPPED
    assert capsys.readouterr().out.startswith("This check did not run: MDE_POWERSHELL is not set. It runs ")
    monkeypatch.setenv("MDE_POWERSHELL", str(tmp_path / "pwsh.exe"))
    assert powershell.main() == 1
    assert not [check for check in CHECKS if "tests.checks.powershell" in check.command]
