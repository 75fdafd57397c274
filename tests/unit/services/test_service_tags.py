# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IP rules out of a file of service tags, read back by readers of their own; what is wrong is one sentence."""

from __future__ import annotations

import copy
import json
import re
from ipaddress import IPv4Network, ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mde.connectivity.plugins.filter.service_tag_rules import service_tag_rules
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._service_tags import (
    IP_FORMATS,
    InvalidServiceTags,
    read_service_tags,
    read_service_tags_file,
)
from hypothesis import given
from hypothesis import strategies as st

Network = Any
# Documentation networks, of the shape of Microsoft's file; two of them are neighbours, and one stands twice.
CONTENT: dict[str, Any] = {
    "changeNumber": 312,
    "cloud": "Public",
    "values": [
        {
            "name": "MicrosoftDefenderForEndpoint",
            "id": "MicrosoftDefenderForEndpoint",
            "properties": {
                "changeNumber": 17,
                "region": "",
                "addressPrefixes": ["192.0.2.0/25", "192.0.2.128/25", "2001:db8:1::/48"],
            },
        },
        {
            "name": "OneDsCollector",
            "properties": {"changeNumber": 9, "addressPrefixes": ["198.51.100.7/32", "192.0.2.0/25"]},
        },
        {"name": "Storage", "properties": {"changeNumber": 1, "addressPrefixes": ["203.0.113.0/24"]}},
    ],
}
WANTED = {ip_network(each) for each in ("192.0.2.0/24", "198.51.100.7/32", "2001:db8:1::/48")}


def networks(format_: str, text: str) -> set[Network]:
    """The networks of a rendering, each format read in its own way."""
    if format_ == "cidr":
        return {ip_network(line) for line in text.splitlines() if not line.startswith("#")}
    if format_ == "nftables":
        elements = re.findall(r"^add element inet filter \S+ \{$(.*?)^\}$", text, re.MULTILINE | re.DOTALL)
        return {ip_network(each) for each in re.findall(r"[0-9a-f.:]+/[0-9]+", " ".join(elements))}
    four = {
        IPv4Network((int(ip_address(address)), 32 - int(ip_address(mask)).bit_length()))
        for address, mask in re.findall(r"^ permit tcp any ([0-9.]+) ([0-9.]+) eq 443$", text, re.MULTILINE)
    }
    return four | set(map(ip_network, re.findall(r"^ permit tcp any (\S+/\d+) eq 443$", text, re.MULTILINE)))


@pytest.mark.parametrize("format_", IP_FORMATS)
def test_both_tags_are_rendered_and_no_other_with_the_change_number_in_the_head(format_: str) -> None:
    text = service_tag_rules(CONTENT, format_)
    assert networks(format_, text) == WANTED
    head = text.splitlines()[0]
    assert head[0] in "#!"
    assert "change number 312" in head
    assert "MicrosoftDefenderForEndpoint (17) and OneDsCollector (9)" in text.splitlines()[1]
    assert text.endswith("\n")
    assert text == service_tag_rules(copy.deepcopy(CONTENT), format_)


def test_a_family_without_networks_has_no_rules() -> None:
    content = copy.deepcopy(CONTENT)
    content["values"][0]["properties"]["addressPrefixes"].pop()
    for format_ in IP_FORMATS:
        text = service_tag_rules(content, format_)
        assert networks(format_, text) == {each for each in WANTED if each.version == 4}
        assert "ip6" not in text
        assert "-V6" not in text


def without(tag: str) -> dict[str, Any]:
    return {**CONTENT, "values": [each for each in CONTENT["values"] if each["name"] != tag]}


def with_prefix(prefix: Any) -> dict[str, Any]:
    properties = {"changeNumber": 9, "addressPrefixes": [prefix]}
    return {**CONTENT, "values": [CONTENT["values"][0], {"name": "OneDsCollector", "properties": properties}]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "no file of Azure's service tags"),
        ([], "no file of Azure's service tags"),
        ({**CONTENT, "changeNumber": "312"}, "no file of Azure's service tags"),
        ({**CONTENT, "cloud": "Public\n}"}, "no file of Azure's service tags"),
        (without("OneDsCollector"), "no address prefixes for the service tag OneDsCollector"),
        (without("MicrosoftDefenderForEndpoint"), "no address prefixes for the service tag MicrosoftDefender"),
        (with_prefix("192.0.2.1/24"), "'192.0.2.1/24', which is no network"),
        (with_prefix("10.0.0.0/8\naccept"), "which is no network"),
        (with_prefix(3221225985), "3221225985, which is no network"),
        (with_prefix("0.0.0.0/0"), "which is the whole Internet"),
    ],
)
def test_what_is_wrong_is_one_sentence(content: Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=re.escape(words)) as raised:
        service_tag_rules(content, "cidr")
    assert "\n" not in str(raised.value)


def test_an_unknown_format_names_those_that_there_are() -> None:
    with pytest.raises(AnsibleFilterError, match="there are nftables, cisco, cidr"):
        service_tag_rules(CONTENT, "pf")


def test_a_file_is_read_as_microsoft_writes_it_or_said_by_name(tmp_path: Path) -> None:
    path = tmp_path / "ServiceTags_Public_20261123.json"
    path.write_text("\N{ZERO WIDTH NO-BREAK SPACE}" + json.dumps(CONTENT), encoding="utf-8")
    assert read_service_tags_file(path).change_number == 312
    for text in ("", "[1", "[" * 100000, "{}"):
        path.write_text(text)
        with pytest.raises(InvalidServiceTags, match=r"20261123\.json: "):
            read_service_tags_file(path)
    with pytest.raises(InvalidServiceTags, match="cannot be read"):
        read_service_tags_file(tmp_path)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=3)))
def test_no_value_breaks_the_reader(value: Any) -> None:
    for content in (value, {**CONTENT, "values": value}, with_prefix(value)):
        try:
            read_service_tags(content)
        except InvalidServiceTags:
            continue
