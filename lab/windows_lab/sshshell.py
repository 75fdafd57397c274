# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forced command of the lab's sshd: hands one SSH command to the lab process and returns what it answers.

It runs once per SSH session with `python -I -S`: only small modules of the standard library are imported.

The conversation on the unix socket, numbers big-endian:
    to the lab    port (4 bytes), length (4 bytes), the command in UTF-8
    to us         one byte: 1 when the command reads its standard input, else 0
    to the lab    after a 1: the standard input, up to its end or to the answer
    to us         exit code (4 bytes), length of stdout (4), length of stderr (4), stdout, stderr
"""

from __future__ import annotations

import os
import select
import socket
import struct
import sys

REQUEST = struct.Struct(">II")
ANSWER = struct.Struct(">III")
WANTS_INPUT = b"\x01"
NO_INPUT = b"\x00"


def read_exactly(stream: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes; EOFError when the other side stops before."""
    parts = []
    while size:
        part = stream.recv(min(size, 65536))
        if not part:
            raise EOFError(f"the other side stopped {size} bytes early")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _forward_input(stream: socket.socket) -> None:
    # The lab may answer before the input ends: a terminal's never does.
    while stream.fileno() not in select.select([0, stream.fileno()], [], [])[0]:
        data = os.read(0, 65536)
        if not data:
            stream.shutdown(socket.SHUT_WR)
            return
        stream.sendall(data)


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _ask(path: str, port: int, line: str) -> int:
    text = line.encode("utf-8", "surrogateescape")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.connect(path)
        stream.sendall(REQUEST.pack(port, len(text)) + text)
        if read_exactly(stream, 1) == WANTS_INPUT:
            _forward_input(stream)
        code, out, err = ANSWER.unpack(read_exactly(stream, ANSWER.size))
        _write_all(1, read_exactly(stream, out))
        _write_all(2, read_exactly(stream, err))
    return int(code) & 0xFF


def main(path: str) -> int:
    """Exit code of the session: what an SSH client on Linux sees, 8 bits of it."""
    line = os.environ.get("SSH_ORIGINAL_COMMAND")
    if line is None:
        _write_all(2, b"The lab has no interactive shell: give a command.\r\n")
        return 1
    port = int(os.environ["SSH_CONNECTION"].split()[3])
    try:
        return _ask(path, port, line)
    except (OSError, EOFError) as error:
        _write_all(2, f"The lab does not answer on {path}: {error}\r\n".encode())
        return 255


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
