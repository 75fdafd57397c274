# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an endpoint holds is shown where it is understood as harmless; whatever else it may be is withheld.

There is no list of the forms that a password can take, so this is a grammar of what can hold none: a small number in
its place, a list of servers, a bypass list, the URL of a setup script, names, and the two binary formats where all of
them decodes to that. What is withheld is told by its length. There is no hash: the form of such a value is known, so
whoever has the hash and its salt finds a password by trying, and a secret key would have to be the same for a plan
and for the rollout of it, which run on different machines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from ._settings._blob import BlobReader
from ._settings._errors import UnreadableValue, may_hold_credentials
from ._settings._winhttp import HEADERS, WinHttpSettings
from ._settings._wininet import VERSIONS, WinInetSettings

_LONGEST_TEXT = 4096
_LONGEST_WORD = 200
_SMALL = 1 << 16

# One label alone is a computer's name, which has at most 15 characters; a longer one may be anything.
_HOST = r"(?:[A-Za-z0-9_-]{1,15}|[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){1,20}\.?|\[[0-9A-Fa-f:.]{2,45}\])"
_PORT = r"(?::[0-9]{1,5})?"
_SERVER = re.compile(rf"(?:(?:https?|ftp|socks)=)?(?:(?:https?|socks[45]?)://)?{_HOST}{_PORT}/?", re.IGNORECASE)
_PORTED = re.compile(r":[0-9]{1,5}/?$|[^.]\.[^.]")
_PATTERN = r"(?:[A-Za-z0-9_*-]{1,15}|[A-Za-z0-9_*-]{0,63}(?:\.[A-Za-z0-9_*-]{1,63}){1,20}\.?|\[[0-9A-Fa-f:.*]{2,45}\])"
_BYPASSED = re.compile(
    rf"<local>|<-loopback>|(?:(?:https?|ftp)://)?{_PATTERN}(?::(?:[0-9]{{1,5}}|\*))?(?:/[0-9]{{1,2}})?", re.IGNORECASE
)
_URL = re.compile(
    rf"(?:https?|ftp)://{_PATTERN}{_PORT}(?:/[A-Za-z0-9._~-]*)*"
    r"|file://[A-Za-z0-9._-]*(?:/?[A-Za-z]:)?(?:[/\\][A-Za-z0-9._~-]*)+",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[; \t]+")
_NAME = re.compile(r"\w[\w .,()'&+-]{0,63}")
_NUMBER = re.compile(r"[0-9]{1,5}")

# A word of a message: letters of any script, a number, or a path that begins at a drive or a root of the registry.
_LETTERS = r"[^\W\d_]+(?:[-'\u2019.\u30fb][^\W\d_]+)*"
_PATH = r"(?:[A-Za-z]:|HK[A-Z]{1,3}|HKEY_[A-Z_]{1,20})(?:\\[\w.~-]+)+(?::[0-9]{1,6})?"
_PROSE = re.compile(rf"{_LETTERS}|-?[0-9]{{1,10}}|0x[0-9A-Fa-f]{{1,8}}|{_PATH}")
_AROUND = (
    ".,:;!?()[]{}<>\"'-+*=|\u2013\u2014\u2018\u2019\u201c\u201d\u201e"
    "\u00ab\u00bb\u3001\u3002\u300c\u300d\uff08\uff09"
)
_BREAKS = re.compile(r"[\u3001\u3002\u300c\u300d\uff08\uff09()/]")
_WORD = re.compile(r"\S+")

_BLOBS = ("winhttpsettings", "defaultconnectionsettings", "savedlegacysettings")
_NUMBERS = (
    "disableenterpriseauthproxy", "preferstaticproxyforhttprequest", "disablewpad", "autodetect", "proxyenable",
)  # fmt: skip
_HEADERS = tuple(bytes([first]) for first in (*HEADERS, *VERSIONS))
_STRINGS = ("REG_SZ", "REG_EXPAND_SZ")
# What WinINet remembers of its last detection: the families of the addresses, and how much of each is address.
_ADDRESS_SIZES = {0: 0, 2: 16, 0x17: 28}
_ADDRESS_SIZE = 128
_MOST_ADDRESSES = 64


def withheld(size: int, unit: str = "characters") -> str:
    """What stands for a value that is not shown."""
    return f"(withheld: {size} {unit})"


def are_proxies(text: str) -> bool:
    """Whether a text is nothing but servers, each with or without a port."""
    return _all(_SERVER, text)


def are_bypassed(text: str) -> bool:
    """Whether a text is nothing but the entries of a bypass list."""
    # At a comma Windows does not separate, but people write it.
    return _all(_BYPASSED, text.replace(",", ";"))


def shown_proxies(text: str) -> str:
    """A list of servers as a result may show it."""
    return text if are_proxies(text) else withheld(len(text))


def shown_server(text: str) -> str:
    """The sensor's static proxy as a result may show it: it has a port, so that a bare word is none."""
    return text if _is_server(text) else withheld(len(text))


def shown_bypass(text: str) -> list[str]:
    """The entries of a bypass list as a result may show them: one that is not understood hides all of them."""
    return _entries(text) if are_bypassed(text) else [withheld(len(text))]


def shown_url(text: str) -> str:
    """The URL of a setup script, or of the service, as a result may show it."""
    return text if _is_url(text) else withheld(len(text))


def shown_name(text: str) -> str:
    """The name of a product, an account or a folder as a result may show it."""
    return text if not text or _NAME.fullmatch(text) else withheld(len(text))


def shown_number(value: int) -> int | str:
    """A number as a result may show it: letters make a large one."""
    return value if 0 <= value < _SMALL else withheld((value.bit_length() + 7) // 8, "bytes")


def shown_blob(data: bytes | None) -> str | None:
    """The bytes of a binary value as a result may show them, as hex digits."""
    if data is None:
        return None
    return data.hex() if _is_blob(data) else withheld(len(data), "bytes")


def shown_value(of: str, type_: str, data: bytes) -> str:
    """A value that has not the type it should, as a result may show it: its type, and its text or number."""
    if not harmless(of, type_, data):
        return f"{type_}:{withheld(len(data), 'bytes')}"
    if type_ in _STRINGS:
        return f"{type_}:{_decoded(data)}"
    return f"{type_}:{int.from_bytes(data, 'little') if type_ == 'REG_DWORD' else data.hex()}"


def harmless(of: str, type_: str, data: bytes) -> bool:
    """Whether the bytes of the registry value of this name and type are understood, and can hold no secret."""
    place = of.casefold()
    if not data:
        return True
    if type_ == "REG_BINARY":
        return place in _BLOBS and _is_blob(data)
    if type_ == "REG_DWORD":
        return place in _NUMBERS and int.from_bytes(data, "little") < _SMALL
    if type_ not in _STRINGS:
        return False
    text = _decoded(data)
    if place in _NUMBERS:
        return _NUMBER.fullmatch(text) is not None
    known = _TEXTS.get(place)
    return known is not None and known(text)


def shown_words(message: str) -> str:
    """What an endpoint said, in which every word that is not one of a language, a number or a path is hidden."""
    return _WORD.sub(lambda found: found[0] if _is_prose(found[0]) else "***", message)


def without_words(message: str) -> str:
    """A message about what a user wrote, in which every word with an at sign is hidden."""
    return _WORD.sub(lambda found: "***" if may_hold_credentials(found[0]) else found[0], message)


def _is_server(text: str) -> bool:
    return are_proxies(text) and all(_PORTED.search(entry) for entry in _entries(text))


def _entries(text: str) -> list[str]:
    return [entry for entry in _SEPARATORS.split(text) if entry]


def _all(wanted: re.Pattern[str], text: str) -> bool:
    return len(text) <= _LONGEST_TEXT and all(
        len(entry) <= 1024 and wanted.fullmatch(entry) for entry in _entries(text)
    )


def _is_url(text: str) -> bool:
    return not text or (len(text) <= _LONGEST_TEXT and _URL.fullmatch(text) is not None)


def _is_advanced(text: str) -> bool:
    """Whether this is the JSON of WinHTTP's advanced proxy, and each of its texts is understood."""
    try:
        proxy, bypass, url, detect = json.loads(text).values()
    except (AttributeError, RecursionError, ValueError):
        return False
    texts = all(isinstance(part, str) for part in (proxy, bypass, url))
    return texts and isinstance(detect, bool) and are_proxies(proxy) and are_bypassed(bypass) and _is_url(url)


_TEXTS: dict[str, Callable[[str], bool]] = {
    "advproxy": _is_advanced,
    "autoconfigurl": _is_url,
    "proxybypass": are_bypassed,
    "proxypacurl": _is_url,
    "proxyserver": _is_server,
    "telemetryproxyserver": _is_server,
}


def _is_prose(word: str) -> bool:
    if len(word) > _LONGEST_WORD:
        return False
    if _PROSE.fullmatch(word.strip(_AROUND)):
        return True
    parts = [part.strip(_AROUND) for part in _BREAKS.split(word)]
    return all(not part or _PROSE.fullmatch(part) for part in parts)


def _decoded(data: bytes) -> str:
    """The text of a string value; one that is no UTF-16 is none that is understood."""
    return data.decode("utf-16-le", "replace").removesuffix("\0")


def _is_blob(data: bytes) -> bool:
    """Whether all of a binary value decodes to what is harmless, or it is one that was cut before any text."""
    if data[:1] in _HEADERS and _is_quiet(data[1:]):
        return True
    try:
        winhttp = WinHttpSettings.decode(data)
    except UnreadableValue:
        return not data or _is_wininet(data)
    numbers = winhttp.reserved < _SMALL and winhttp.flags < _SMALL
    return (
        numbers and are_proxies(winhttp.proxy) and are_bypassed(winhttp.bypass) and _is_quiet(winhttp.tail)
    )


def _is_quiet(data: bytes) -> bool:
    """Whether no byte is that of a letter, a digit or a sign, so that these are small numbers."""
    return all(byte < 0x20 for byte in data)


def _is_wininet(data: bytes) -> bool:
    try:
        found = WinInetSettings.decode(data)
        return (
            found.flags < _SMALL
            and are_proxies(found.proxy)
            and are_bypassed(found.bypass)
            and _is_url(found.auto_config_url)
            and (_is_quiet(found.tail) or _is_detection(found.tail))
        )
    except UnreadableValue:
        return False


def _is_detection(tail: bytes) -> bool:
    """Whether the end of a WinINet value is what Windows remembers of its last detection, and zeros.

    Flags, a URL, a time of 8 bytes, addresses of 4, another URL, minutes, addresses of 128: .NET's reader has all
    but the last, which were seen in a published dump.
    """
    rest = BlobReader(tail, "The end of the WinINet connection settings")
    try:
        flags, found = rest.dword("flags"), rest.text("last PAC URL", "utf-8")
        _low, high = rest.dword("time"), rest.dword("time")
        count = rest.dword("number of addresses")
        for _address in range(min(count, _MOST_ADDRESSES)):
            rest.dword("address")
        second, minutes = rest.text("second PAC URL", "utf-8"), rest.dword("minutes")
    except UnreadableValue:
        return False
    numbers = flags < _SMALL and count <= _MOST_ADDRESSES and minutes < _SMALL
    # No time, or one from 1999 to 2057: 100 nanoseconds since 1601, as Windows counts.
    known = high == 0 or 0x01BE_0000 <= high < 0x0200_0000
    return numbers and known and _is_url(found) and _is_url(second) and _are_addresses(rest.rest())


def _are_addresses(rest: bytes) -> bool:
    count, listed = int.from_bytes(rest[:4], "little"), rest[4:]
    if count > _MOST_ADDRESSES:
        return False
    for start in range(0, count * _ADDRESS_SIZE, _ADDRESS_SIZE):
        one = listed[start : start + _ADDRESS_SIZE]
        size = _ADDRESS_SIZES.get(int.from_bytes(one[:2], "little"))
        if size is None or any(one[size:]):
            return False
    return not any(listed[count * _ADDRESS_SIZE :])
