# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IP rules for the streamlined service, out of Microsoft's file of Azure service tags."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from pathlib import Path
from typing import Any

from ._names import is_whole

# The first has no cyber data, so both are needed.
TAGS = ("MicrosoftDefenderForEndpoint", "OneDsCollector")
_NAME, _ACL = "mde_defender", "MDE-DEFENDER"
_CLOUD_LIMIT = 40


class InvalidServiceTags(ValueError):
    """A file is none of Azure's service tags, or lacks what Defender for Endpoint needs of it."""


@dataclass(frozen=True)
class Ranges:
    """The networks of both tags, without overlaps, and the numbers by which the file counts its changes."""

    change_number: int
    tag_numbers: tuple[int, ...]
    cloud: str
    ipv4: tuple[IPv4Network, ...]
    ipv6: tuple[IPv6Network, ...]

    @property
    def head(self) -> tuple[str, ...]:
        """What stands above the rules, a line each."""
        tags = " and ".join(f"{tag} ({number})" for tag, number in zip(TAGS, self.tag_numbers, strict=True))
        return (
            f"Azure service tags of the cloud {self.cloud}, change number {self.change_number}, by mde.connectivity.",
            f"{tags}: the streamlined service at port 443. Certificates, updates and SmartScreen have other addresses.",
        )


def read_service_tags(content: Any) -> Ranges:
    """Return the ranges of a file's content, as JSON makes it; raises InvalidServiceTags."""
    fields = content if isinstance(content, Mapping) else {}
    number, cloud, values = fields.get("changeNumber"), fields.get("cloud"), fields.get("values")
    if not is_whole(number) or not isinstance(values, list) or not _is_word(cloud):
        raise InvalidServiceTags("This is no file of Azure's service tags: changeNumber, cloud and values are wanted.")
    by_name = {each.get("name"): each.get("properties") for each in values if isinstance(each, Mapping)}
    tags = [_tag(name, by_name.get(name)) for name in TAGS]
    networks = [network for _number, found in tags for network in found]
    return Ranges(
        number,
        tuple(tag_number for tag_number, _found in tags),
        str(cloud),
        tuple(collapse_addresses(network for network in networks if isinstance(network, IPv4Network))),
        tuple(collapse_addresses(network for network in networks if isinstance(network, IPv6Network))),
    )


def read_service_tags_file(path: Path) -> Ranges:
    """Return the ranges of a file; raises InvalidServiceTags, also where it can't be read."""
    try:
        return read_service_tags(json.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise InvalidServiceTags(f"{path}: cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        said = str(error) if isinstance(error, InvalidServiceTags) else "it is no JSON in UTF-8."
        raise InvalidServiceTags(f"{path}: {said}") from error


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isalnum() and len(value) <= _CLOUD_LIMIT


def _tag(name: str, properties: Any) -> tuple[int, list[IPv4Network | IPv6Network]]:
    fields = properties if isinstance(properties, Mapping) else {}
    number, prefixes = fields.get("changeNumber"), fields.get("addressPrefixes")
    if not is_whole(number) or not isinstance(prefixes, list) or not prefixes:
        raise InvalidServiceTags(f"The file has no address prefixes for the service tag {name}.")
    return number, [_network(name, prefix) for prefix in prefixes]


def _network(name: str, prefix: Any) -> IPv4Network | IPv6Network:
    try:
        # An integer would be taken for an address.
        network = ip_network(prefix if isinstance(prefix, str) else "")
    except ValueError:
        raise InvalidServiceTags(f"The service tag {name} has {prefix!r}, which is no network.") from None
    if network.prefixlen == 0:
        raise InvalidServiceTags(f"The service tag {name} has {prefix!r}, which is the whole Internet.")
    return network


def nftables(ranges: Ranges) -> str:
    """Return commands for `nft -f` that fill a chain of the table inet filter, to jump to from a chain of yours."""
    lines = [*(f"# {line}" for line in ranges.head), "add table inet filter", f"add chain inet filter {_NAME}"]
    rules = [f"flush chain inet filter {_NAME}"]
    for family, word, networks in (("ipv4_addr", "ip", ranges.ipv4), ("ipv6_addr", "ip6", ranges.ipv6)):
        if not networks:
            continue
        found = f"{_NAME}_{word}"
        lines += [
            f"add set inet filter {found} {{ type {family}; flags interval; }}",
            f"flush set inet filter {found}",
            f"add element inet filter {found} {{",
            *(f"  {network}," for network in networks),
            "}",
        ]
        rules.append(f"add rule inet filter {_NAME} {word} daddr @{found} tcp dport 443 accept")
    return "\n".join([*lines, *rules, ""])


def cisco(ranges: Ranges) -> str:
    """Return access lists for Cisco IOS that permit these networks; what they do not permit, they deny."""
    lines = [f"! {line}" for line in ranges.head]
    if ranges.ipv4:
        permits = (f" permit tcp any {each.network_address} {each.hostmask} eq 443" for each in ranges.ipv4)
        lines += [f"ip access-list extended {_ACL}", *permits]
    if ranges.ipv6:
        lines += [f"ipv6 access-list {_ACL}-V6", *(f" permit tcp any {each} eq 443" for each in ranges.ipv6)]
    return "\n".join([*lines, ""])


def cidr(ranges: Ranges) -> str:
    """Return one network per line, IPv4 first."""
    return "\n".join([*(f"# {line}" for line in ranges.head), *map(str, (*ranges.ipv4, *ranges.ipv6)), ""])


IP_FORMATS: dict[str, Callable[[Ranges], str]] = {"nftables": nftables, "cisco": cisco, "cidr": cidr}
