# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service URLs as the text of a file: each host is in it, nothing else, and data never becomes a rule."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mde.connectivity.plugins.filter.service_allowlist import service_allowlist
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import offers, select
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import Choice, InvalidRowError
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._names import covers
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._render import FORMATS, Row, Settings
from hypothesis import given
from hypothesis import strategies as st

OFFERS = [(offer.cloud, offer.generation) for offer in offers()]
WILD_AND_BELOW = [Row("a.b.example.com", 443), Row("*.b.example.com", 443), Row("*.example.com", 443)]
BAD_ROWS: list[Any] = [
    {"host": "a.example.com\nhttp_access allow all", "port": 443},
    {"host": "all", "port": 443},
    {"host": "a.example.com", "port": "443"},
    {"host": "a.example.com", "port": 443, "path": "/ x"},
    {"host": "a.example.com", "port": 443, "purpose": "=HYPERLINK()"},
    {"host": "a.example.com", "port": 443, "required": 1},
    {"host": "a.example.com", "port": 443, "source": "a page"},
    {"host": "a.example.com", "port": 443, "source": ["=1+1"]},
    {"host": "a.example.com", "port": 443, "as_of": "yesterday"},
    {"port": 443},
    "a.example.com",
]
BAD_SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"clients": []}, "The list of networks that squid serves is empty"),
    ({"clients": "10.0.0.0/8"}, "The clients have to be a list of networks"),
    ({"clients": ["all"]}, "'all' is not a network"),
    ({"clients": [10]}, "10 is not a network"),
    ({"clients": ["10.0.0.1/8"]}, "'10.0.0.1/8' is not a network"),
    ({"listen": 0}, "0 is not a port"),
    ({"via": 'DIRECT"; alert("'}, "is nothing that a PAC file can return"),
    ({"via": "PROXY proxy.example.com"}, "is nothing that a PAC file can return"),
]


def rows(cloud: str, generation: str) -> list[Row]:
    found = select(Choice(generation, cloud))
    return [
        Row(
            each.host, each.port, each.path, each.purpose, each.required, each.unconfirmed, each.source, each.as_of
        )
        for each in found
    ]


def allowed(text: str, host: str, port: int, path: str = "/") -> bool:
    """Whether squid would let a request through, as its documentation describes the two kinds of rule."""
    names = re.findall(rf"^acl mde_hosts_{port} dstdomain -n (\S+)$", text, re.MULTILINE)
    urls = re.findall(rf"^acl mde_urls_{port} url_regex (\S+)$", text, re.MULTILINE)
    by_name = any(host == name.lstrip(".") or (name[0] == "." and host.endswith(name)) for name in names)
    return by_name or any(re.search(url, f"http://{host}{path}") for url in urls)


@pytest.mark.parametrize(("cloud", "generation"), OFFERS)
def test_squid_allows_each_row_and_each_probe(cloud: str, generation: str) -> None:
    text = service_allowlist([vars(row) for row in rows(cloud, generation)], "squid")
    for row in rows(cloud, generation):
        assert allowed(text, row.host.replace("*", "x"), row.port, row.path or "/"), row
    for service in select(Choice(generation, cloud)):
        for probe in service.probes:
            host, path = re.fullmatch(r"https?://([^/]+)(/.*)", probe.url).groups()  # type: ignore[union-attr]
            assert allowed(text, host, service.port, path), probe


def test_squid_denies_what_is_not_named() -> None:
    text = FORMATS["squid"](rows("commercial", "standard"), Settings())
    assert not allowed(text, "www.example.com", 443)
    assert not allowed(text, "www.microsoft.com", 80, "/windows/")
    assert not allowed(text, "crl.microsoft.com", 443)
    assert not allowed(text, "evilwdcp.microsoft.com", 443)
    assert text.endswith("\nhttp_access deny all\n")
    assert "proxy_auth" not in text
    assert "http_port" not in text


def test_squid_knows_a_name_once() -> None:
    some = [*WILD_AND_BELOW, Row("example.com", 443)]
    text = FORMATS["squid"](some, Settings(clients=("10.0.0.0/8",), listen=3128))
    assert re.findall(r"dstdomain -n (\S+)", text) == [".example.com"]
    assert re.findall(r"^http_port (.*)$", text, re.MULTILINE) == ["3128"]
    assert re.findall(r"^acl mde_clients src (.*)$", text, re.MULTILINE) == ["10.0.0.0/8"]


def test_a_wildcard_does_not_swallow_its_own_name() -> None:
    text = FORMATS["plain"](
        [Row("*.example.com", 443), Row("example.com", 443), Row("example.com", 80)], Settings()
    )
    assert text == "example.com\n*.example.com\n"


def test_the_table_can_be_read_back() -> None:
    table = list(csv.DictReader(io.StringIO(FORMATS["csv"](rows("gcc", "streamlined"), Settings()))))
    assert [(row["host"], int(row["port"])) for row in table] == [
        (row.host, row.port) for row in rows("gcc", "streamlined")
    ]
    assert {row["required"] for row in table} == {"yes", "no"}
    assert any("names the probed host" in row["unconfirmed"] for row in table)
    assert all(row["source"] and row["as_of"].startswith("2026-") for row in table)


def test_a_firewall_gets_closed_entries_and_paths_at_port_80_only() -> None:
    some = [Row("a.example.com", 80, "/pki/"), Row("a.example.com", 443, "/x"), Row("*.example.com", 443)]
    assert FORMATS["palo_alto"](some, Settings()) == "*.example.com/\na.example.com/\na.example.com/pki/\n"


def test_a_pac_file_gets_a_function() -> None:
    text = FORMATS["pac"](
        [Row("a.example.com", 443), Row("*.example.org", 80)], Settings(via="PROXY p.example:1")
    )
    assert 'if (host == "a.example.com" ||\n      dnsDomainIs(host, ".example.org")) {' in text
    assert 'return "PROXY p.example:1";' in text
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize("kind", sorted(set(FORMATS) - {"csv"}))
def test_the_order_of_rows_does_not_matter(kind: str) -> None:
    some = rows("commercial", "streamlined")
    assert FORMATS[kind](some, Settings()) == FORMATS[kind](some[::-1], Settings())


@pytest.mark.parametrize("row", BAD_ROWS, ids=repr)
@pytest.mark.parametrize("kind", FORMATS)
def test_a_bad_row_is_refused_by_every_format(kind: str, row: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="row of service URLs"):
        service_allowlist([row], kind)


@pytest.mark.parametrize(("settings", "sentence"), BAD_SETTINGS, ids=lambda value: str(value)[:30])
def test_bad_settings_are_one_sentence(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        service_allowlist([{"host": "a.example.com", "port": 443}], "squid", **settings)
    assert sentence in str(raised.value)


def test_bad_input_is_one_sentence() -> None:
    for nothing in ([], "a.example.com", None, {"host": "a"}):
        with pytest.raises(AnsibleFilterError, match="takes a list of rows, and got none"):
            service_allowlist(nothing, "plain")
    with pytest.raises(AnsibleFilterError, match=r"There is no format 'nginx'; there are squid, plain"):
        service_allowlist([{"host": "a.example.com", "port": 443}], "nginx")


@given(st.text(), st.text(), st.sampled_from(list(FORMATS)))
def test_data_never_becomes_a_rule(host: str, path: str, kind: str) -> None:
    try:
        text = FORMATS[kind]([Row(host, 80, path)], Settings())
    except InvalidRowError:
        return
    plain = FORMATS[kind]([Row("a.example.com", 80, "/")], Settings())
    assert text.count("\n") == plain.count("\n")


@given(
    st.lists(st.sampled_from(["a.x.example", "*.x.example", "*.example.org", "b.a.x.example"]), min_size=1)
)
def test_squid_allows_exactly_what_is_named(hosts: Sequence[str]) -> None:
    text = FORMATS["squid"]([Row(host, 443) for host in hosts], Settings())
    for asked in ("a.x.example", "c.x.example", "b.a.x.example", "d.example.org", "example.net"):
        named = asked in hosts or any(covers(host, asked) for host in hosts)
        assert allowed(text, asked, 443) == named
