# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The analyzer's text gives the same rows in every spacing, and its own rule decides."""

from __future__ import annotations

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._tool._analyzer import (
    read_blocks,
    read_cloud_connection,
    read_proxy,
)
from hypothesis import given
from hypothesis import strategies as st

URL = "https://winatp-gw-weu.microsoft.com/test"


def block(*lines: str, head: str = f"Testing URL : {URL}") -> str:
    return "\r\n".join((head, *lines, "*" * 40, ""))


def test_a_block_becomes_a_row_with_its_ways():
    (row,) = read_blocks(
        block(
            "1 - Default proxy: Succeeded (200)",
            "2 - Proxy auto discovery (WPAD): Failed (12180)",
            "3 - Proxy disabled: Succeeded (200)",
            "4 - Named proxy ( p.test:8080 ): Failed (12029)",
            " 4.1 - Named proxy ( q.test:8080 ) The proxy isn't in valid format",
            "5 - Command line proxy: Doesn't exist",
        )
    )
    assert (row.url, row.verdict) == (URL, "ok")
    assert [(way.method, way.proxy, way.result, way.code) for way in row.methods] == [
        ("Default proxy", "", "succeeded", 200),
        ("Proxy auto discovery (WPAD)", "", "failed", 12180),
        ("Proxy disabled", "", "succeeded", 200),
        ("Named proxy", "p.test:8080", "failed", 12029),
        ("Named proxy", "q.test:8080", "other", None),
        ("Command line proxy", "", "absent", None),
    ]


def test_the_test_of_the_monitoring_agent_names_hosts_with_results():
    rows = read_cloud_connection(
        "Starting connectivity test for workspace id 1234\r\n"
        "Connectivity test passed for 1234.ods.opinsights.azure.com.\r\n"
        "Connectivity test passed for https://1234.oms.opinsights.azure.com/\r\n"
        "Connectivity test passed for scadvisor.blob.core.windows.net\r\n"
        "The request to scadvisor.blob.core.windows.net failed with error 12002\r\n"
        "Connectivity test passed for scadvisor.blob.core.windows.net\r\n"
        "A firewall may be blocking agent.azure-automation.net\r\n"
    )
    assert [(row.url, row.verdict) for row in rows] == [
        ("1234.ods.opinsights.azure.com", "ok"),
        ("1234.oms.opinsights.azure.com", "ok"),
        ("scadvisor.blob.core.windows.net", "failed"),
        ("agent.azure-automation.net", "failed"),
    ]
    assert rows[2].said == "The request to scadvisor.blob.core.windows.net failed with error 12002"
    assert read_cloud_connection("Connectivity test passed\r\nversion 1.2.3.4\r\n") == ()


@pytest.mark.parametrize("head", [f"Testing URL:{URL}", f"Testing URL: {URL}", f"  testing url  :   {URL}"])
@pytest.mark.parametrize(
    ("line", "result", "code"),
    [
        ("5 - Command-line proxy : Succeeded(404)", "succeeded", 404),
        ("5 - Command-line proxy:Failed ( 407 ) ", "failed", 407),
        ("5-Command-line proxy Does not exist", "absent", None),
        ("5 - Command-line proxy: Doesn\N{RIGHT SINGLE QUOTATION MARK}t exist", "absent", None),
    ],
)
def test_spacing_does_not_matter(head: str, line: str, result: str, code: int | None):
    ((way,),) = (row.methods for row in read_blocks(block(line, head=head)))
    assert (way.method, way.result, way.code) == ("Command-line proxy", result, code)


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        ("Succeeded (200)", "ok"),
        ("Failed (400)", "ok"),
        ("Failed (404)", "ok"),
        ("Succeeded (405)", "ok"),
        ("Failed (405)", "failed"),
        ("Failed (403)", "failed"),
        ("Failed (12007)", "failed"),
        ("Doesn't exist", "failed"),
        ("something new", "unknown"),
    ],
)
def test_the_rule_of_the_analyzer_decides(outcome: str, verdict: str):
    (row,) = read_blocks(block(f"1 - Default proxy: {outcome}"))
    assert row.verdict == verdict


def test_a_block_without_ways_is_unknown_and_ways_without_a_block_are_no_row():
    rows = read_blocks(block() + block("1 - Default proxy: Succeeded (200)"))
    assert [row.verdict for row in rows] == ["unknown", "ok"]
    assert read_blocks("1 - Default proxy: Succeeded (200)\n") == ()


@pytest.mark.parametrize(
    ("line", "method", "address"),
    [
        ("Proxy config: Method=Direct, address=", "Direct", ""),
        ("Proxy config : method = NamedWinHttp , address = p.test:8080 ", "NamedWinHttp", "p.test:8080"),
        ("Proxy config: Method=NamedWinHttp, address=user:pw@p.test:80", "NamedWinHttp", "(withheld: 17 characters)"),
    ],
)
def test_the_proxy_of_the_sensor_is_read(line: str, method: str, address: str):
    assert read_proxy(f"noise\r\n{line}\r\n") == {"method": method, "address": address}


def test_no_credentials_of_a_named_proxy_are_shown():
    (row,) = read_blocks(
        block("4 - Named proxy ( user:p (w)@p.test:80 ): Failed (407)", "5 - a b@c: Failed (1)")
    )
    assert row.methods[0].proxy == "(withheld: 20 characters)"
    assert "user" not in str(row)
    assert "b@c" not in str(row)


@given(st.text(alphabet="Testing URL:htps/.()0145-SucedFail\n ", max_size=300))
def test_no_text_is_too_strange(text: str):
    for row in read_blocks(text):
        assert row.verdict in ("ok", "failed", "unknown")
