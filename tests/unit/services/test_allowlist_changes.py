# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between two renderings, in words, and which hosts are to be exempt from TLS inspection."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mde.connectivity.plugins.filter.allowlist_changes import allowlist_changes
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import offers, select
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._changes import changes
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import Choice
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._render import FORMATS, Row, Settings
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._service_tags import (
    IP_FORMATS,
    read_service_tags,
)

from .test_service_tags import CONTENT

KEPT = [Row("a.example.com", 443, purpose="Sensor"), Row("*.b.example.com", 443, purpose="Updates")]
OLD, NEW = Row("old.example.com", 443, purpose="Sensor"), Row("new.example.com", 443, purpose="Sensor")


@pytest.mark.parametrize("format_", FORMATS)
def test_each_format_says_what_was_added_and_what_is_gone(format_: str) -> None:
    before, after = (FORMATS[format_](rows, Settings()) for rows in ([*KEPT, OLD], [NEW, *KEPT]))
    added, gone = changes(before, after)
    assert added.startswith("Added: ")
    assert gone.startswith("Gone: ")
    assert "new.example.com" in added
    assert "old.example.com" in gone
    assert changes(before, before) == ()


def test_the_order_and_comments_do_not_matter() -> None:
    assert changes("# Made in May\nb\na\n", "# Made in June\n\na\nb\n") == ()


@pytest.mark.parametrize("format_", IP_FORMATS)
def test_networks_and_the_change_number_are_named(format_: str) -> None:
    tag = {"name": "OneDsCollector", "properties": {"changeNumber": 10, "addressPrefixes": ["198.51.100.8/32"]}}
    newer = {**CONTENT, "changeNumber": 313, "values": [CONTENT["values"][0], tag]}
    before, after = (IP_FORMATS[format_](read_service_tags(each)) for each in (CONTENT, newer))
    number, added, gone = changes(before, after)
    assert number == "The change number of the service tags was 312 and is 313."
    assert "198.51.100.8" in added
    assert "198.51.100.7" in gone


def test_the_filter_takes_two_texts() -> None:
    assert allowlist_changes("a\n", "b\n") == ["Added: b", "Gone: a"]
    with pytest.raises(AnsibleFilterError, match="takes two texts"):
        allowlist_changes("a\n", None)


def exempt(text: str) -> tuple[dict[str, str], str]:
    """The hosts of a list with what they are for, and what must not be exempt."""
    found, purpose = {}, ""
    for line in text.splitlines():
        if line.startswith("# "):
            purpose = line[2:]
        elif line:
            found[line] = purpose
    return found, "\n".join(line for line in text.splitlines() if line.startswith("# Do not exempt "))


@pytest.mark.parametrize("offer", offers(), ids=lambda offer: f"{offer.generation}-{offer.cloud}")
def test_what_is_encrypted_is_exempt_but_for_names_that_others_have_too(offer) -> None:
    services = select(Choice(offer.generation, offer.cloud))
    rows = [Row(each.host, each.port, each.path, each.purpose) for each in services]
    found, forbidden = exempt(FORMATS["tls_exempt"](rows, Settings()))
    shared = {each.host for each in services if each.host.startswith("*.blob.core.")}
    assert set(found) == {each.host for each in services if each.port != 80} - shared
    assert set(found.values()) <= {each.purpose for each in services}
    assert {line.split()[4].rstrip(":") for line in forbidden.splitlines()} == shared
    # The single names below are exempt instead.
    assert offer.generation != "standard" or any(".blob.core." in host for host in found)


def test_a_host_at_port_80_alone_is_in_neither_list() -> None:
    text = FORMATS["tls_exempt"]([Row("crl.example.com", 80, purpose="Lists"), *KEPT], Settings())
    assert "crl.example.com" not in text
    assert exempt(text)[0] == {"a.example.com": "Sensor", "*.b.example.com": "Updates"}
