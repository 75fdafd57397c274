# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dead-man's switch of a rollout: an endpoint that nobody confirms restores itself, a confirmed one never does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from windows_lab.profiles import PROFILES

from tests.integration.play import Started
from tests.integration.rollout.killing import kill_when
from tests.integration.rollout.rollout_site import Change, blamed, change_on
from tests.integration.site import CONNECTIONS, DATA_COLLECTION, named, sz
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated

MINUTES = 15
UNDO = "mde.connectivity.undo"
# Requests over Basic where the switch is set: the read is 1 to 4, the switch 5 to 12, the write 13 to 15.
ARM, WRITE, VERIFY = 11, 14, 16
# An odd header; what is no known form may hold a secret, and is in no record.
ODD = named("old.corp.test:3128", "<local>;a;b", header=0x28)


@contextlib.contextmanager
def planned(network: Stage, work: Path, profile: str = "clean", **options: float) -> Iterator[Change]:
    """A change with the switch, planned on one endpoint that holds odd bytes, and nothing, in what is changed."""
    with change_on(network, work, {profile: 1}, **options) as change:
        endpoint = change.endpoint(f"{profile}-1")
        endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", ODD)
        endpoint.delete_value(CONNECTIONS, "WinHttpSettings", 32)
        change.variables["endpoint_proxy_datacollection_proxy"] = {"server": network.proxy}
        change.variables["mde_confirm_within"] = MINUTES
        change.have_plan()
        yield change


@pytest.fixture
def change(network: Stage, tmp_path: Path) -> Iterator[Change]:
    with planned(network, tmp_path) as made:
        yield made


def left(change: Change, name: str = "clean-1") -> list[str]:
    """What is left of the switch on an endpoint."""
    endpoint, folder = change.endpoint(name), rf"C:\Windows\{UNDO}"
    found = [folder] if endpoint.files.exists(folder) else []
    return found + ([UNDO] if endpoint.run(f"schtasks /query /tn {UNDO}").rc == 0 else [])


def lose(change: Change, request: int = VERIFY, **variables: object) -> None:
    """Run the rollout with a connection that is lost at a request; nobody verifies."""
    change.lab.reset_accounts()
    change.lab.drop_connection("clean-1", request)
    run = change.play("rollout", **variables)
    change.lab.drop_connection("clean-1", None)
    assert run.rc != 0
    assert list(blamed(run)) == ["clean-1"]
    assert left(change) == [rf"C:\Windows\{UNDO}", UNDO]


def events(change: Change) -> list[str]:
    """What the history of the record says of the switch."""
    history = change.record("clean-1")["history"]
    return [entry["event"] for entry in history if entry["event"].startswith("switch")]


def assert_confirmed(change: Change, name: str = "clean-1") -> None:
    """It ended well, nothing of the switch is left, and no time changes anything any more."""
    endpoint = change.endpoint(name)
    assert change.record(name)["verdict"] == "ok"
    assert left(change, name) == []
    after = change.held(name)
    assert change.proxy(name) == change.variables["endpoint_proxy_winhttp_proxy"]["proxy"]
    endpoint.pass_minutes(60)
    endpoint.restart()
    endpoint.pass_minutes(60)
    assert change.held(name) == after


@pytest.mark.parametrize("run_as", ["system", "connection"])
def test_it_is_off_unless_asked_for(change: Change, run_as: str) -> None:
    run = change.play("rollout", mde_confirm_within=None, endpoint_verify_run_as=run_as)
    assert run.rc == 0, run.output[-3000:]
    assert change.commands("clean-1", UNDO) == 0
    # As SYSTEM the verification has a task of its own.
    assert (change.commands("clean-1", "schtasks /create") > 0) == (run_as == "system")
    assert events(change) == []
    assert_confirmed(change)


@pytest.mark.parametrize("profile", ["clean", "battery", "german", "hardened"])
def test_a_confirmed_run_leaves_nothing(network: Stage, tmp_path: Path, profile: str) -> None:
    name = f"{profile}-1"
    with planned(network, tmp_path, profile) as change:
        names = change.endpoint(name).files.names("C:\\Windows")
        run = change.play("rollout")
        assert run.rc == 0, run.output[-3000:]
        assert change.commands(name, f"schtasks /create /tn {UNDO}") == 1
        assert change.endpoint(name).files.names("C:\\Windows") == names
        assert_confirmed(change, name)
        assert change.play("rollback").rc == 0
        assert change.endpoint(name).value(CONNECTIONS, "WinHttpSettings") == ("REG_BINARY", ODD)


def test_nobody_verifies_and_the_endpoint_restores_itself(change: Change) -> None:
    before, endpoint = change.all_held(), change.endpoint("clean-1")
    assert any(value is None for value in before["clean-1"].values())
    lose(change)
    after = change.all_held()
    assert after != before
    record = change.record("clean-1")
    assert record["verdict"] == "unverified"
    assert record["reason"].endswith("what confirm_within left on the endpoint restores the old state by itself")
    endpoint.pass_minutes(MINUTES - 1)
    assert change.all_held() == after
    endpoint.pass_minutes(2)
    assert change.all_held() == before
    assert left(change) == []
    # The same command once more: it is written again, and verified.
    run = change.play("rollout")
    assert run.rc == 0, run.output[-3000:]
    assert change.record("clean-1")["snapshot"] == record["snapshot"]
    assert change.all_held() == after
    assert_confirmed(change)
    assert change.play("rollback").rc == 0
    assert change.all_held() == before


def test_the_write_is_lost_and_the_endpoint_restores_itself(change: Change) -> None:
    before = change.all_held()
    change.lab.drop_connection("clean-1", WRITE, after=True)
    assert change.play("rollout").rc != 0
    assert change.record("clean-1")["verdict"] == "unverified"
    assert change.all_held() != before
    change.endpoint("clean-1").pass_minutes(MINUTES + 1)
    assert (change.all_held(), left(change)) == (before, [])


def kill_after_the_write(change: Change) -> None:
    """Start the rollout, and kill it when the write is done."""
    run = Started("mde.connectivity.rollout", change.inventory, change.work, change.arguments({}))
    file = change.evidence / "hosts" / "clean-1.json"
    kill_when(run, lambda: file.exists() and change.record("clean-1")["state"] == "written", change.lab)
    assert change.record("clean-1")["verdict"] is None


def test_the_controller_dies_before_the_verification(network: Stage, tmp_path: Path) -> None:
    with planned(network, tmp_path, rtt_ms=80) as change:
        before = change.all_held()
        kill_after_the_write(change)
        after = change.all_held()
        assert after != before
        assert change.record("clean-1")["verdict"] is None
        assert left(change) == [rf"C:\Windows\{UNDO}", UNDO]
        change.endpoint("clean-1").pass_minutes(MINUTES - 1)
        assert change.all_held() == after
        change.endpoint("clean-1").pass_minutes(2)
        assert (change.all_held(), left(change)) == (before, [])
        assert change.play("rollout").rc == 0
        assert change.all_held() == after
        assert_confirmed(change)


def test_a_restart_begins_the_minutes_anew(change: Change) -> None:
    before, endpoint = change.all_held(), change.endpoint("clean-1")
    lose(change)
    after = change.all_held()
    endpoint.pass_minutes(MINUTES - 5)
    endpoint.restart()
    endpoint.pass_minutes(MINUTES - 1)
    assert change.all_held() == after
    endpoint.pass_minutes(1)
    assert (change.all_held(), left(change)) == (before, [])


def test_it_fires_on_battery(network: Stage, tmp_path: Path) -> None:
    with planned(network, tmp_path, "battery") as change:
        before = change.all_held()
        change.lab.drop_connection("battery-1", VERIFY)
        assert change.play("rollout").rc != 0
        assert change.all_held() != before
        change.endpoint("battery-1").pass_minutes(MINUTES + 1)
        assert (change.all_held(), left(change, "battery-1")) == (before, [])


def test_without_elevation_nothing_is_written(network: Stage, tmp_path: Path) -> None:
    with planned(network, tmp_path, "denied") as change:
        endpoint = change.endpoint("denied-1")
        before, names = change.all_held(), endpoint.files.names("C:\\Windows")
        run = change.play("rollout")
        assert run.rc != 0
        message = blamed(run)["denied-1"]
        assert "failed: nothing was written: confirm_within: the task" in message
        assert "needs an administrator (ansible_user): Access is denied." in message
        assert (change.all_held(), endpoint.writes) == (before, [])
        assert (left(change, "denied-1"), endpoint.files.names("C:\\Windows")) == ([], names)


def test_settings_of_a_user_are_refused_before_the_write(network: Stage, tmp_path: Path) -> None:
    with change_on(network, tmp_path, {"clean": 1}) as change:
        wpad = {"state": "disabled", "scope": ["system", "connection"], "manual_settings": "keep"}
        change.variables |= {"endpoint_proxy_wpad": wpad, "mde_confirm_within": MINUTES}
        change.have_plan()
        before = change.all_held()
        run = change.play("rollout")
        assert run.rc != 0
        assert "nothing was written: confirm_within can't undo HKCU\\" in blamed(run)["clean-1"]
        assert (change.all_held(), change.endpoint("clean-1").writes) == (before, [])
        assert (left(change), change.commands("clean-1", UNDO)) == ([], 0)
        # Without the switch it is done.
        assert change.play("rollout", mde_confirm_within=None).rc == 0
        assert change.all_held() != before


def test_a_failed_verification_takes_it_away(change: Change) -> None:
    before, endpoint = change.all_held(), change.endpoint("clean-1")
    change.distrust("clean-1")
    run = change.play("rollout")
    assert run.rc != 0
    assert "rolled_back: the service is not reached" in blamed(run)["clean-1"]
    assert (change.all_held(), left(change)) == (before, [])
    # What somebody sets from now on is theirs.
    endpoint.set_value(DATA_COLLECTION, "TelemetryProxyServer", "REG_SZ", sz("theirs.corp.test:80"))
    theirs = change.all_held()
    endpoint.pass_minutes(60)
    assert change.all_held() == theirs


def test_a_write_that_does_not_hold_takes_it_away(network: Stage, tmp_path: Path) -> None:
    stubborn = replace(PROFILES["policy"], name="stubborn", policy_at_once=True)
    with change_on(network, tmp_path, {stubborn: 1}) as change:
        server = {"server": network.proxy}
        change.variables |= {"endpoint_proxy_datacollection_proxy": server, "mde_confirm_within": MINUTES}
        change.have_plan()
        before, endpoint = change.all_held(), change.endpoint("stubborn-1")
        run = change.play("rollout")
        assert run.rc != 0
        assert blamed(run)["stubborn-1"].startswith("rolled_back: ")
        assert "TelemetryProxyServer does not hold what was written" in blamed(run)["stubborn-1"]
        assert change.commands("stubborn-1", f"schtasks /create /tn {UNDO}") == 1
        assert (change.all_held(), left(change, "stubborn-1")) == (before, [])
        # What somebody sets from now on is theirs.
        endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", ODD)
        theirs = change.all_held()
        endpoint.pass_minutes(60)
        assert change.all_held() == theirs


@pytest.mark.parametrize(
    ("minutes", "elsewhere"),
    [
        pytest.param(2 * MINUTES, False, id="with the switch"),
        pytest.param(None, False, id="without the switch"),
        pytest.param(2 * MINUTES, True, id="another change"),
    ],
)
def test_a_stale_one_does_not_fire_into_a_confirmed_run(
    change: Change, minutes: int | None, elsewhere: bool
) -> None:
    lose(change)
    change.endpoint("clean-1").pass_minutes(MINUTES - 5)
    if elsewhere:
        change.evidence = change.work / "other"
        change.variables |= {"mde_change": "CHG0002", "mde_evidence": str(change.evidence)}
        change.plan()
    run = change.play("rollout", mde_confirm_within=minutes)
    assert run.rc == 0, run.output[-3000:]
    assert_confirmed(change)


def test_a_second_run_that_dies_has_all_its_minutes(change: Change) -> None:
    before, endpoint = change.all_held(), change.endpoint("clean-1")
    lose(change)
    after = change.all_held()
    endpoint.pass_minutes(MINUTES - 5)
    # There is nothing to write, so that the verification follows the switch.
    lose(change, WRITE - 1)
    endpoint.pass_minutes(MINUTES - 1)
    assert change.all_held() == after
    endpoint.pass_minutes(1)
    assert (change.all_held(), left(change)) == (before, [])


@pytest.mark.parametrize("moment", ["armed", "fired"])
def test_a_rollback_takes_it_away(change: Change, moment: str) -> None:
    before, endpoint = change.all_held(), change.endpoint("clean-1")
    lose(change)
    if moment == "fired":
        endpoint.pass_minutes(MINUTES + 1)
    assert change.play("rollback", "--check").rc == 0
    assert left(change) == ([] if moment == "fired" else [rf"C:\Windows\{UNDO}", UNDO])
    run = change.play("rollback")
    assert run.rc == 0, run.output[-3000:]
    assert (change.all_held(), left(change)) == (before, [])
    assert events(change) == ["switch_set", "switch_removed"]
    # What somebody sets from now on is theirs.
    endpoint.set_value(DATA_COLLECTION, "TelemetryProxyServer", "REG_SZ", sz("theirs.corp.test:80"))
    theirs = change.all_held()
    endpoint.pass_minutes(60)
    assert change.all_held() == theirs
    change.lab.reset_accounts()
    assert change.play("rollback", mde_force=True).rc == 0
    # It is looked for only where the record says that it may be there.
    assert change.commands("clean-1", UNDO) == 0


def test_the_verification_takes_too_long(change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    before, endpoint = change.all_held(), change.endpoint("clean-1")
    run_line = endpoint.run

    def slow(line: str, stdin: bytes = b"") -> object:
        # The last thing that is sent after the verification comes too late.
        if f"schtasks /delete /tn {UNDO}" in line and "/create" not in line:
            endpoint.pass_minutes(MINUTES + 1)
        return run_line(line, stdin)

    monkeypatch.setattr(endpoint, "run", slow)
    run = change.play("rollout")
    assert run.rc != 0
    assert "rolled_back: confirm_within is too short" in blamed(run)["clean-1"]
    assert (change.all_held(), left(change)) == (before, [])
    monkeypatch.undo()
    assert change.play("rollout").rc == 0
    assert_confirmed(change)


def test_a_lost_switch_is_no_write_and_taken_away_later(change: Change) -> None:
    before, endpoint = change.all_held(), change.endpoint("clean-1")
    change.lab.drop_connection("clean-1", ARM, after=True)
    run = change.play("rollout")
    change.lab.drop_connection("clean-1", None)
    assert "nothing was written: unreachable" in blamed(run)["clean-1"]
    assert change.record("clean-1")["verdict"] == "failed"
    # The trial's own key is no setting, and is gone.
    assert (change.all_held(), [write for write in endpoint.writes if UNDO not in write]) == (before, [])
    assert not endpoint.key_exists(rf"HKLM\SOFTWARE\{UNDO}")
    assert left(change) == [rf"C:\Windows\{UNDO}", UNDO]
    run = change.play("rollout", mde_confirm_within=None)
    assert run.rc == 0, run.output[-3000:]
    assert_confirmed(change)


def test_a_number_of_minutes_that_is_none_is_refused(change: Change) -> None:
    for minutes in (-1, 1440):
        run = change.play("rollout", mde_confirm_within=minutes)
        assert run.rc != 0
        said = f"mde_confirm_within is {minutes}, and has to be a number of minutes from 0 (no switch) to 1439"
        assert said in blamed(run)["clean-1"]
    assert change.untouched("clean-1")
