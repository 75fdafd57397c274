# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated machine on which what has to be put back is there, and odd."""

from __future__ import annotations

from windows_lab.profiles import PROFILES
from windows_lab.simulated.endpoint import SimulatedEndpoint

from tests.integration.modules.contract import MACHINE, sz, winhttp
from tests.integration.site import ANTIVIRUS, DATA_COLLECTION

SERVER = (DATA_COLLECTION, "TelemetryProxyServer", 64)


def sample() -> SimulatedEndpoint:
    """A machine with a static proxy that is no address, a proxy of WinHTTP, and no key of the antivirus."""
    made = SimulatedEndpoint("w1", PROFILES["clean"])
    made.set_value(*SERVER[:2], "REG_SZ", sz("odd 'text' & more"))
    made.set_value(MACHINE, "WinHttpSettings", *winhttp("old.test:1", "<local>;*.a"))
    made.delete_value(ANTIVIRUS, "ProxyServer")
    return made
