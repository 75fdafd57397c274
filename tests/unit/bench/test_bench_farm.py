# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The farm says which endpoints are not as they must be after a run."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from windows_lab.simulated import SimulatedEndpoint
from windows_lab.simulated.blobs import WinHttp
from windows_lab.simulated.winhttp import Client, Url
from windows_lab.simulated.winhttp_errors import Limits, WinHttpError

from tests.bench import farm, work
from tests.bench.farm import Farm
from tests.bench.network import Surroundings

POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"
FIRST, SECOND, THIRD = (farm.name(number) for number in (1, 2, 3))
WRITE = rf'reg add "{POLICY}" /v Other /t REG_DWORD /d 1 /f /reg:64'


@pytest.fixture
def three() -> Iterator[Farm]:
    """Three endpoints: the first is drifted, the last is in no inventory."""
    with Surroundings() as around:
        made = Farm(3, around)
        made.begin(used=2, drifted_each=2)
        yield made


def wrong(made: Farm, kind: str) -> dict[str, str]:
    found: dict[str, str] = made.wrong(used=2, kind=kind)["wrong"]
    return found


def test_an_audit_that_wrote_nothing_is_right(three: Farm) -> None:
    assert wrong(three, "audit") == {}


def test_an_audit_that_wrote_is_wrong(three: Farm) -> None:
    three.hosts[1].command(WRITE)
    assert "written to" in wrong(three, "audit")[SECOND]


def test_a_drifted_endpoint_that_was_left_alone_is_wrong(three: Farm) -> None:
    assert wrong(three, "applied").keys() == {FIRST}
    assert "TelemetryProxyServer" in wrong(three, "applied")[FIRST]


def test_a_converged_endpoint_that_was_written_to_is_wrong(three: Farm) -> None:
    three.hosts[1].command(WRITE)
    assert SECOND in wrong(three, "applied")


def test_a_value_that_is_not_the_one_asked_for_is_wrong(three: Farm) -> None:
    three.hosts[1].backend.set_value(POLICY, "TelemetryProxyServer", "REG_SZ", "x\0".encode("utf-16-le"))
    assert work.missing(three.hosts[1].backend) == ["TelemetryProxyServer"]


def test_an_endpoint_outside_the_inventory_is_left_alone(three: Farm) -> None:
    three.hosts[2].account.requests = 1
    assert wrong(three, "audit").keys() == {THIRD}


def test_a_peer_that_skipped_a_module_is_wrong(three: Farm) -> None:
    assert wrong(three, "peers").keys() == {FIRST, SECOND}


def test_a_refused_command_is_wrong_in_any_run(three: Farm) -> None:
    three.hosts[1].command("powershell -EncodedCommand AAAA")
    assert wrong(three, "audit").keys() == {SECOND}


def test_what_an_endpoint_reaches_through_its_proxy_is_counted(three: Farm) -> None:
    endpoint = three.hosts[1].backend
    assert isinstance(endpoint, SimulatedEndpoint)
    assert three.asked() == {}
    client, limits = Client(endpoint.network), Limits(60, time.monotonic() + 120)
    for text, (status, _type, _body) in work.ANSWERS.items():
        url = Url.parse(text)
        assert client.get(url, WinHttp(work.PROXY), limits).status == status
        with pytest.raises(WinHttpError):
            client.get(url, WinHttp(), limits)
    assert three.asked() == dict.fromkeys(work.ANSWERS, 1)
    three.begin(used=2, drifted_each=2)
    assert three.asked() == {}


def test_the_range_in_the_inventory_ends_with_the_last_endpoint() -> None:
    assert farm.names(5000) == "endpoint-[0001:5000]"
    assert farm.name(5000) == "endpoint-5000"


def test_the_plays_of_a_fleet_name_each_endpoint_once() -> None:
    (plays,) = work.plays(work.WORKS["audit"], 2500)
    named = [play["vars"]["mde_hosts"] for play in plays]
    assert named == ["windows[0:999]", "windows[1000:1999]", "windows[2000:2499]"]
    assert [[play["hosts"] for play in plays] for plays in work.plays(work.WORKS["one"], 2500)] == [["windows"]]
    (floor,) = work.plays(work.WORKS["floor"], 2500)
    assert [(play["hosts"], play["serial"]) for play in floor] == [(part, 200) for part in named]


def test_a_rollout_is_its_playbooks_one_after_the_other() -> None:
    imported = [[play["import_playbook"] for play in plays] for plays in work.plays(work.WORKS["rollout"], 2500)]
    assert imported == [[f"mde.connectivity.{name}"] for name in ("plan", "rollout", "evidence")]
