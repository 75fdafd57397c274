# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reaches the farm by a line of JSON: for what does not depend on how an endpoint is signed in to."""

from __future__ import annotations

import json
import socket
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = """
name: mde_bench_line
short_description: Run command lines on endpoints of the bench without WinRM
description: One TCP connection per command line.
options:
  endpoint:
    description: The name of the endpoint.
    type: str
    vars:
      - name: inventory_hostname
  port:
    description: The port of the farm for lines.
    type: int
    vars:
      - name: ansible_port
"""


class Connection(ConnectionBase):  # type: ignore[misc]
    # By this name the collection knows that a line goes to cmd.exe as it is.
    transport = "mde.connectivity.winrs"

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def exec_command(
        self, cmd: str, in_data: bytes | None = None, sudoable: bool = True
    ) -> tuple[int, bytes, bytes]:
        asked = [self.get_option("endpoint"), cmd, (in_data or b"").decode("utf-8")]
        with socket.create_connection(("127.0.0.1", self.get_option("port"))) as farm, farm.makefile("rwb") as lines:
            lines.write(json.dumps(asked).encode() + b"\n")
            lines.flush()
            rc, stdout, stderr = json.loads(lines.readline())
        return rc, stdout.encode("latin-1"), stderr.encode("latin-1")

    def put_file(self, in_path: str, out_path: str) -> Any:
        raise AnsibleError("The bench sends command lines alone, and no file.")

    def fetch_file(self, in_path: str, out_path: str) -> Any:
        raise AnsibleError("The bench sends command lines alone, and fetches no file.")

    def close(self) -> None:
        self._connected = False
