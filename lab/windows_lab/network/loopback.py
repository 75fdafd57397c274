# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be dialled and listened at: loopback, and nothing else."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Mapping


class OutsideLoopback(Exception):
    """A target or an address of the lab is not on loopback."""


def loopback(host: str, hosts: Mapping[str, str] | None = None) -> str:
    """The loopback address that `host` stands for; raises OutsideLoopback, and never asks a resolver."""
    address = {"localhost": "127.0.0.1", **(hosts or {})}.get(host.lower(), host)
    if not _is_loopback(address):
        raise OutsideLoopback(f"{host} is not on loopback and not among the lab's names")
    return address


@functools.lru_cache
def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
