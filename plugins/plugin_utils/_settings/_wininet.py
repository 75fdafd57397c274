# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry value that holds the WinINet (Internet Options) settings of one connection."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ._blob import BlobReader, counted, dword

# The size of the structure of Internet Explorer 5 and 6, and of 7 and later.
VERSIONS = (0x3C, 0x46)
FLAG_DIRECT = 0x1
FLAG_MANUAL = 0x2
FLAG_PAC = 0x4
FLAG_AUTO_DETECT = 0x8
_ENCODING = "utf-8"
_EMPTY_TAIL = bytes(32)
_DWORD_MASK = 0xFFFFFFFF


@dataclass(frozen=True)
class WinInetSettings:
    """``DefaultConnectionSettings`` or ``SavedLegacySettings``, REG_BINARY, little-endian.

    In this order: ``version`` (DWORD, 0x3C or 0x46), ``counter`` (DWORD, one more with every write),
    ``flags`` (DWORD, PROXY_TYPE_* of the WinINet documentation: 1 direct, 2 manual, 4 PAC, 8 auto-detect),
    ``proxy``, ``bypass`` and ``auto_config_url`` (a DWORD with the length in bytes, then UTF-8), and
    ``tail``: all that follows, which is what Windows remembers of its last detection. The layout is that of
    ``_ProxyRegBlob.cs`` in Microsoft's .NET Framework reference source and of published dumps.
    """

    version: int
    counter: int
    flags: int
    proxy: str
    bypass: str
    auto_config_url: str
    tail: bytes = b""

    @classmethod
    def decode(cls, data: bytes) -> WinInetSettings:
        """Decode at least 24 bytes; ``encode`` gives the same bytes back.

        The tail is not looked into and may be short: NetworkingDsc leaves out the length of an empty PAC URL,
        so that the first zeros of its tail stand there, which reads as the empty URL it means. Raises
        UnreadableValue for another version, for a length beyond the end (the .NET source would cut the
        string instead), for bytes that are not UTF-8, and for a value that ends before the length of the
        PAC URL.
        """
        blob = BlobReader(data, "The WinINet connection settings")
        version = blob.dword("version")
        if version not in VERSIONS:
            raise blob.unreadable(f"the version is 0x{version:X}, neither 0x3C nor 0x46,", 0)
        return cls(
            version=version,
            counter=blob.dword("counter"),
            flags=blob.dword("flags"),
            proxy=blob.text("proxy list", _ENCODING),
            bypass=blob.text("bypass list", _ENCODING),
            auto_config_url=blob.text("PAC URL", _ENCODING),
            tail=blob.rest(),
        )

    @classmethod
    def empty(cls, flags: int) -> WinInetSettings:
        """Return settings without strings, 56 bytes of version 0x46, for a place that has none yet.

        The counter is 0, as in the value that Wine writes; the direct flag is always on.
        """
        return cls(VERSIONS[-1], 0, flags | FLAG_DIRECT, "", "", "", _EMPTY_TAIL)

    def encode(self) -> bytes:
        """Return the bytes for the registry. Raises InvalidSetting where a string is not UTF-8."""
        numbers = dword(self.version) + dword(self.counter) + dword(self.flags)
        texts = (self.proxy, self.bypass, self.auto_config_url)
        return numbers + b"".join(counted(text, _ENCODING) for text in texts) + self.tail

    def with_flags(self, set_: int, clear: int) -> WinInetSettings:
        """Return the next version of these settings: flags changed, counter one higher, the rest kept.

        A flag in both masks is set. The counter wraps at 2**32. The direct flag is always on, for Internet
        Explorer was seen to ignore settings without it (chentiangemalc/ProxyUtils, issue 1).
        """
        flags = (self.flags & ~clear | set_ | FLAG_DIRECT) & _DWORD_MASK
        return replace(self, flags=flags, counter=(self.counter + 1) & _DWORD_MASK)

    @property
    def manual(self) -> bool:
        """Whether the manual proxy is switched on."""
        return bool(self.flags & FLAG_MANUAL)

    @property
    def pac(self) -> bool:
        """Whether the automatic configuration script is switched on."""
        return bool(self.flags & FLAG_PAC)

    @property
    def auto_detect(self) -> bool:
        """Whether "Automatically detect settings" is switched on."""
        return bool(self.flags & FLAG_AUTO_DETECT)
