# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every cloud, region and generation, asked through squids that the role service_allowlist configured."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import (
    Offer,
    offers,
    probes,
    select,
    unprobed,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import Choice
from windows_lab.lab import Lab
from windows_lab.network.squid import Squid
from windows_lab.profiles import Profile

from tests.integration.play import run_tasks
from tests.integration.reachability.reach_site import WAKE_UP, column, need_stage, place
from tests.integration.site import Site
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated

PROXIED = ("effective", "winhttp", "static")
PATHS = (*PROXIED, "direct")
DENY_ALL = "http_access deny all\n"


@dataclass(frozen=True)
class Tenant:
    """A tenant of one cloud and region, whose endpoints use one generation of the service URLs."""

    offer: Offer
    region: str

    @property
    def name(self) -> str:
        """The name of its endpoint in the lab."""
        return f"{self.offer.generation}-{self.offer.cloud}-{self.region}".replace("_", "-")

    @property
    def urls(self) -> list[str]:
        """The addresses that its endpoint has to ask."""
        services = select(Choice(self.offer.generation, self.offer.cloud, (self.region,)))
        bare = unprobed(services)
        return [probe.url for probe in probes(each for each in services if each.host not in bare)]


@dataclass(frozen=True)
class Asked:
    """What the play brought: a result for each tenant, and what the servers saw meanwhile."""

    results: Mapping[str, dict[str, Any]]
    squids: Mapping[Offer, Squid]
    stage: Stage


TENANTS = [Tenant(offer, region) for offer in offers() for region in offer.regions]


def written_by_the_role(work: Path) -> dict[Offer, str]:
    """The allow-list of each cloud and generation, as the role writes it in a run of its own."""
    role = {
        "name": "Write the lists",
        "ansible.builtin.include_role": {"name": "mde.connectivity.service_allowlist"},
        "vars": {
            "service_allowlist_directory": f"{work}/{{{{ offer.cloud }}}}-{{{{ offer.generation }}}}",
            "service_allowlist_cloud": "{{ offer.cloud }}",
            "service_allowlist_generation": "{{ offer.generation }}",
            "service_allowlist_formats": ["squid"],
            "service_allowlist_squid_clients": ["127.0.0.0/8"],
        },
        "loop": [{"cloud": offer.cloud, "generation": offer.generation} for offer in offers()],
        "loop_control": {"loop_var": "offer"},
    }
    inventory = work / "inventory.yml"
    inventory.write_text("{}", encoding="utf-8")
    done = run_tasks([role], inventory, work, hosts="localhost")
    assert done.rc == 0, done.output[-3000:]
    return {
        offer: (work / f"{offer.cloud}-{offer.generation}" / "squid.conf").read_text(encoding="utf-8")
        for offer in offers()
    }


def ask_as_every_tenant(lab: Lab, work: Path) -> dict[str, dict[str, Any]]:
    choices = {
        f"{tenant.name}-1": {
            "cloud": tenant.offer.cloud,
            "generation": tenant.offer.generation,
            "regions": [tenant.region],
        }
        for tenant in TENANTS
    }
    chosen = ("cloud", "generation", "regions")
    role = {
        "name": "Verify",
        "ansible.builtin.import_role": {"name": "mde.connectivity.endpoint_verify"},
        "vars": {
            **{f"endpoint_verify_{name}": f"{{{{ choices[inventory_hostname].{name} }}}}" for name in chosen},
            "endpoint_verify_paths": list(PATHS),
        },
    }
    run = Site(lab, work).run(role, vars={"choices": choices}, arguments=["--forks", "3"])
    assert run.rc == 0, run.output[-3000:]
    results = [outcome for outcome in run.outcomes if "Ask the URLs from the endpoint" in outcome.task]
    return {outcome.host.removesuffix("-1"): outcome.result for outcome in results}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """The role endpoint_verify for all tenants, each behind the squid of its cloud and generation."""
    need_stage()
    work = tmp_path_factory.mktemp("matrix")
    lists = written_by_the_role(work)
    with contextlib.ExitStack() as running:
        stage = running.enter_context(Stage(DENY_ALL))
        squids = {offer: running.enter_context(Squid(text, stage.hosts)) for offer, text in lists.items()}
        profiles: dict[str | Profile, int] = {Profile(tenant.name): 1 for tenant in TENANTS}
        lab = running.enter_context(Lab(profiles=profiles))
        for tenant in TENANTS:
            proxy = squids[tenant.offer].proxy
            place(lab.endpoints[f"{tenant.name}-1"], stage.network(), winhttp=proxy, static=proxy)
        yield Asked(ask_as_every_tenant(lab, work), squids, stage)


def test_more_than_a_thousand_rows_and_all_are_reached(asked: Asked) -> None:
    assert asked.results.keys() == {tenant.name for tenant in TENANTS}
    rows = [row for result in asked.results.values() for row in result["rows"]]
    assert len(rows) > 1000
    bad = [
        row for row in rows if (row["verdict"], row["reason"], row["answered_by"]) != ("ok", "ok", "origin")
    ]
    assert bad == []
    for result in asked.results.values():
        count = len(result["rows"])
        assert result["summary"] == {
            "rows": count,
            "ok": count,
            "failed": 0,
            "unknown": 0,
            "skipped": 0,
            "reasons": {"ok": count},
            "reachable": True,
        }
        waking = [f"https://{WAKE_UP}/"] if any(row["host"] == WAKE_UP for row in result["rows"]) else []
        assert [(each["finding"], each["url"]) for each in result["findings"]] == [
            ("asked_directly", url) for url in waking
        ]


@pytest.mark.parametrize("tenant", TENANTS, ids=lambda tenant: tenant.name)
def test_a_tenant_is_asked_for_its_own_urls_on_each_path(asked: Asked, tenant: Tenant) -> None:
    result, proxy = asked.results[tenant.name], asked.squids[tenant.offer].proxy
    urls = tenant.urls
    assert [(row["url"], row["path"]) for row in result["rows"]] == [
        (url, path) for url in urls for path in PATHS
    ]
    for path in PATHS:
        ways = {row["via"] for row in column(result, path).values() if row["host"] != WAKE_UP}
        assert ways == {"direct" if path == "direct" else proxy}
    assert (result["effective"]["method"], result["effective"]["proxy"]) == ("static", proxy)


@pytest.mark.parametrize("offer", offers(), ids=lambda offer: f"{offer.generation}-{offer.cloud}")
def test_the_access_log_has_every_request_and_no_credentials(asked: Asked, offer: Offer) -> None:
    wanted: Counter[tuple[str, str]] = Counter()
    for url in (url for tenant in TENANTS if tenant.offer == offer for url in tenant.urls):
        parts = urlsplit(url)
        if parts.hostname == WAKE_UP:
            continue
        tunnel = ("CONNECT", f"{parts.hostname}:443")
        wanted[tunnel if parts.scheme == "https" else ("GET", url)] += len(PROXIED)
    log = asked.squids[offer].log(wanted.total())
    assert Counter((row.method, row.target) for row in log) == wanted
    assert {(row.authorization, row.proxy_authorization) for row in log} == {(None, None)}
    # None was answered by squid itself: each was passed on to the service.
    assert {row.server for row in log} == {asked.stage.service.address}


def test_the_service_was_asked_once_for_each_row_and_without_credentials(asked: Asked) -> None:
    wanted: Counter[str] = Counter()
    for url in (url for tenant in TENANTS for url in tenant.urls):
        wanted[url] += len(PATHS)
    seen = asked.stage.service.log
    assert Counter(f"{request.scheme}://{request.host}{request.path}" for request in seen) == wanted
    assert not [
        each for each in seen if {"authorization", "proxy-authorization", "cookie"} & set(each.headers)
    ]
    # The squid of the stage itself allows nothing, and nobody came to it.
    assert asked.stage.squid.log() == []
