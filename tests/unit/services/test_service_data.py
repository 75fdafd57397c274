# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service URLs that come with the collection: whole, to the letter where a list is quoted, and marked."""

from __future__ import annotations

import functools
import itertools
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._services import _catalogue
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import (
    offers,
    probes,
    select,
    unprobed,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import (
    CLOUDS,
    GENERATIONS,
    REGIONS,
    Choice,
    NoProbeError,
    Service,
    UnknownChoiceError,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._names import covers

OFFERED = {(offer.cloud, offer.generation): offer.regions for offer in offers()}
COMBINATIONS = list(itertools.product(CLOUDS, REGIONS, GENERATIONS))
GOVERNMENT = ("gcc", "gcc_high", "dod")
# The hosts of 2016 as they stood, without order: common ones, then those of each region.
SEED = {
    "us": {
        "*.blob.core.windows.net",
        "crl.microsoft.com",
        "us.vortex-win.data.microsoft.com",
        "winatp-gw-cus.microsoft.com",
        "winatp-gw-eus.microsoft.com",
        "www.microsoft.com",
    },
    "eu": {
        "*.blob.core.windows.net",
        "crl.microsoft.com",
        "eu.vortex-win.data.microsoft.com",
        "winatp-gw-weu.microsoft.com",
        "winatp-gw-neu.microsoft.com",
        "www.microsoft.com",
    },
}


@functools.cache
def every_service() -> tuple[Service, ...]:
    return tuple(service for file in _catalogue.built_in() for service in file.services)


def hosts(choice: Choice) -> set[str]:
    return {service.host for service in select(choice)}


def own(tmp_path: Path, text: str) -> list[Path]:
    path = tmp_path / "own.yml"
    path.write_text(text)
    return [path]


@pytest.mark.parametrize(("cloud", "region", "generation"), COMBINATIONS)
def test_every_combination_gives_rows_or_says_what_there_is(cloud: str, region: str, generation: str) -> None:
    choice = Choice(generation, cloud, (region,))
    if region not in OFFERED.get((cloud, generation), ()):
        with pytest.raises(UnknownChoiceError, match=r"only (for )?(commercial|us)"):
            select(choice)
        return
    rows = select(choice)
    keys = [(row.host, row.port, row.path) for row in rows]
    assert len(set(keys)) == len(keys)
    assert {row.port for row in rows} == {80, 443}
    assert any("command and control" in row.purpose.lower() or "Sensor" in row.purpose for row in rows)
    required = select(Choice(generation, cloud, (region,), include_optional=False))
    assert required
    assert set(required) <= set(rows)


def test_what_is_offered() -> None:
    government = {(cloud, word): ("us",) for cloud in GOVERNMENT for word in ("standard", "streamlined")}
    commercial = {
        ("commercial", "atp_1607"): ("us", "eu"),
        ("commercial", "standard"): ("us", "eu", "uk", "au", "ae"),
        ("commercial", "streamlined"): REGIONS,
    }
    assert {**government, **commercial} == OFFERED


@pytest.mark.parametrize("region", SEED)
def test_the_list_of_2016_is_quoted_to_the_letter(region: str) -> None:
    rows = select(Choice("atp_1607", regions=(region,)))
    assert {(row.host, row.port) for row in rows} == {
        (host, port) for host in SEED[region] for port in (80, 443)
    }
    assert all(row.path is None and row.required for row in rows)
    assert hosts(Choice("atp_1607")) == SEED["us"] | SEED["eu"]


@pytest.mark.parametrize("region", OFFERED["commercial", "standard"])
def test_a_region_has_no_command_and_control_of_another(region: str) -> None:
    def control(choice: Choice) -> set[str]:
        return {row.host for row in select(choice) if row.purpose.startswith("Command and control")}

    mine = control(Choice("standard", regions=(region,)))
    every = OFFERED["commercial", "standard"]
    others = control(Choice("standard", regions=tuple(other for other in every if other != region)))
    assert mine
    assert not mine & others
    assert mine | others == control(Choice("standard"))


@pytest.mark.parametrize("service", every_service(), ids=lambda service: f"{service.host}:{service.port}")
def test_probes_are_addresses_of_their_host_and_port(service: Service) -> None:
    for probe in service.probes:
        address = urlsplit(probe.url)
        assert address.scheme == ("http" if service.port == 80 else "https")
        assert address.hostname == service.host or covers(service.host, address.hostname or "")
        assert "*" not in probe.url
        assert probe.statuses


@pytest.mark.parametrize(("build", "host"), [(14393, "eu.vortex-win"), (17134, "eu-v20.events")])
def test_cyber_data_goes_by_the_windows_build(build: int, host: str) -> None:
    found = {
        row.host
        for row in select(Choice("standard", regions=("eu",), windows_build=build))
        if row.purpose.startswith("Cyber data")
    }
    assert found == {f"{host}.data.microsoft.com"}


@pytest.mark.parametrize("build", [9200, 10240, 10586])
def test_an_old_windows_is_not_given_the_streamlined_list(build: int) -> None:
    with pytest.raises(UnknownChoiceError) as raised:
        select(Choice("streamlined", windows_build=build))
    assert str(raised.value) == (
        f"The generation streamlined of the service URLs is not for the Windows build {build}, only for 9600 and "
        "from build 14393 on; take another: atp_1607, standard."
    )


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (Choice("2016"), "There is no generation '2016'; there are atp_1607, standard, streamlined."),
        (Choice("standard", "azure"), "There is no cloud 'azure'; there are commercial, gcc, gcc_high, dod."),
        (Choice("standard", regions=("ca",)), "There is no region 'ca'; there are us, eu, uk, au, ch, in, ae."),
    ],
)
def test_an_unknown_word_is_one_sentence(choice: Choice, sentence: str) -> None:
    with pytest.raises(UnknownChoiceError) as raised:
        select(choice)
    assert str(raised.value) == sentence


def test_the_probes_of_a_bare_wildcard_are_an_error_that_names_it() -> None:
    rows = select(Choice("streamlined", regions=("eu",)))
    bare = unprobed(rows)
    assert "*.update.microsoft.com" in bare
    with pytest.raises(NoProbeError, match=r"\*\.update\.microsoft\.com.*give a file of your own"):
        probes(rows)
    asked = probes([row for row in rows if row.host not in bare])
    assert len({probe.url for probe in asked}) == len(asked)
    assert "https://edr-weu.eu.endpoint.security.microsoft.com/edr/commands/test" in {
        probe.url for probe in asked
    }


def test_a_file_of_the_organisation_gives_a_bare_wildcard_its_probe(tmp_path: Path) -> None:
    files = own(
        tmp_path,
        """
        services:
          - hosts: ["*.update.microsoft.com"]
            ports: [443]
            purpose: Updates
            required: true
            probes: [{hosts: [fe2.update.microsoft.com], statuses: [403]}]
          - hosts: [pki.example.com]
            ports: [80, 8443]
            purpose: Our own certificates
            required: true
        """,
    )
    before, rows = (select(Choice("streamlined"), each) for each in ([], files))
    assert "*.update.microsoft.com" not in unprobed(rows)
    assert set(unprobed(before)) - set(unprobed(rows)) == {"*.update.microsoft.com"}
    assert len(rows) == len(before) + 2
    found = {probe.url: probe.statuses for row in rows for probe in row.probes}
    assert found["https://fe2.update.microsoft.com/"] == (403,)
    assert found["http://pki.example.com/"] == found["https://pki.example.com:8443/"] == (200, 400, 404, 405)


def test_a_host_of_two_lists_is_required_when_either_says_so(tmp_path: Path) -> None:
    entry = "services: [{hosts: [login.live.com], ports: [443], purpose: Sign-in, required: true}]"
    (row,) = (row for row in select(Choice("standard"), own(tmp_path, entry)) if row.host == "login.live.com")
    assert row.required
    assert [probe.url for probe in row.probes] == ["https://login.live.com/"]


def test_an_entry_counts_where_it_says(tmp_path: Path) -> None:
    entry = """
        services:
          - {hosts: [a.example.com], ports: [443], purpose: X, required: true, regions: [uk], clouds: [dod]}
        """
    files = own(tmp_path, entry)
    found = {
        (offer.cloud, region)
        for offer in offers()
        for region in offer.regions
        if "a.example.com"
        in {row.host for row in select(Choice(offer.generation, offer.cloud, (region,)), files)}
    }
    assert found == set()
    files = own(tmp_path, entry.replace("dod", "commercial"))
    assert "a.example.com" in {row.host for row in select(Choice("standard", regions=("uk",)), files)}
    assert "a.example.com" not in {row.host for row in select(Choice("standard", regions=("us",)), files)}
