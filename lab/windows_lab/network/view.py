# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one endpoint of the lab sees of the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Network:
    """The network as one endpoint sees it; the default is an endpoint that resolves nothing.

    `hosts` are the names that the endpoint itself resolves, each with a loopback address; no other name
    resolves. `authorities` is a PEM file of the authorities that it trusts (None: none). `ports` says where
    a server really listens that is asked for at a port which only root may take. `wpad` is the proxy,
    "host:port", that automatic detection finds ("": none).
    """

    hosts: Mapping[str, str] = field(default_factory=dict)
    authorities: Path | None = None
    ports: Mapping[int, int] = field(default_factory=dict)
    wpad: str = ""
