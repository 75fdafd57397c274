# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reason of the closed set, each brought about on a real socket, and no other."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._verdict import REASONS
from windows_lab.lab import Lab
from windows_lab.network.authority import Authority
from windows_lab.network.faults import (
    BlockPage,
    ClosingProxy,
    Garbled,
    InspectingProxy,
    RefusingProxy,
    Resetting,
    Silent,
    TlsServer,
)
from windows_lab.network.http1 import response
from windows_lab.network.listener import Listener
from windows_lab.network.squid import Squid
from windows_lab.network.view import Network
from windows_lab.profiles import Profile

from tests import needs
from tests.integration.reachability.probe_site import Scripted, Web, say
from tests.integration.reachability.reach_site import ask_only, place
from tests.integration.site import CONNECTIONS, DATA_COLLECTION, Site, reset
from tests.network.service import Service

pytestmark = pytest.mark.simulated

GOOD, STRANGE = "good.lab.test", "strange.lab.test"
HTTP, HTTPS = f"http://{GOOD}/", f"https://{GOOD}/"
PLAIN, PAGE = (200, "text/plain", "service\n"), (200, "text/html; charset=utf-8", "<html>log in</html>\n")
RULES = {
    HTTP: PLAIN,
    HTTPS: PLAIN,
    f"{HTTPS}400": (400, "text/html", "<html>bad request</html>"),
    f"{HTTPS}404": (404, "text/html", "<html>nothing here</html>"),
    f"{HTTPS}405": (405, "text/plain", ""),
    f"{HTTPS}page": PAGE,
    f"{HTTPS}500": (500, "text/plain", ""),
    f"{HTTPS}403": (403, "text/plain", ""),
}
MARKED = {"Server": "squid/5.7", "X-Squid-Error": "ERR_CANNOT_FORWARD 0"}
LONG_HEAD = b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n"


class Hall:
    """One server or proxy for each fault, the service beside them, and an endpoint that knows all of them."""

    def __init__(self, running: contextlib.ExitStack, work: Path) -> None:
        self._running = running
        self.trusted = Authority(work / "trusted")
        self.other = Authority(work / "other", "Inspection of the lab")
        self.service = running.enter_context(Service(self.trusted, RULES))
        lab = running.enter_context(Lab(profiles={Profile("asker"): 1, Profile("other"): 1}))
        self.site = Site(lab, work)
        hosts = {GOOD: self.service.address, STRANGE: self.service.address}
        self.network = Network(hosts, self.trusted.pem, ports=self.service.ports)
        for endpoint in lab.endpoints.values():
            reset(endpoint)
            place(endpoint, self.network)

    def up(self, server: Listener) -> int:
        """Start a server; gives its port."""
        return int(self._running.enter_context(server).port)

    def proxy(self, server: Listener) -> str:
        """Start a proxy; gives its address."""
        return f"127.0.0.1:{self.up(server)}"

    def closed(self) -> int:
        """A port at which nobody listens any more."""
        with Silent() as gone:
            return int(gone.port)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with contextlib.ExitStack() as running:
        yield Hall(running, tmp_path_factory.mktemp("hall"))


Expected = tuple[str, str | None]


def on_the_direct_path(hall: Hall) -> dict[str, Expected]:
    """Addresses, each with the reason that it is to give and who is to have answered."""
    expired = hall.trusted.server_context([GOOD], expired=True)
    stranger = hall.other.server_context([GOOD])
    garbled, silent = hall.up(Garbled()), hall.up(Silent())
    resetting = hall.up(Resetting())
    return {
        HTTP: ("ok", "origin"),
        HTTPS: ("ok", "origin"),
        f"{HTTPS}400": ("ok", "origin"),
        f"{HTTPS}404": ("ok", "origin"),
        f"{HTTPS}405": ("ok", "origin"),
        f"{HTTPS}page": ("blocked_page", None),
        f"{HTTPS}500": ("unexpected_status", None),
        f"{HTTPS}403": ("unexpected_status", None),
        f"https://{STRANGE}/": ("tls_failed", None),
        "https://nowhere.lab.test/": ("name_not_resolved", None),
        f"https://{GOOD}:{hall.closed()}/": ("refused", None),
        f"http://{GOOD}:{resetting}/": ("reset", None),
        f"https://{GOOD}:{resetting}/": ("reset", None),
        f"http://{GOOD}:{garbled}/": ("bad_answer", None),
        # It ends in the middle of what looks like a message of TLS.
        f"https://{GOOD}:{garbled}/": ("reset", None),
        f"https://{GOOD}:{hall.up(Scripted(say(response(400))))}/": ("tls_failed", None),
        f"http://{GOOD}:{silent}/": ("timeout", None),
        f"https://{GOOD}:{silent}/": ("timeout", None),
        f"https://{GOOD}:{hall.up(TlsServer(expired))}/": ("tls_failed", None),
        f"https://{GOOD}:{hall.up(TlsServer(stranger))}/": ("tls_intercepted", None),
        f"http://{GOOD}:{hall.up(BlockPage())}/": ("blocked_page", None),
        f"http://{GOOD}:{hall.up(BlockPage(redirect=True))}/": ("blocked_page", None),
        f"http://{GOOD}:{hall.up(Scripted(say(LONG_HEAD)))}/": ("winhttp_error", None),
    }


def behind_a_proxy(hall: Hall) -> dict[str, tuple[Expected, Expected]]:
    """Proxies, each with what it is to give for the plain address and for the one over TLS."""
    fine, cut, gone = ("ok", "origin"), ("reset", None), ("refused", None)
    denied, asked = ("proxy_denied", None), ("proxy_auth_required", "proxy")
    strange, unclear = ("unexpected_status", None), ("bad_answer", None)
    failed, unknown = ("proxy_failed", "proxy"), ("name_not_resolved", None)
    return {
        hall.proxy(RefusingProxy(403)): (denied, denied),
        hall.proxy(RefusingProxy(407)): (asked, asked),
        # Nothing says that it is the proxy who speaks: an origin behind it may answer the same.
        hall.proxy(RefusingProxy(502)): (strange, strange),
        hall.proxy(Web(response(502, "<html>", "text/html", MARKED))): (failed, failed),
        hall.proxy(ClosingProxy(established=False)): (cut, cut),
        # Over plain HTTP its "Connection established" is a 200 as good as that of the service.
        hall.proxy(ClosingProxy(established=True)): (fine, cut),
        hall.proxy(Resetting()): (cut, cut),
        hall.proxy(Garbled()): (unclear, unclear),
        hall.proxy(Silent()): (("timeout", None), ("timeout", None)),
        hall.proxy(BlockPage()): (("blocked_page", None), denied),
        hall.proxy(BlockPage(redirect=True)): (("blocked_page", None), denied),
        hall.proxy(InspectingProxy(hall.other)): (fine, ("tls_intercepted", None)),
        f"127.0.0.1:{hall.closed()}": (gone, gone),
        "nowhere.lab.test:3128": (unknown, unknown),
    }


@pytest.fixture(scope="module")
def direct(hall: Hall) -> dict[str, Expected]:
    return on_the_direct_path(hall)


@pytest.fixture(scope="module")
def proxied(hall: Hall) -> dict[str, tuple[Expected, Expected]]:
    return behind_a_proxy(hall)


@pytest.fixture(scope="module")
def results(
    hall: Hall, direct: Mapping[str, Expected], proxied: Mapping[str, object]
) -> list[dict[str, Any]]:
    """What came back of each task of one play."""
    silent = f"http://{GOOD}:{hall.up(Silent())}/"
    run = hall.site.run(
        ask_only(list(direct), paths=["direct"], timeout=4),
        ask_only([HTTP, HTTPS], paths=list(proxied), timeout=4),
        # The first takes all the time that there is, and the others never get their turn.
        ask_only([silent, HTTP, HTTPS], paths=["direct"], parallel=1, timeout=60, deadline=3),
        ask_only([HTTP, HTTPS], paths=["static"]),
        ask_only([HTTP, HTTPS], paths=["wpad", "effective"], engine="wsh"),
        hosts="asker-1",
    )
    assert run.rc == 0, run.output[-3000:]
    return run.results()


def said(row: Mapping[str, Any]) -> Expected:
    return row["reason"], row["answered_by"]


def test_trap_32_what_an_address_gives_on_the_direct_path(
    results: list[dict[str, Any]], direct: Mapping[str, Expected]
) -> None:
    assert {row["url"]: said(row) for row in results[0]["rows"]} == direct
    assert {row["via"] for row in results[0]["rows"]} == {"direct"}
    verdicts = {row["reason"]: row["verdict"] for row in results[0]["rows"]}
    assert verdicts.pop("ok") == "ok"
    assert set(verdicts.values()) == {"failed"}


def test_numbers_of_winhttp_and_their_names(results: list[dict[str, Any]]) -> None:
    found = {(row["reason"], row["error"], row["error_name"]) for row in results[0]["rows"] if row["error"]}
    assert found == {
        ("bad_answer", 12152, "ERROR_WINHTTP_INVALID_SERVER_RESPONSE"),
        ("name_not_resolved", 12007, "ERROR_WINHTTP_NAME_NOT_RESOLVED"),
        ("refused", 12029, "ERROR_WINHTTP_CANNOT_CONNECT"),
        ("reset", 12030, "ERROR_WINHTTP_CONNECTION_ERROR"),
        ("timeout", 12002, "ERROR_WINHTTP_TIMEOUT"),
        ("tls_failed", 12157, "ERROR_WINHTTP_SECURE_CHANNEL_ERROR"),
        ("tls_failed", 12175, "ERROR_WINHTTP_SECURE_FAILURE"),
        ("tls_intercepted", 12175, "ERROR_WINHTTP_SECURE_FAILURE"),
        ("winhttp_error", 12182, "ERROR_WINHTTP_HEADER_SIZE_OVERFLOW"),
    }


def test_trap_32_what_a_proxy_gives(
    results: list[dict[str, Any]], proxied: Mapping[str, tuple[Expected, Expected]]
) -> None:
    rows = results[1]["rows"]
    found = {(row["path"], row["url"]): said(row) for row in rows}
    wanted = {
        (proxy, url): expected
        for proxy, both in proxied.items()
        for url, expected in zip((HTTP, HTTPS), both, strict=True)
    }
    assert found == wanted
    assert all(row["via"] == row["path"] for row in rows)


def test_the_deadline_leaves_the_rest_untried_and_known_as_such(results: list[dict[str, Any]]) -> None:
    first, *others = results[2]["rows"]
    assert (first["reason"], first["verdict"]) == ("timeout", "failed")
    assert {(row["reason"], row["verdict"], row["milliseconds"]) for row in others} == {
        ("not_tried", "unknown", 0)
    }
    assert results[2]["summary"]["reachable"] is False


def test_a_path_that_the_endpoint_does_not_have_is_skipped_and_no_pass(results: list[dict[str, Any]]) -> None:
    assert {(*said(row), row["verdict"], row["via"]) for row in results[3]["rows"]} == {
        ("no_such_proxy", None, "skipped", None)
    }
    assert results[3]["summary"]["reachable"] is False


def test_the_script_host_does_not_know_what_detection_gives(results: list[dict[str, Any]]) -> None:
    result = results[4]
    assert (result["engine"], result["effective"]["method"]) == ("wsh", "wpad")
    assert {(*said(row), row["verdict"], row["via"]) for row in result["rows"]} == {
        ("path_unknown", None, "unknown", None)
    }
    assert result["summary"]["reachable"] is False


# Reasons of single errors of WinHTTP that nothing here brings about; tests/unit/probe/test_verdicts.py has each.
BY_NUMBER = {
    "bad_header", "protocol_mismatch", "proxy_certificate_required", "proxy_tls_failed", "winhttp_callback",
    "winhttp_disabled", "winhttp_reserved", "winhttp_unsupported",
}  # fmt: skip


def test_every_reason_of_the_closed_set_came_from_here(results: list[dict[str, Any]]) -> None:
    produced = {row["reason"] for result in results for row in result["rows"]}
    assert produced | BY_NUMBER == REASONS.keys()
    assert not produced & BY_NUMBER


def test_every_row_that_is_not_ok_says_what_to_do(results: list[dict[str, Any]]) -> None:
    for row in (row for result in results for row in result["rows"]):
        assert (row["advice"] == "") == (row["reason"] == "ok")
        assert "{" not in row["advice"]
        assert row["advice"].count("\n") == 0


def test_what_automatic_detection_gives_is_asked_in_a_second_call(hall: Hall) -> None:
    needs.squid()
    hosts = {GOOD: hall.service.address}
    rules = "acl all_of_the_lab src 127.0.0.0/8\nhttp_access allow all_of_the_lab\n"
    name = "other-1"
    urls = [f"http://{GOOD}:{hall.service.ports.get(80, 80)}/{path}" for path in ("", "other")]
    with Squid(rules, hosts) as detected:
        network = Network(hosts, hall.trusted.pem, wpad=detected.proxy)
        place(hall.site.lab.endpoints[name], network)
        hall.site.lab.reset_accounts()
        run = hall.site.run(
            ask_only(urls, paths=["winhttp", "effective"], run_as="system"),
            ask_only(urls, paths=["wpad", "effective"], run_as="system"),
            ask_only(urls, paths=["effective"]),
            hosts=name,
        )
        first, second, as_user = run.results()
        assert len(detected.log(4)) == 4
    for result, other in ((first, "winhttp"), (second, "wpad")):
        assert result["effective"]["method"] == "wpad"
        assert [(row["url"], row["path"]) for row in result["rows"]] == [
            (url, path) for url in urls for path in (other, "effective")
        ]
        ways = {row["path"]: row["via"] for row in result["rows"]}
        assert ways["effective"] == detected.proxy
    assert {row["via"] for row in first["rows"] if row["path"] == "winhttp"} == {"direct"}
    # Where detection is asked for anyway, its rows serve both.
    assert len(hall.site.lab.account(name).commands) == 4
    # What detection gives to the user who connects is no answer to what SYSTEM gets.
    assert {row["reason"] for row in as_user["rows"]} == {"path_unknown"}


def test_a_static_proxy_that_is_no_server_is_an_error_of_winhttp_and_not_a_pass(hall: Hall) -> None:
    endpoint = place(hall.site.lab.endpoints["other-1"], hall.network, static="proxy.lab.test:80:80")
    run = hall.site.run(ask_only([HTTP], paths=["effective", "static"]), hosts="other-1")
    endpoint.delete_value(DATA_COLLECTION, "TelemetryProxyServer")
    rows = run.one()["rows"]
    assert [(row["reason"], row["error"]) for row in rows] == [("winhttp_error", 87)] * 2


def test_settings_that_can_not_be_decoded_leave_the_path_unknown(hall: Hall) -> None:
    endpoint = place(hall.site.lab.endpoints["other-1"], hall.network)
    endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", b"\x18\0\0\0garbled")
    rows = hall.site.run(ask_only([HTTP]), hosts="other-1").one()["rows"]
    assert [(row["reason"], row["verdict"], row["via"]) for row in rows] == [
        ("path_unknown", "unknown", None)
    ]
