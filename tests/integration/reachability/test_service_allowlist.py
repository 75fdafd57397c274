# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role service_allowlist: its files, twice and in check mode, and a real squid that takes them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.filter.service_allowlist import service_allowlist
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import (
    Offer,
    offers,
    select,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import Choice

from tests import needs
from tests.checks.debian import PACKAGES
from tests.integration.play import Run, run_playbook, run_tasks

pytestmark = pytest.mark.simulated

FILES = {"squid.conf", "hosts.txt", "hosts.csv", "palo_alto.txt", "pac.js", "tls_exempt.txt"}
OWN = {"hosts": ["*.update.microsoft.com"], "ports": [443, 8443], "purpose": "Updates", "required": True}
PROBED = {**OWN, "probes": [{"hosts": ["fe2.update.microsoft.com"], "ports": [443]}]}
# Each with the sentence that it ends with.
BAD_LOOKUPS = {
    "query('mde.connectivity.service_urls', regions=['ca'])": (
        "There is no region 'ca'; there are us, eu, uk, au, ch, in, ae."
    ),
    "query('mde.connectivity.service_urls', cloud='dod', regions=['eu'])": "the region eu, only us.",
    "query('mde.connectivity.service_urls', 'eu')": "takes options only, such as regions=['eu'], and no term.",
    "query('mde.connectivity.service_urls', files=['none.yml'])": "There is no file 'none.yml' of service URLs",
    "query('mde.connectivity.service_urls', unprobed='fail')": "give a file of your own with an entry for it",
}


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """Two endpoints at which nobody answers: the role has no business there."""
    path = tmp_path / "inventory.yml"
    connection = {
        "ansible_connection": "mde.connectivity.winrs",
        "ansible_host": "127.0.0.1",
        "ansible_port": 9,
    }
    hosts = {"pc-1": connection, "pc-2": connection}
    path.write_text(json.dumps({"windows": {"hosts": hosts}}), encoding="utf-8")
    return path


@pytest.fixture
def squid() -> str:
    needs.squid()
    return PACKAGES["squid"]


def write(inventory: Path, lists: Path, variables: dict[str, Any], *arguments: str) -> Run:
    everything = {"service_allowlist_directory": str(lists), **variables}
    extra = ["--extra-vars", json.dumps(everything), *arguments]
    return run_playbook("mde.connectivity.allowlist", inventory, inventory.parent, extra)


def diffs(run: Run) -> list[dict[str, Any]]:
    """What the last task shows of the content of files."""
    return list(run.outcomes[-1].result["diff"])


def parse(program: str, configuration: Path) -> str:
    """Have squid read its configuration as it does before a start; return what it complains about."""
    said = subprocess.run(
        [program, "-k", "parse", "-f", str(configuration)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    words = ("error", "warning", "fatal", "bungled")
    complaints = [line for line in said.stderr.splitlines() if any(word in line.lower() for word in words)]
    return "\n".join([*complaints, *([] if said.returncode == 0 else [said.stderr])])


@pytest.mark.parametrize("offer", offers(), ids=lambda offer: f"{offer.cloud}-{offer.generation}")
def test_a_real_squid_takes_the_rules(squid: str, tmp_path: Path, offer: Offer) -> None:
    for number, regions in enumerate([(), *((region,) for region in offer.regions)]):
        services = select(Choice(offer.generation, offer.cloud, regions))
        rows = [{"host": each.host, "port": each.port, "path": each.path} for each in services]
        configuration = tmp_path / f"{number}.conf"
        configuration.write_text(service_allowlist(rows, "squid", listen=3128))
        assert parse(squid, configuration) == ""


def test_a_real_squid_takes_what_the_role_writes(squid: str, inventory: Path, tmp_path: Path) -> None:
    more = {"service_allowlist_squid_port": 3128, "service_allowlist_squid_clients": ["127.0.0.0/8", "::1"]}
    done = write(inventory, tmp_path / "lists", more)
    assert done.rc == 0, done.output
    assert parse(squid, tmp_path / "lists" / "squid.conf") == ""


def test_a_real_squid_takes_the_rules_as_a_part_of_its_own(
    squid: str, inventory: Path, tmp_path: Path
) -> None:
    done = write(inventory, tmp_path / "lists", {})
    assert done.rc == 0, done.output
    whole = tmp_path / "whole.conf"
    whole.write_text(f"include {tmp_path}/lists/*.conf\nhttp_access deny all\nhttp_port 3128\n")
    assert parse(squid, whole) == ""


def test_squid_would_say_what_it_does_not_take(squid: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.conf"
    broken.write_text(
        "http_port 3128\nacl names dstdomain -n .a.example a.a.example\nhttp_access allow nobody\n"
    )
    assert parse(squid, broken)


def test_files_are_written_once(inventory: Path, tmp_path: Path) -> None:
    lists = tmp_path / "below" / "lists"
    predicted = write(inventory, lists, {}, "--check", "--diff")
    assert not lists.exists()
    first = write(inventory, lists, {})
    assert {path.name for path in lists.iterdir()} == FILES
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in lists.iterdir()}
    second = write(inventory, lists, {})
    assert [run.rc for run in (predicted, first, second)] == [0, 0, 0], first.output
    assert [run.outcomes[-1].result["changed"] for run in (predicted, first, second)] == [True, True, False]
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in lists.iterdir()} == before
    shown = {diff["after_header"]: diff["after"] for diff in diffs(predicted)}
    assert shown == {str(path): path.read_text() for path in lists.iterdir()}


def test_a_file_of_service_tags_gives_ip_rules_and_a_wrong_one_writes_nothing(inventory: Path, tmp_path: Path) -> None:
    tags, lists = tmp_path / "ServiceTags_Public_20261123.json", tmp_path / "lists"
    content = {
        "changeNumber": 312,
        "cloud": "Public",
        "values": [
            {"name": name, "properties": {"changeNumber": 1, "addressPrefixes": ["192.0.2.0/24"]}}
            for name in ("MicrosoftDefenderForEndpoint", "OneDsCollector")
        ],
    }
    variables = {"service_allowlist_formats": ["tls_exempt"], "service_allowlist_service_tags": str(tags)}
    refused = write(inventory, lists, variables)
    assert refused.rc != 0
    assert "20261123.json: cannot be read" in refused.output
    assert not lists.exists()
    tags.write_text(json.dumps(content))
    done = write(inventory, lists, variables)
    assert done.rc == 0, done.output
    assert {path.name for path in lists.iterdir()} == {"tls_exempt.txt", "ip.nft", "ip_cisco.txt", "ip.txt"}
    assert (lists / "ip.txt").read_text().splitlines()[2:] == ["192.0.2.0/24"]
    assert all("change number 312" in path.read_text() for path in lists.iterdir() if path.name.startswith("ip"))


def test_a_change_of_the_choice_is_predicted_and_shown(inventory: Path, tmp_path: Path) -> None:
    lists = tmp_path / "lists"
    variables = {"service_allowlist_formats": ["plain"], "service_allowlist_regions": ["eu"]}
    write(inventory, lists, variables)
    assert {path.name for path in lists.iterdir()} == {"hosts.txt"}
    before = (lists / "hosts.txt").read_text()
    other = {**variables, "service_allowlist_regions": ["uk"], "service_allowlist_include_optional": False}
    done = write(inventory, lists, other, "--check", "--diff")
    assert done.rc == 0, done.output
    (diff,) = diffs(done)
    assert diff["before"] == before
    said = done.outcomes[-1].result["changes"][str(lists / "hosts.txt")]
    assert {"Added: winatp-gw-uks.microsoft.com", "Gone: winatp-gw-neu.microsoft.com"} <= set(said)
    assert "winatp-gw-uks.microsoft.com\n" in diff["after"]
    assert "winatp-gw-weu.microsoft.com\n" not in diff["after"]
    assert (lists / "hosts.txt").read_text() == before


def test_hosts_of_the_organisation(inventory: Path, tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text(json.dumps({"services": [PROBED]}), encoding="utf-8")
    lists = tmp_path / "lists"
    done = write(inventory, lists, {"service_allowlist_files": [str(tmp_path / "own.yml")]})
    assert done.rc == 0, done.output
    assert "acl mde_hosts_8443 dstdomain -n .update.microsoft.com\n" in (lists / "squid.conf").read_text()


def test_a_mistake_in_the_organisations_file_is_one_sentence(inventory: Path, tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text(json.dumps({"services": [{**OWN, "ports": [0]}]}), encoding="utf-8")
    lists = tmp_path / "lists"
    done = write(inventory, lists, {"service_allowlist_files": [str(tmp_path / "own.yml")]})
    assert done.rc == 2
    sentence = "own.yml, entry 1 ('*.update.microsoft.com'), field ports: '0' is not a port from 1 to 65535."
    assert sentence in done.outcomes[-1].result["msg"]
    assert not lists.exists()


def test_endpoints_are_not_contacted(inventory: Path, tmp_path: Path) -> None:
    role = {
        "name": "Write the lists",
        "ansible.builtin.import_role": {"name": "mde.connectivity.service_allowlist"},
        "vars": {
            "service_allowlist_directory": str(tmp_path / "lists"),
            "service_allowlist_formats": ["csv"],
        },
    }
    done = run_tasks([role], inventory, tmp_path)
    assert done.rc == 0, done.output
    assert {path.name for path in (tmp_path / "lists").iterdir()} == {"hosts.csv"}


@pytest.mark.parametrize("directory", [{}, {"service_allowlist_regions": ["ca"]}], ids=["none", "region"])
def test_bad_variables_stop_before_anything_is_written(
    inventory: Path, tmp_path: Path, directory: dict[str, Any]
) -> None:
    given = {"service_allowlist_directory": str(tmp_path / "lists"), **directory} if directory else {}
    arguments = ["--extra-vars", json.dumps(given)]
    done = run_playbook("mde.connectivity.allowlist", inventory, tmp_path, arguments)
    assert done.rc == 2
    assert ("ca" if directory else "service_allowlist_directory") in done.outcomes[-1].result["msg"]
    assert not (tmp_path / "lists").exists()


def test_a_misspelt_variable_is_named_and_nothing_is_written(inventory: Path, tmp_path: Path) -> None:
    done = write(inventory, tmp_path / "lists", {"service_allowlist_region": ["eu"]})
    assert done.rc == 2
    said = done.outcomes[-1].result["msg"]
    assert "service_allowlist_region is no variable of mde.connectivity. Did you mean service_allowlist_regions" in said
    assert not (tmp_path / "lists").exists()


def test_an_inventory_that_sends_everything_to_windows_writes_the_files_here(inventory: Path, tmp_path: Path) -> None:
    everything = {"ansible_connection": "mde.connectivity.winrs", "ansible_become": True, "ansible_port": 9}
    (tmp_path / "all.yml").write_text(json.dumps({"all": {"vars": everything, "hosts": {"localhost": {}}}}))
    done = write(inventory, tmp_path / "lists", {}, "-i", str(tmp_path / "all.yml"))
    assert done.rc == 0, done.output
    assert {path.name for path in (tmp_path / "lists").iterdir()} == FILES
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "lists").iterdir()} == {0o644}
    assert len(done.outcomes) == 2, "one task checks, and one writes all files"


def test_a_limit_that_leaves_nobody_to_write_the_files_is_said(inventory: Path, tmp_path: Path) -> None:
    done = write(inventory, tmp_path / "lists", {}, "--limit", "pc-1")
    assert done.rc != 0
    assert "--limit pc-1 leaves none of the hosts that 'localhost' names" in " ".join(done.output.split())


def test_a_directory_that_can_not_be_written_is_one_sentence(inventory: Path, tmp_path: Path) -> None:
    (tmp_path / "lists").write_text("a file")
    done = write(inventory, tmp_path / "lists", {})
    assert done.rc == 2
    assert "lists/squid.conf can't be written: Not a directory." in done.outcomes[-1].result["msg"]


def test_a_bad_lookup_is_one_sentence(inventory: Path, tmp_path: Path) -> None:
    tasks = [
        {"name": "Ask", "ansible.builtin.debug": {"msg": "{{ " + asked + " }}"}, "ignore_errors": True}
        for asked in BAD_LOOKUPS
    ]
    done = run_tasks(tasks, inventory, tmp_path, hosts="pc-1")
    assert [outcome.status for outcome in done.outcomes] == ["failed"] * len(BAD_LOOKUPS)
    for outcome, sentence in zip(done.outcomes, BAD_LOOKUPS.values(), strict=True):
        assert sentence in outcome.result["msg"]


def test_rows_of_the_lookup(inventory: Path, tmp_path: Path) -> None:
    asked = "query('mde.connectivity.service_urls', generation='atp_1607', regions=['eu'], include_optional=false)"
    done = run_tasks(
        [{"ansible.builtin.debug": {"msg": "{{ " + asked + " }}"}}], inventory, tmp_path, hosts="pc-1"
    )
    rows = done.one()["msg"]
    assert len(rows) == 12
    assert {tuple(row) for row in rows} == {
        (
            *("host", "port", "path", "purpose", "required", "windows_builds", "probes", "unconfirmed"),
            *("direct", "source", "as_of"),
        )
    }
    probes = {probe["url"]: probe["statuses"] for row in rows for probe in row["probes"]}
    assert probes["https://winatp-gw-weu.microsoft.com/commands/test"] == [200]
