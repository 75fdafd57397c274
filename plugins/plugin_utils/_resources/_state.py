# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of an endpoint: one part per thing read, None where it was not read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._datacollection_values import DataCollection
from ._windows import Sensor, Windows
from ._winhttp_views import WinHttp
from ._wininet import Connections
from ._wpad_switches import WpadSwitches


@dataclass(frozen=True)
class State:
    """Parts compare by meaning: two equal states need no change."""

    winhttp: WinHttp | None = None
    wininet: Mapping[str, Connections] = field(default_factory=dict)
    wpad: WpadSwitches | None = None
    datacollection: DataCollection | None = None
    sensor: Sensor | None = None
    windows: Windows | None = None

    def report(self, raw: bool = False) -> dict[str, Any]:
        """The parts that were read, in the shape of endpoint_info.

        With raw, every binary value comes with its bytes as hex digits, else only those that can't be decoded.
        """
        parts = {part.name: getattr(self, part.name) for part in dataclasses.fields(self) if part.name != "wininet"}
        report = {name: part.report(raw) for name, part in parts.items() if part is not None}
        if self.wininet:
            report["wininet"] = {scope: found.report(raw) for scope, found in self.wininet.items()}
        return report
