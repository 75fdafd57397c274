# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet that is mixed in cloud, region, generation and onboarding, verified with auto through real squids."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import select
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import Choice
from windows_lab.lab import Lab
from windows_lab.network.squid import Squid
from windows_lab.network.view import Network
from windows_lab.profiles import ORGANISATION, PROFILES, Profile, Tenant, windows

from tests.integration.play import Run, run_playbook
from tests.integration.reachability.reach_site import WAKE_UP, need_stage, place
from tests.integration.rollout.rollout_site import change_on, raise_stage
from tests.integration.site import CONNECTIONS, named
from tests.network.stage import Stage, allowlist
from tests.outside import outside

pytestmark = pytest.mark.simulated

AUTO = {"endpoint_verify_regions": "auto", "endpoint_verify_generation": "auto"}
EACH = 4
SIZE = 60


@dataclass(frozen=True)
class Site:
    """Endpoints that are onboarded alike behind one squid, whose list is for choice and no other.

    cloud is what their variables say where no state can.
    """

    name: str
    tenant: Tenant
    choice: Choice
    registry: tuple[Any, ...] = ()
    cloud: str | None = None
    profile: Profile = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "profile", Profile(self.name, tenant=self.tenant, registry=self.registry))


def commercial(region: str, generation: str, *, build: int = 22631, product: str = "Windows 10 Pro") -> Site:
    place = region.upper()
    partner = f"GW_{place}" if generation == "streamlined" else ""
    choice = Choice(generation, "commercial", (region,), build)
    return Site(f"{generation}-{region}-{build}", Tenant(place, "x", partner), choice, windows(build, product))


def government(cloud: str, generation: str, datacenter: str, *, said: bool) -> Site:
    tenant = Tenant("FFL4", datacenter, "GW_FFL4" if generation == "streamlined" else "")
    choice = Choice(generation, cloud, ("us",), 22631)
    return Site(f"{cloud.replace('_', '-')}-{generation}", tenant, choice, cloud=cloud if said else None)


SITES = (
    *(commercial(region, "standard") for region in ("us", "eu", "uk", "au", "ae")),
    *(commercial(region, "streamlined") for region in ("us", "eu", "ch", "in")),
    commercial("uk", "streamlined", build=9600, product="Windows Server 2012 R2 Standard"),
    # It needs the longer list.
    commercial("au", "streamlined", build=16299),
    government("gcc", "standard", "UsModVirginia", said=False),
    government("gcc", "streamlined", "UsModTexas", said=False),
    government("gcc_high", "streamlined", "UsGovVirginia", said=True),
    government("dod", "standard", "UsGovTexas", said=True),
)
MOVED = "standard-eu-22631"


@dataclass(frozen=True)
class Fleet:
    lab: Lab
    squids: dict[str, Squid]
    inventory: Path

    def verify(self, work: Path) -> tuple[Run, dict[str, dict[str, Any]]]:
        """Run the playbook once for all of them; gives the record of each."""
        given = {"mde_hosts": "windows", "mde_report": str(work / "report"), "endpoint_verify_timeout": 60, **AUTO}
        arguments = ["-e", json.dumps(given), "--forks", "12"]
        done = run_playbook("mde.connectivity.verify", self.inventory, work, arguments)
        return done, {path.stem: json.loads(path.read_text()) for path in (work / "report" / "hosts").iterdir()}


def why(records: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What each endpoint that is not of the moved list failed for."""
    return {
        name: [record["reason"], *((record["reachability"] or {}).get("rows") or ())]
        for name, record in records.items()
        if record["verdict"] != "reached" and not name.startswith(MOVED)
    }


def with_clouds(lab: Lab, path: Path) -> Path:
    """The inventory of a lab, with the cloud of those that can't say it, as a group of them would have it."""
    content = yaml.safe_load(lab.inventory(path).read_text())
    clouds = {site.name: site.cloud for site in SITES if site.cloud}
    hosts = content["windows"]["hosts"]
    for host in hosts:
        if cloud := clouds.get(host.rpartition("-")[0]):
            hosts[host] = {**(hosts[host] or {}), "endpoint_verify_cloud": cloud}
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    need_stage()
    work = tmp_path_factory.mktemp("fleet")
    with contextlib.ExitStack() as running:
        stage = running.enter_context(Stage())
        lab = running.enter_context(Lab(profiles={site.profile: EACH for site in SITES}))
        # The wake-up alone is asked directly; all else only a proxy can resolve.
        network = Network({WAKE_UP: stage.hosts[WAKE_UP]}, stage.authority.pem)
        squids = {}
        for site in SITES:
            rules = allowlist(select(site.choice))
            squids[site.name] = running.enter_context(Squid(rules, stage.hosts))
            for number in range(1, EACH + 1):
                place(lab.endpoints[f"{site.name}-{number}"], network, winhttp=squids[site.name].proxy)
        yield Fleet(lab, squids, with_clouds(lab, work / "inventory.yml"))


def test_a_mixed_fleet_of_60_is_verified_in_one_run_each_by_its_own_list(fleet: Fleet, tmp_path: Path) -> None:
    done, records = fleet.verify(tmp_path)
    assert len(records) == SIZE
    assert Counter(record["verdict"] for record in records.values()) == {"reached": SIZE}, why(records)
    assert done.rc == 0
    assert f"{SIZE} of {SIZE} reach the service." in done.output
    denied = [row for squid in fleet.squids.values() for row in squid.log() if "DENIED" in row.result]
    assert denied == [], "nothing of another list was asked"
    for site in SITES:
        seen = records[f"{site.name}-1"]["observed"]["onboarding"]
        cloud = None if site.cloud else site.choice.cloud
        assert (seen["connectivity"], seen["cloud"]) == (site.choice.generation, cloud)
        assert (seen["region"],) == site.choice.regions
    assert done.output.count("\nOnboarded: ") == 1
    assert ORGANISATION not in done.output
    report = tmp_path / "report"
    assert not [path for path in report.rglob("*") if path.is_file() and ORGANISATION in path.read_text()]


def test_where_the_list_of_one_squid_is_that_of_another_region_exactly_its_endpoints_fail(
    fleet: Fleet, tmp_path: Path
) -> None:
    squid = fleet.squids[MOVED]
    own = next(site.choice for site in SITES if site.name == MOVED)
    squid.reconfigure(allowlist(select(Choice(own.generation, own.cloud, ("us",), own.windows_build))))
    try:
        done, records = fleet.verify(tmp_path)
    finally:
        squid.reconfigure(allowlist(select(own)))
    lost = {name for name, record in records.items() if record["verdict"] == "not_reached"}
    assert lost == {f"{MOVED}-{number}" for number in range(1, EACH + 1)}, why(records)
    assert Counter(record["verdict"] for record in records.values())["reached"] == SIZE - EACH
    assert done.rc == 2
    closed = {row["host"] for row in records[f"{MOVED}-1"]["reachability"]["rows"] if row["reason"] == "proxy_denied"}
    assert "winatp-gw-weu.microsoft.com" in closed


def run_on(lab: Lab, work: Path, **variables: Any) -> Run:
    given = {"mde_hosts": "windows", "mde_report": str(work / "report"), **variables}
    inventory = lab.inventory(work / "inventory.yml")
    return run_playbook("mde.connectivity.verify", inventory, work, ["-e", json.dumps(given)])


def test_an_endpoint_that_does_not_say_is_an_error_that_names_it_and_what_to_set(tmp_path: Path) -> None:
    names = ("offboarded", "unsaid", "mma", "government")
    with Lab(profiles={PROFILES[name]: 1 for name in names}) as lab, outside(lab) as proxy:
        done = run_on(lab, tmp_path, **AUTO)
        assert proxy.log == [], "nothing was asked"
    assert done.rc == 2
    said = {line.partition(" ")[0]: line for line in done.output.splitlines() if " unread " in line}
    assert set(said) == {f"{name}-1" for name in names}
    wanted = {
        "offboarded": "It is not onboarded: OnboardingState is not 1. Set for it generation",
        "unsaid": "It is onboarded, and the sensor keeps no OnboardedInfo. Set for it generation",
        "mma": "The Microsoft Monitoring Agent keeps nothing that says so. Set for it generation",
        "government": "Set for it cloud (gcc_high or dod)",
    }
    records = {name: json.loads((tmp_path / "report" / "hosts" / f"{name}-1.json").read_text()) for name in names}
    for name, words in wanted.items():
        assert words in records[name]["reason"]


def test_auto_costs_one_more_remote_call_and_only_where_it_is_used(tmp_path: Path) -> None:
    calls, requests = {}, {}
    with Lab(profiles={"clean": 1}) as lab, outside(lab) as proxy:
        lab.endpoints["clean-1"].set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named(proxy.server))
        for name, variables in {"auto": AUTO, "set": {"endpoint_verify_regions": ["eu"]}}.items():
            lab.reset_accounts()
            (tmp_path / name).mkdir()
            run_on(lab, tmp_path / name, **variables)
            account = lab.account("clean-1")
            calls[name], requests[name] = len(account.commands), account.requests
    assert calls == {"auto": 2, "set": 1}
    assert requests["auto"] - requests["set"] == 3, "of WinRM, as for every further call"


def test_a_rollout_verifies_with_auto_and_restores_an_endpoint_that_does_not_say(tmp_path: Path) -> None:
    european = Profile("european", tenant=Tenant("EU", "x", "GW_EU"))
    with raise_stage() as network, change_on(network, tmp_path, {european: 1, PROFILES["offboarded"]: 1}) as change:
        asked = {"endpoint_verify_service_urls": None, "endpoint_verify_urls": None, **AUTO}
        change.plan(**asked)
        before = change.held("offboarded-1")
        done = change.play("rollout", **asked, mde_max_failures=2)
        assert change.verdicts() == {"european-1": "ok", "offboarded-1": "rolled_back"}, done.output[-3000:]
        assert change.proxy("european-1") == network.proxy
        assert change.held("offboarded-1") == before
        reason = change.record("offboarded-1")["reason"]
    assert "the verification could not run: The state of the endpoint does not say which URLs it needs." in reason
    assert "Set for it generation (standard or streamlined) and regions " in reason
