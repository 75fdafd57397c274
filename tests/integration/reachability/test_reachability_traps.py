# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies that stand between the controller and an endpoint: the endpoint's own, and the controller's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from windows_lab.network.faults import Silent
from windows_lab.network.squid import Squid
from windows_lab.network.view import Network

from tests import needs
from tests.integration.play import Run, run_tasks
from tests.integration.reachability.reach_site import ask_only, place
from tests.integration.site import Site, task

pytestmark = pytest.mark.simulated

INFO = task("endpoint_info", {})


def closed() -> str:
    """A proxy at which nobody listens any more."""
    with Silent() as gone:
        return gone.proxy


def with_environment(
    monkeypatch: pytest.MonkeyPatch, site: Site, environment: Mapping[str, str], **variables: str
) -> Run:
    """Ask an endpoint from a controller with these variables in its environment."""
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return run_tasks([INFO], site.inventory(), site.work, vars=variables)


def test_trap_30_a_proxy_without_a_bypass_list_is_warned_of_and_the_endpoint_stays_in_reach(
    simulated: Callable[..., Site],
) -> None:
    site = simulated()
    place(site.endpoint, Network())
    dead = closed()
    bare, again, info, asked, listed = site.run(
        task("winhttp_proxy", {"proxy": dead}),
        task("winhttp_proxy", {"proxy": dead}),
        INFO,
        ask_only(["http://elsewhere.lab.test/"]),
        task("winhttp_proxy", {"proxy": dead, "bypass": ["<local>", "*.corp.test"]}),
    ).results()
    (warning,) = bare["warnings"]
    assert warning.startswith(f"{site.name}: The WinHTTP proxy has no bypass list, so WinHTTP programs of this machine")
    assert "WinRM client" in warning
    # A dead proxy for everything on the endpoint, and Ansible still comes in.
    assert (again["changed"], info["effective"]["proxy"]) == (False, dead)
    assert [(row["via"], row["reason"]) for row in asked["rows"]] == [(dead, "refused")]
    assert (listed["changed"], listed["warnings"]) == (True, [])


def test_trap_31_a_proxy_variable_of_the_controller_is_named_where_it_breaks_the_connection(
    simulated: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = simulated()
    dead = f"http://{closed()}"
    broken = with_environment(monkeypatch, site, {"HTTP_PROXY": dead})
    assert broken.outcomes[0].status == "unreachable"
    assert "proxy" in broken.outcomes[0].result["msg"].lower()
    assert site.lab.account(site.name).requests == 0
    exempt = with_environment(monkeypatch, site, {"HTTP_PROXY": dead, "NO_PROXY": "127.0.0.1"})
    assert exempt.rc == 0, exempt.output
    needs.squid()
    with Squid("http_access allow all\n") as proxy:
        through = with_environment(
            monkeypatch, site, {"HTTP_PROXY": dead}, ansible_winrm_proxy=f"http://{proxy.proxy}"
        )
        assert through.rc == 0, through.output
        assert {(row.method, row.target) for row in proxy.log(1)} == {("POST", site.lab.url(site.name))}
