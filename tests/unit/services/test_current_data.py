# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was missing or wrong in the service URLs when they were compared with Microsoft's pages of 2026, a row each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import (
    built_in,
    offers,
    select,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import (
    REGIONS,
    Choice,
    Service,
    UnknownChoiceError,
)

BLOB = "blob.core.windows.net"
US_BLOB = "blob.core.usgovcloudapi.net"
STREAMLINED = "endpoint.security.microsoft.com"
STREAMLINED_GOV = "endpoint.security.microsoft.us"
GOVERNMENT = ("gcc", "gcc_high", "dod")
OLD_REGIONS = ("us", "eu", "uk", "au")
UPDATES = {
    "*.update.microsoft.com",
    "*.delivery.mp.microsoft.com",
    "*.windowsupdate.com",
    "*.download.windowsupdate.com",
    "*.download.microsoft.com",
}
INTELLIGENCE = {"go.microsoft.com", "definitionupdates.microsoft.com"}


def rows(generation: str, cloud: str = "commercial", region: str = "us", build: int | None = None) -> list[Service]:
    return list(select(Choice(generation, cloud, (region,), build)))


def of(services: Iterable[Service], host: str) -> Service:
    """The one row of a host."""
    (found,) = (service for service in services if service.host == host)
    return found


def hosts(services: Iterable[Service]) -> set[str]:
    return {service.host for service in services}


def required(services: Iterable[Service]) -> set[str]:
    return {service.host for service in services if service.required}


def statuses(services: Iterable[Service]) -> dict[str, tuple[int, ...]]:
    return {probe.url: probe.statuses for service in services for probe in service.probes}


def uae() -> bool:
    control = {"winatp-gw-aec0a.microsoft.com", "winatp-gw-aen0a.microsoft.com"}
    results = {f"automatedirstrprdaec0a.{BLOB}", f"automatedirstrprdaen0a.{BLOB}"}
    mine, australian = rows("standard", region="ae"), hosts(rows("standard", region="au"))
    # The page puts the results under Australia, so that is said, and they are in no Australian list.
    marked = all("Australia" in (of(mine, host).unconfirmed or "") for host in results)
    return control | results <= required(mine) and marked and not (control | results) & australian


def newer(region: str, label: str, antivirus: str, *samples: str) -> bool:
    found = rows("streamlined", region=region)
    older = {f"{antivirus}.cp.wd.microsoft.com", *(f"{name}.{BLOB}" for name in samples)}
    asked = statuses([of(found, f"*.{STREAMLINED}")])
    unconfirmed = [of(found, host).unconfirmed for host in (*older, f"*.{STREAMLINED}")]
    with pytest.raises(UnknownChoiceError, match=f"does not name the region {region}"):
        rows("standard", region=region)
    return (
        older <= hosts(found)
        and all(unconfirmed)
        and {urlsplit(url).hostname for url in asked} == {f"mdav.{label}.{STREAMLINED}"}
    )


def newer_services() -> bool:
    found = [of(rows("standard", region=region), f"*.{STREAMLINED}") for region in OLD_REGIONS]
    return all(row.required and row.probes for row in found)


def cyber_data() -> bool:
    return all(
        f"https://{region}-v20.events.{STREAMLINED}/ping" in statuses(rows("streamlined", region=region))
        for region in OLD_REGIONS
    )


def core_service() -> bool:
    return {"*.ecs.office.com", "ecs.office.com"} <= required(rows("standard"))


def alternate_cloud_protection() -> bool:
    return "*.wdcpalt.microsoft.com" not in required(rows("standard"))


def updates() -> bool:
    standard, streamlined = rows("standard"), rows("streamlined")
    ports = {row.port for row in (*standard, *streamlined) if row.host in UPDATES | INTELLIGENCE}
    return (
        ports == {443}
        and not UPDATES & required(standard)
        and required(streamlined) >= UPDATES
        and all(required(each) >= INTELLIGENCE for each in (standard, streamlined))
        and all(hosts(each) - required(each) >= UPDATES for each in government())
    )


def government() -> list[list[Service]]:
    return [rows(generation, cloud) for generation in ("standard", "streamlined") for cloud in GOVERNMENT]


def optional(generation: str, *names: str) -> Callable[[], bool]:
    return lambda: set(names) <= hosts(rows(generation)) - required(rows(generation))


def reflector() -> bool:
    return all(optional(generation, "reflector.defender.microsoft.com")() for generation in ("standard", "streamlined"))


def older_cyber_data() -> bool:
    names = [f"{region}.vortex-win.data.microsoft.com" for region in OLD_REGIONS]
    return all(
        not of(rows("standard", region=region, build=16299), name).required
        for region, name in zip(OLD_REGIONS, names, strict=True)
    )


def sign_in() -> bool:
    wake = {"*.wns.windows.com", "login.live.com"}
    standard = [required(rows("standard", cloud)) for cloud in GOVERNMENT]
    streamlined = [required(rows("streamlined", cloud)) for cloud in GOVERNMENT]
    return all(each >= wake | {"login.microsoftonline.com"} for each in standard) and all(
        each >= wake | {"login.microsoftonline.us"} for each in streamlined
    )


def government_intelligence() -> bool:
    wildcard = "*.definitionupdates.microsoft.com"
    standard = [rows("standard", cloud) for cloud in GOVERNMENT]
    return not any(INTELLIGENCE & hosts(each) for each in government()) and all(
        wildcard in hosts(each) - required(each) for each in standard
    )


def government_core_service() -> bool:
    names = {
        "gcc": "gccmod.ecs.office.com",
        "gcc_high": "config.ecs.gov.teams.microsoft.us",
        "dod": "config.ecs.dod.teams.microsoft.us",
    }
    found = [of(rows("standard", cloud), name) for cloud, name in names.items()]
    return all(row.unconfirmed and not row.required for row in found)


def dod_samples() -> bool:
    names = ("ussusd1central", "ussusd1east", "ussusd2central", "ussusd2east", "wsusd1central", "wsusd1east")
    samples = {row.host for row in rows("standard", "dod") if row.purpose == "Samples for analysis"}
    return samples == {f"{name}ff5.{US_BLOB}" for name in names}


def suffix() -> bool:
    found = [hosts(rows("streamlined", cloud)) for cloud in GOVERNMENT]
    return all(f"*.{STREAMLINED_GOV}" in each and f"*.{STREAMLINED}" not in each for each in found)


def government_probes() -> bool:
    asked = {
        cloud: {urlsplit(url).hostname for url in statuses([of(rows("streamlined", cloud), f"*.{STREAMLINED_GOV}")])}
        for cloud in GOVERNMENT
    }
    return asked == {
        "gcc": {f"mdav.usm.{STREAMLINED_GOV}"},
        "gcc_high": {f"edr-usgt.usg.{STREAMLINED_GOV}", f"us4-v20.events.{STREAMLINED_GOV}"},
        "dod": set(),
    }


def builds() -> bool:
    longer = {"us-v20.events.data.microsoft.com", f"automatedirstrprdcus.{BLOB}", f"ussus1eastprod.{BLOB}"}
    older = [required(rows("streamlined", build=build)) for build in (14393, 16299, 17134)]
    today = [hosts(rows("streamlined", build=build)) for build in (9600, 17763, 26100, None)]
    cyber = "us.vortex-win.data.microsoft.com"
    return (
        all(longer <= each for each in older)
        and not any(longer & each for each in today)
        and cyber in hosts(rows("streamlined", build=14393))
        and cyber not in hosts(rows("streamlined", build=17134))
    )


def confirmed_statuses() -> bool:
    asked = statuses(rows("streamlined", region="eu"))
    return (
        asked.get(f"https://mdav.eu.{STREAMLINED}/mdav/test") == (404,)
        and asked.get(f"https://mdav.eu.{STREAMLINED}/storage/usseu1westprod/") == (400,)
        # Of edr a third party alone has a code.
        and asked.get(f"https://edr-weu.eu.{STREAMLINED}/edr/commands/test") == (200, 400, 404, 405)
    )


ROWS: dict[str, Callable[[], bool]] = {
    "winatp-gw-aec0a, winatp-gw-aen0a: missing": uae,
    "CH: missing": lambda: newer("ch", "ch", "switzerland", "ussch1northprod", "ussch1westprod"),
    "IN: missing": lambda: newer("in", "ina", "india", "ussin1southprod", "ussin1centralprod"),
    "*.endpoint.security.microsoft.com in the standard list: missing": newer_services,
    "-v20.events.endpoint.security.microsoft.com: missing probe": cyber_data,
    "*.ecs.office.com: outdated": core_service,
    "*.wdcpalt.microsoft.com: outdated": alternate_cloud_protection,
    "update hosts: flag and port": updates,
    "reflector.defender.microsoft.com: missing": reflector,
    "*.agentsvc.azure-automation.net: missing": optional("standard", "*.agentsvc.azure-automation.net"),
    "vortex-win, login.windows.net, *.security.microsoft.com: missing": optional(
        "standard", "vortex-win.data.microsoft.com", "login.windows.net", "*.security.microsoft.com"
    ),
    "<geo>.vortex-win: flag": older_cyber_data,
    "WNS, login.live.com, the login host on gov: flag": sign_in,
    "gov go.microsoft.com, definitionupdates: outdated": government_intelligence,
    "gov ECS: missing": government_core_service,
    "DoD samples: missing": dod_samples,
    "gov streamlined suffix: .us is right": suffix,
    "gov streamlined hosts: outdated": government_probes,
    "streamlined from build 17763: wrong": builds,
    "statuses that only a third party had: confirmed": confirmed_statuses,
}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_that_was_missing_or_wrong_is_right(row: str) -> None:
    try:
        right = ROWS[row]()
    except (ValueError, UnknownChoiceError) as error:
        pytest.fail(f"{row}: {error}")
    assert right, row


def test_every_row_says_where_it_is_from_and_of_which_day() -> None:
    services = [service for file in built_in() for service in file.services]
    assert [service.host for service in services if not service.source or not service.as_of] == []
    assert {(service.as_of or "")[:5] for service in services} == {"2026-"}


def test_a_host_of_several_pages_is_as_old_as_the_oldest() -> None:
    row = of(select(Choice("streamlined", regions=("us", "ch"))), f"*.{STREAMLINED}")
    assert (row.as_of, row.unconfirmed) == ("2026-09-03", None)
    assert row.source[0] == "streamlined-device-connectivity-urls-commercial"
    assert "third party" in row.source[1]


def test_what_cannot_be_used_through_a_proxy_is_the_wake_up_alone() -> None:
    direct = {
        service.host
        for offer in offers()
        for service in select(Choice(offer.generation, offer.cloud))
        if service.direct
    }
    assert direct == {"*.wns.windows.com"}


def test_the_regions_are_those_of_the_page_on_data_locations() -> None:
    assert set(REGIONS) == {*OLD_REGIONS, "ch", "in", "ae"}
