# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role left on each endpoint, read by testinfra over WinRM."""

from __future__ import annotations

from testinfra.host import Host


def test_the_endpoint_answers(windows_host: Host) -> None:
    assert "Microsoft Windows" in windows_host.run("ver").stdout
