# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role endpoint_verify, alone and at the end of the playbook site, with a service and a proxy behind the lab."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from windows_lab.lab import Lab

from tests.integration.play import Run, run_tasks
from tests.integration.reachability.reach_site import WAKE_UP
from tests.integration.reachability.verifying import ASKS, BOTH, TENANT, asked, configured, of, run
from tests.integration.site import CONNECTIONS
from tests.outside import outside

pytestmark = pytest.mark.simulated

EDR = "edr-neu.eu.endpoint.security.microsoft.com"
FAILS = "Fail where the service is not reached"
# Where what is printed of an endpoint ends; that of another may come before the result of the first.
NEXT = re.compile(
    r"^(TASK|PLAY|---|ok:|changed:|fatal:|failed:|skipping:|\[|[\w-]+ (reaches|does not reach) )", re.MULTILINE
)
# What molecule looks for in all output of a second run.
NOT_IDEMPOTENT = re.compile(r"changed=[1-9]")


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as raised:
        yield raised


@pytest.fixture
def two() -> Iterator[Lab]:
    """A clean endpoint, and one on which PowerShell is blocked."""
    with Lab(profiles={"clean": 1, "hardened": 1}) as raised:
        yield raised


def role(lab: Lab, work: Path, variables: dict[str, Any], *more: str) -> Run:
    """The role in a playbook of somebody's own, and after it what it has registered."""
    imported = {"name": "Verify", "ansible.builtin.import_role": {"name": "mde.connectivity.endpoint_verify"}}
    shown = {"name": "Show", "ansible.builtin.debug": {"var": "endpoint_verify_contacts"}}
    arguments = ["--extra-vars", json.dumps(variables), *more]
    return run_tasks([imported, shown], lab.inventory(work / "inventory.yml"), work, arguments)


def verified(done: Run, host: str = "clean-1") -> dict[str, Any]:
    """What the task of the playbook site found when it asked an endpoint."""
    (outcome,) = of(done, BOTH, host)
    found: dict[str, Any] = outcome.result["verification"]
    return found


def said(done: Run, host: str = "clean-1") -> str:
    """What is printed of an endpoint, as one text."""
    begins = re.search(rf"^{host} (reaches|does not reach) .*", done.output, re.MULTILINE)
    assert begins, done.output
    ends = NEXT.search(done.output, begins.end())
    return done.output[begins.start() : ends.start() if ends else None].strip()


def requests(lab: Lab) -> int:
    return sum(lab.account(name).requests for name in lab.endpoints)


def test_site_verifies_twice_and_changes_nothing_the_second_time(two: Lab, tmp_path: Path) -> None:
    with outside(two) as proxy:
        variables = {**TENANT, **configured(proxy.server)}
        first, second = (run(two, tmp_path, "site", variables) for _time in range(2))
        assert [first.rc, second.rc] == [0, 0], first.output + second.output
        # The proxy saw a request for every row of both runs on both endpoints; the wake-up alone is asked past it.
        assert len(proxy.log) == 2 * 2 * 25
    assert NOT_IDEMPOTENT.search(first.output)
    assert not NOT_IDEMPOTENT.search(second.output)
    wins = f"WinHTTP {proxy.server}"
    for done, was, ended in ((first, "WPAD", "changed"), (second, wins, "as desired")):
        rows = [re.split(r" {2,}", line) for line in done.output.splitlines() if "25 of 26" in line]
        assert rows == [[host, was, wins, wins, "25 of 26", ended] for host in sorted(two.endpoints)]
        assert f"2 of 2 ended well, 2 {ended}." in done.output
    engines = {host: verified(first, host)["engine"] for host in two.endpoints}
    assert engines == {"clean-1": "powershell", "hardened-1": "wsh"}
    assert verified(first)["run_as"] == "system"


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_a_host_that_the_proxy_denies_fails_with_a_table_and_a_report(
    lab: Lab, tmp_path: Path, form: str
) -> None:
    with outside(lab, denied={EDR, "login.live.com"}) as proxy:
        variables = {
            **TENANT,
            **configured(proxy.server),
            "endpoint_verify_report_directory": str(tmp_path / "reports" / "of today"),
        }
        done = run(lab, tmp_path, "site", variables, ANSIBLE_CALLBACK_RESULT_FORMAT=form)
    assert done.rc == 2, done.output
    (failure,) = of(done, BOTH)
    # The settings were written and read back, and stay.
    assert failure.result["changed"]
    assert failure.result["after"]["winhttp"]["native"]["proxy"] == proxy.server
    assert failure.result["msg"] == (
        "clean-1 does not reach 1 of 17 required URLs (proxy_denied); the table above says what to do."
    )
    lines = said(done).splitlines()
    assert lines[0] == "clean-1 does not reach 1 of 17 required URLs."
    assert lines[1].startswith(f"The sensor is expected to take this path: winhttp {proxy.server}. ")
    assert lines[2] == "Onboarded: standard, commercial, eu, built_in."
    heading, unresolved, waking, reason, *rows = lines[4:10]
    assert re.split(r" {2,}", heading.strip()) == ["host", "URL", "path", "via", "answer", "what to do"]
    assert (unresolved, reason) == ("name_not_resolved: 1 of 26", "proxy_denied: 2 of 26")
    assert re.split(r" {2,}", waking.strip())[1:4] == [f"https://{WAKE_UP}/", "effective", "direct"]
    assert any(line.startswith(f"{WAKE_UP} can't be used through a proxy, ") for line in lines)
    cells = [re.split(r" {2,}", row.strip()) for row in rows]
    common = ["effective", proxy.server, "status 403"]
    optional = f"(optional) Allow login.live.com:443 in the proxy {proxy.server}."
    assert cells == [
        ["clean-1", "https://login.live.com/", *common, optional],
        [
            "clean-1",
            f"https://{EDR}/edr/commands/test",
            *common,
            f"Allow {EDR}:443 in the proxy {proxy.server}.",
        ],
    ]
    assert "Not asked, as no host below them is known to answer: *.update.microsoft.com" in lines[-1]
    # The callback prints the table line by line, whichever way it shows results.
    assert any(row in done.output for row in rows)
    report(tmp_path / "reports" / "of today" / "clean-1.json", verified(done))


def report(path: Path, result: dict[str, Any]) -> dict[str, Any]:
    """A report that is there for its owner alone and holds what the module returned."""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    content: dict[str, Any] = json.loads(path.read_text())
    assert content["host"] == path.stem
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", content["time"])
    kept = {"onboarding", "effective", "engine", "run_as", "summary", "rows", "findings", "unprobed"}
    assert {name: content[name] for name in kept & set(result)} == {name: result[name] for name in kept & set(result)}
    assert len(content["rows"]) == result["summary"]["rows"]
    return content


def test_a_report_is_written_where_all_is_reached_and_has_the_sensors_log(lab: Lab, tmp_path: Path) -> None:
    with outside(lab) as proxy:
        more = {"endpoint_verify_report_directory": "reports", "endpoint_verify_sensor": True}
        done = run(lab, tmp_path, "site", {**TENANT, **configured(proxy.server), **more})
    assert done.rc == 0, done.output
    content = report(tmp_path / "reports" / "clean-1.json", verified(done))
    assert content["sensor"]["sensor"]["onboarded"] is True
    assert {contact["state"] for contact in content["sensor"]["contacts"]} == {"ok"}
    newest = max(contact["last_success"] for contact in content["sensor"]["contacts"])
    assert said(done).endswith(f"In the sensor's own log (newest event {newest}) 2 of 2 URIs were reached.")


def test_a_sensors_log_that_is_missing_fails_after_the_report(two: Lab, tmp_path: Path) -> None:
    two.endpoints["clean-1"].events = None  # type: ignore[attr-defined]
    with outside(two) as proxy:
        more = {"endpoint_verify_report_directory": str(tmp_path), "endpoint_verify_sensor": True}
        done = run(two, tmp_path, "site", {**TENANT, **configured(proxy.server), **more})
    (failure,) = of(done, BOTH)
    assert (done.rc, failure.status) == (2, "failed")
    assert failure.result["msg"].startswith("The sensor's log could not be read: ")
    assert (tmp_path / "clean-1.json").exists()
    assert of(done, BOTH, "hardened-1")[0].status == "ok"


def test_direct_beside_the_effective_path_is_a_finding_and_does_not_count(lab: Lab, tmp_path: Path) -> None:
    with outside(lab, denied={EDR}, resolves=True) as proxy:
        more = {"endpoint_verify_paths": ["effective", "direct"]}
        done = run(lab, tmp_path, "site", {**TENANT, **configured(proxy.server), **more})
    assert done.rc == 2, done.output
    text = said(done)
    assert f"{EDR} is reached directly, but not by way of {proxy.server}" in text
    assert "clean-1 does not reach 1 of 17 required URLs." in text
    assert "proxy_denied: 1 of 26" in text


def test_rows_with_the_same_advice_say_it_once(lab: Lab, tmp_path: Path) -> None:
    done = role(lab, tmp_path, {**TENANT, "endpoint_verify_paths": ["static"]})
    assert done.rc == 2, done.output
    assert said(done).count("This endpoint has no such proxy.") == 1
    assert said(done).count("as above") == 25
    assert "17 of 17 required URLs (no_such_proxy)" in of(done, FAILS)[0].result["msg"]


def test_one_cause_is_one_line_with_a_count_and_no_row(lab: Lab, tmp_path: Path) -> None:
    done = role(lab, tmp_path, TENANT)
    assert done.rc == 2, done.output
    text = said(done)
    assert text.count("None of 26 URLs is reached directly, for one cause (name_not_resolved): nothing resolves") == 1
    assert "https://" not in text
    assert len(text.splitlines()) < 8
    assert "run_as" not in text


def test_without_the_assertion_it_says_so_and_passes(lab: Lab, tmp_path: Path) -> None:
    done = role(lab, tmp_path, {**TENANT, "endpoint_verify_assert": False})
    assert done.rc == 0, done.output
    assert said(done).startswith("clean-1 does not reach 17 of 17 required URLs.")


def test_what_is_registered_has_rows_and_the_sensors_log_and_is_two_tasks(lab: Lab, tmp_path: Path) -> None:
    done = role(lab, tmp_path, {**TENANT, "endpoint_verify_sensor": True, "endpoint_verify_assert": False})
    assert done.rc == 0, done.output
    assert len(asked(done)["rows"]) == 26
    (shown,) = of(done, "Show")
    assert shown.result["endpoint_verify_contacts"]["sensor"]["onboarded"] is True
    tasks = [outcome.task.rpartition(" : ")[2] for outcome in done.outcomes]
    assert tasks[2:] == [ASKS, FAILS, "Show"], "after the checks of the variables"


def test_urls_of_ones_own_need_no_region(lab: Lab, tmp_path: Path) -> None:
    with outside(lab, resolves=True) as proxy:
        own = {
            "endpoint_verify_service_urls": False,
            "endpoint_verify_urls": [
                f"https://{EDR}/edr/commands/test",
                {"url": f"http://{EDR}/", "required": False},
            ],
            "endpoint_verify_paths": [proxy.server],
            "endpoint_verify_run_as": "connection",
        }
        done = role(lab, tmp_path, own)
    assert done.rc == 0, done.output
    reached = f"clean-1 reaches all 1 required URLs (via {proxy.server})."
    assert said(done) == f"{reached} Onboarded: standard, commercial, eu, built_in."
    assert asked(done)["summary"]["rows"] == 2


def test_a_government_cloud_needs_no_region(lab: Lab, tmp_path: Path) -> None:
    done = role(lab, tmp_path, {"endpoint_verify_cloud": "gcc_high", "endpoint_verify_assert": False})
    assert done.rc == 0, done.output
    assert asked(done)["summary"]["rows"] > 0


@pytest.mark.parametrize(
    ("playbook", "variables", "sentence"),
    [
        ("site", {}, "Set endpoint_verify_regions to where the tenant keeps its data"),
        ("verify", {}, "Set endpoint_verify_regions to where the tenant keeps its data"),
        ("verify", {"endpoint_verify_regions": []}, "Set endpoint_verify_regions to"),
        ("site", {**TENANT, "endpoint_verify_region": "eu"}, "Did you mean endpoint_verify_regions?"),
        ("site", {"endpoint_verify_regions": ["ca"]}, "endpoint_verify_*: There is no region 'ca'; there are us"),
    ],
    ids=["site without region", "no region", "empty", "unknown variable", "unknown region"],
)
def test_wrong_variables_stop_before_any_contact(
    lab: Lab, tmp_path: Path, playbook: str, variables: dict[str, Any], sentence: str
) -> None:
    done = run(lab, tmp_path, playbook, {**configured("proxy.lab.test:8080"), **variables})
    assert done.rc == 2, done.output
    assert sentence in done.outcomes[-1].result["msg"]
    assert requests(lab) == 0


def test_the_known_variables_are_listed_and_are_those_of_the_documentation(lab: Lab, tmp_path: Path) -> None:
    from ansible.parsing.dataloader import DataLoader

    folder = Path(__file__).parents[3] / "roles" / "endpoint_verify"
    specs = DataLoader().load_from_file(str(folder / "meta" / "argument_specs.yml"))["argument_specs"]
    done = run(lab, tmp_path, "verify", {"endpoint_verify_x": 1})
    listed = done.outcomes[-1].result["msg"].partition("There are ")[2].partition(".")[0].split(", ")
    assert listed
    assert set(listed) == set(specs["main"]["options"]) == set(specs["check"]["options"])
    assert all(f"| `{name}` |" in (folder / "README.md").read_text() for name in listed)


def test_check_mode_asks_what_is_reached_now_and_writes_nothing(lab: Lab, tmp_path: Path) -> None:
    before = lab.endpoints["clean-1"].value(CONNECTIONS, "WinHttpSettings")
    with outside(lab) as proxy:
        reports = {"endpoint_verify_report_directory": str(tmp_path / "reports")}
        variables = {**TENANT, **configured(proxy.server), **reports}
        done = run(lab, tmp_path, "site", variables, "--check", "--diff")
        # The proxy is not set yet, and nothing is reached without it: no failure, since that is about to change.
        assert done.rc == 0, done.output
        assert proxy.log == []
        assert "clean-1 does not reach 17 of 17 required URLs." in said(done)
        assert "check mode has not written the proxy settings" in said(done).splitlines()[-1]
        assert lab.endpoints["clean-1"].value(CONNECTIONS, "WinHttpSettings") == before
        alone = role(lab, tmp_path, {**TENANT, **reports}, "--check")
        assert alone.rc == 2
    assert not (tmp_path / "reports").exists()


def test_the_demo_shows_how_much_is_reached(lab: Lab, tmp_path: Path) -> None:
    with outside(lab) as proxy:
        done = run(lab, tmp_path, "demo", {**TENANT, **configured(proxy.server)})
    assert done.rc == 0, done.output
    assert "service        25 of 26 URLs reached, asked as system by powershell" in done.output
    assert re.search(rf"WinHTTP proxy +none +{re.escape(proxy.server)}", done.output)
    assert re.search(rf"what wins +wpad +winhttp {re.escape(proxy.server)}", done.output)


def test_an_inventory_that_sends_everything_to_windows_keeps_the_report_on_the_controller(
    lab: Lab, tmp_path: Path
) -> None:
    inventory = json.dumps({"all": {"vars": {"ansible_connection": "ssh", "ansible_shell_type": "cmd"}}})
    (tmp_path / "all.yml").write_text(inventory)
    imported = {
        "name": "Verify",
        "ansible.builtin.import_role": {"name": "mde.connectivity.endpoint_verify"},
        "vars": {
            **TENANT,
            "endpoint_verify_report_directory": str(tmp_path / "reports"),
            "endpoint_verify_assert": False,
        },
    }
    lab_inventory = lab.inventory(tmp_path / "inventory.yml")
    done = run_tasks([imported], lab_inventory, tmp_path, ["-i", str(tmp_path / "all.yml"), "--limit", "clean-1"])
    assert done.rc == 0, done.output
    report(tmp_path / "reports" / "clean-1.json", asked(done))
