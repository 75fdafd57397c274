# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can't be asked is said in one sentence that names the option, before anything is sent to the endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from windows_lab.network.authority import Authority
from windows_lab.network.view import Network

from tests.integration.reachability.reach_site import ask_only, own_file, place
from tests.integration.site import Site, task
from tests.network.service import Service

pytestmark = pytest.mark.simulated

SECRET = "S3cr3t-Pass"
OWN = {"service_urls": False}
EUROPE = {"regions": ["eu"], "unprobed": "omit"}
ONE = {**OWN, "urls": ["https://a.lab.test/"]}
# Options, the option that the sentence has to name, and words of it.
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({**EUROPE, "regions": ["mars"]}, "region", "'mars'; there are us, eu, uk, au, ch, in, ae"),
    ({**EUROPE, "cloud": "dod"}, "region", "eu, only us"),
    ({**EUROPE, "cloud": "moon"}, "cloud", "moon"),
    ({**EUROPE, "generation": "next"}, "generation", "next"),
    ({**EUROPE, "generation": "streamlined", "windows_build": 10240}, "Windows build", "10240"),
    ({"regions": ["eu"], "unprobed": "fail"}, "unprobed", "*.update.microsoft.com"),
    ({**EUROPE, "unprobed": "perhaps"}, "unprobed", "perhaps"),
    (OWN, "urls", "no URL to ask"),
    ({**OWN, "urls": []}, "urls", "no URL to ask"),
    ({**ONE, "ports": [8443]}, "ports", "no URL to ask"),
    ({**OWN, "urls": ["https://*.blob.core.windows.net/"]}, "urls", "wildcard"),
    ({**OWN, "urls": ["*.blob.core.windows.net"]}, "urls", "http"),
    ({**OWN, "urls": ["ftp://a.lab.test/"]}, "urls", "http:// or https://"),
    ({**OWN, "urls": ["file:///c:/windows/win.ini"]}, "urls", "http:// or https://"),
    ({**OWN, "urls": ["a.lab.test"]}, "urls", "http:// or https://"),
    ({**OWN, "urls": [""]}, "urls", "http:// or https://"),
    ({**OWN, "urls": ["https://"]}, "urls", ""),
    ({**OWN, "urls": ["https://a.lab.test:70000/"]}, "urls", "port"),
    ({**OWN, "urls": ["https://a.lab.test:0/"]}, "urls", "port"),
    ({**OWN, "urls": ["https://a.lab.test:http/"]}, "urls", "port"),
    ({**OWN, "urls": ["https://a.lab.test/#top"]}, "urls", "fragment"),
    ({**OWN, "urls": ["https://a b.lab.test/"]}, "urls", "blanks"),
    ({**OWN, "urls": ["https://a.lab.test/\nrequest:x"]}, "urls", "control characters"),
    ({**OWN, "urls": ["https://ä.lab.test/"]}, "urls", "ASCII"),
    ({**OWN, "urls": ["https://a.lab.test/" + "x" * 10_000]}, "urls", "2048"),
    ({**OWN, "urls": ["https://[::1/"]}, "urls", ""),
    ({**OWN, "urls": ['https://a".lab.test/']}, "urls", ""),
    ({**OWN, "urls": ["https://a&calc/"]}, "urls", ""),
    ({**OWN, "urls": ["https://%COMPUTERNAME%/"]}, "urls", ""),
    ({**OWN, "urls": [f"https://user:{SECRET}@a.lab.test/"]}, "urls", "user name or password"),
    ({**OWN, "urls": [f"https://{SECRET}@a.lab.test/"]}, "urls", "user name or password"),
    ({**OWN, "urls": [{"url": "https://a.lab.test/", "statuses": [99]}]}, "urls", "99"),
    ({**OWN, "urls": [{"url": "https://a.lab.test/", "statuses": ["ok"]}]}, "urls", "ok"),
    ({**OWN, "urls": [{"url": "https://a.lab.test/", "status": [200]}]}, "urls", "status"),
    ({**OWN, "urls": [{"statuses": [200]}]}, "urls", "url"),
    ({**OWN, "urls": [["https://a.lab.test/"]]}, "urls", ""),
    ({**OWN, "urls": "ftp://a.lab.test/"}, "urls", "http:// or https://"),
    ({**OWN, "urls": 5}, "urls", ""),
    ({**ONE, "ports": [0]}, "ports", "0 is no port"),
    ({**ONE, "ports": [65536]}, "ports", "65536 is no port"),
    ({**ONE, "ports": ["https"]}, "ports", "https"),
    ({**ONE, "paths": ["nonsense"]}, "paths", "nonsense"),
    ({**ONE, "paths": []}, "paths", "at least one"),
    ({**ONE, "paths": ["proxy.lab.test:0"]}, "paths", "port"),
    ({**ONE, "paths": ["http://proxy.lab.test:8080"]}, "paths", ""),
    ({**ONE, "paths": [f"user:{SECRET}@proxy.lab.test:8080"]}, "paths", ""),
    ({**ONE, "paths": ["proxy.lab.test:8080&calc"]}, "paths", ""),
    ({**ONE, "timeout": 0}, "timeout", "0 is not a number from 1 to 120"),
    ({**ONE, "timeout": 121}, "timeout", "121 is not a number from 1 to 120"),
    ({**ONE, "timeout": "soon"}, "timeout", "soon"),
    ({**ONE, "deadline": 0}, "deadline", "0 is not a number from 1 to 900"),
    ({**ONE, "deadline": -5}, "deadline", "-5"),
    ({**ONE, "parallel": 0}, "parallel", "0 is not a number from 1 to 64"),
    ({**ONE, "parallel": 65}, "parallel", "65 is not a number from 1 to 64"),
    ({**ONE, "run_as": "root"}, "run_as", "root"),
    ({**ONE, "engine": "perl"}, "engine", "perl"),
    ({**ONE, "password": SECRET}, "password", "Unsupported option"),
    ({**EUROPE, "files": ["none.yml"]}, "files", "none.yml"),
]
MISTAKEN = {
    "services": [
        {"hosts": ["*.own.lab.test"], "ports": [0], "purpose": "Ours", "required": True},
        {"hosts": ["own.lab.test"], "ports": [443], "purpos": "Ours", "required": True},
    ]
}
FILE = {
    "services": [
        {"hosts": ["own.lab.test"], "ports": [443], "purpose": "Ours", "required": True},
        {
            "hosts": ["*.own.lab.test"],
            "ports": [443],
            "purpose": "Ours, too",
            "required": False,
            "probes": [{"hosts": ["a.own.lab.test"], "ports": [443], "path": "/ping"}],
        },
    ]
}


def test_what_can_not_be_asked_is_refused_by_name_before_anything_is_sent(
    simulated: Callable[..., Site],
) -> None:
    site = simulated()
    mistaken = {**EUROPE, "files": [own_file(site.work, json.dumps(MISTAKEN))]}
    wrong = [*WRONG, (mistaken, "files", "own.yml, entry 1")]
    run = site.run(*(task("reachability", options) for options, *dummy in wrong), ignore_errors=True)
    assert len(run.outcomes) == len(wrong), run.output[-2000:]
    for outcome, (options, option, words) in zip(run.outcomes, wrong, strict=True):
        message = outcome.result.get("msg", "")
        assert outcome.status == "failed", options
        assert option in message, (message, options)
        assert words in message, (message, options)
        assert len(message) < 700, message
        assert "\n" not in message or options is mistaken
        assert "rows" not in outcome.result
    account = site.lab.account(site.name)
    assert (account.requests, account.commands) == (0, [])
    for text in (run.output, str([outcome.result for outcome in run.outcomes])):
        assert SECRET not in text
        assert "Traceback" not in text
        assert "An exception occurred" not in text


def test_every_mistake_in_a_file_is_said(simulated: Callable[..., Site]) -> None:
    site = simulated()
    result = site.module("reachability", {**EUROPE, "files": [own_file(site.work, json.dumps(MISTAKEN))]})
    assert "'*.own.lab.test'), field ports: '0' is not a port from 1 to 65535." in result["msg"]
    assert "purpos" in result["msg"]


@pytest.fixture
def inside(simulated: Callable[..., Site], tmp_path: Path) -> Iterator[tuple[Site, Service]]:
    """An endpoint that reaches the stand-in of the service directly."""
    site = simulated()
    authority = Authority(tmp_path / "authority")
    names = ["own.lab.test", "a.own.lab.test"]
    service = Service(authority, {"https://a.own.lab.test/ping": (200, "text/plain", "pong")}, names=names)
    with service:
        place(site.endpoint, Network(service.hosts, authority.pem, ports=service.ports))
        yield site, service


def test_the_defaults_ask_every_generation_and_list_what_has_no_host(inside: tuple[Site, Service]) -> None:
    site, _service = inside
    names = ("atp_1607", "standard", "streamlined")
    found = site.run(*(task("reachability", {"regions": ["eu"], "generation": name}) for name in names)).results()
    assert [bool(result["rows"]) for result in found] == [True] * 3
    assert [bool(result["unprobed"]) for result in found] == [False, True, True]


def test_trap_33_a_wildcard_is_asked_at_the_hosts_that_a_file_names(inside: tuple[Site, Service]) -> None:
    site, service = inside
    files = [own_file(site.work, json.dumps(FILE))]
    strict, omitting = site.run(
        task("reachability", {"regions": ["eu"], "files": files, "unprobed": "fail"}, ignore_errors=True),
        task(
            "reachability",
            {"regions": ["eu"], "files": files, "unprobed": "omit", "ports": [443], "paths": ["winhttp"]},
        ),
    ).results()
    # The file names a host below its own wildcard; the service's own that have none are still an error.
    assert "*.update.microsoft.com" in strict["msg"]
    assert "*.own.lab.test" not in strict["msg"]
    assert "*.update.microsoft.com" in omitting["unprobed"]
    rows = {row["url"]: row for row in omitting["rows"] if row["host"].endswith("own.lab.test")}
    assert {url: (row["reason"], row["required"], row["purpose"]) for url, row in rows.items()} == {
        "https://own.lab.test/": ("ok", True, "Ours"),
        "https://a.own.lab.test/ping": ("ok", False, "Ours, too"),
    }
    assert {(request.host, request.path) for request in service.log} == {
        ("own.lab.test", "/"),
        ("a.own.lab.test", "/ping"),
    }
    assert not [row for row in omitting["rows"] if "*" in row["url"]]


def test_urls_of_ones_own(inside: tuple[Site, Service]) -> None:
    site, service = inside
    ours: list[str | dict[str, Any]] = [
        "https://own.lab.test/nothing?a=b&c=%20$(calc)`x`'y\\",
        {"url": "https://own.lab.test/teapot", "statuses": [418]},
        {"url": "https://own.lab.test/teapot", "statuses": [404], "required": False},
        {"url": "https://missing.lab.test/", "required": False},
    ]
    service.rules["https://own.lab.test/teapot"] = (418, "text/plain", "")
    first, second = site.run(
        ask_only(ours[:2], paths=["direct"]), ask_only([*ours[:1], *ours[2:]], paths=["direct"])
    ).results()
    assert [(row["url"], row["reason"], row["status"]) for row in first["rows"]] == [
        (ours[0], "ok", 404),
        ("https://own.lab.test/teapot", "ok", 418),
    ]
    assert [(row["reason"], row["required"]) for row in second["rows"]] == [
        ("ok", True),
        ("unexpected_status", False),
        ("name_not_resolved", False),
    ]
    # What is not required does not count.
    assert (first["summary"]["reachable"], second["summary"]["reachable"]) == (True, True)
    # A dollar sign, a backtick and a backslash stay what they are: characters of a URL.
    assert {request.path for request in service.log} == {"/nothing", "/teapot"}
