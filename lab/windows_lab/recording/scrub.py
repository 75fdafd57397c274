# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What identifies a machine, its people and its organisation is taken out of a recording.

In plain text it is replaced. Where it is hidden, in hex, in base64 or in another encoding, and where that cannot be
told, the line goes, or all of the output: what is not certain is not kept.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from windows_lab.recording.hidden import Hidden, binary_reason, spelled_otherwise

# Names that every Windows has, and which say nothing.
_EVERYWHERE = frozenset(
    ("administrator", "guest", "system", "workgroup", "localhost", "127.0.0.1", "builtin", "nt authority", "public")
)
SHORTEST = 3
# Words of our own command lines and of every Windows, in which a name such as "lab" or "root" may stand by chance.
_OURS = re.compile(
    r"software(?:\\wow6432node)?(?:\\policies)?\\lab\b|\blab\.test\b|c:\\lab\b|%?systemroot%?|_root\b|\bmde\.connectivity"
    r"|^lab: |\bthe lab\b",
    re.IGNORECASE,
)
# Whose names are public, and reserved ones; what ends like a file is no host.
_PUBLIC = re.compile(
    r"(?:^|\.)(?:test|example|invalid|localhost|example\.(?:com|org|net)|microsoft\.com|microsoft\.us|windows\.com"
    r"|windowsupdate\.com|windows\.net|office\.com|live\.com|digicert\.com|microsoftonline\.(?:com|us)|azure\.com"
    r"|usgovcloudapi\.net|azure-automation\.net|w3\.org)$",
    re.IGNORECASE,
)
_FILES = frozenset((
    "bat", "cab", "cmd", "com", "connectivity", "core", "crl", "dat", "dll", "evt", "evtx", "exe", "htm", "html", "ini",
    "js", "json", "lnk", "log", "msc", "msi", "mui", "nls", "object", "pac", "pf", "ps1", "psd1", "psm1",
    "pscustomobject", "psobject", "reg", "string", "sys", "tmp", "txt", "undo", "vbs", "xml", "xsd", "zip",
))  # fmt: skip
_UPN = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HOST = re.compile(r"(?<![\w.-])(?:[\w-]+\.)+[a-z][a-z0-9-]+(?![\w-])", re.IGNORECASE)
_SID = re.compile(r"S-1-\d+(?:-\d+){3,}", re.IGNORECASE)
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV4 = re.compile(rf"(?<![\d.])(?!127\.)(?!0\.0\.0\.0)(?:{_OCTET}\.){{3}}{_OCTET}(?![\d.])")
_IPV6 = re.compile(r"(?<![\w:.])(?=[0-9a-f:.]*[0-9a-f])(?!::1(?![\w:]))(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])"
                   r"|(?<![\w:.])[0-9a-f]{1,4}::(?:[0-9a-f]{1,4}:?)*(?![\w:])", re.IGNORECASE)  # fmt: skip
_MAC = re.compile(r"(?<![\w-])(?:[0-9a-f]{2}[-:]){5}[0-9a-f]{2}(?![\w-])", re.IGNORECASE)
_FOLDER = re.compile(
    r"(?<=\\users\\)(?!public\b|default\b|all users\b)[^\\/\r\n\"<>|:*?]+?(?=[\\/\r\n\"<>|:*?]|\s{2}|\s*$)",
    re.IGNORECASE,
)
# Hex or base64, of which a long one takes several lines.
_DIGITS = re.compile(r"[A-Za-z0-9+/=_,:-]+")
_PRODUCT = re.compile(r"\b\d{5}-\d{5}-\d{5}-[A-Z]{2}\d{3}\b|\b(?:[A-Z0-9]{5}-){4}[A-Z0-9]{5}\b"
                      r"|\b\d{5}-OEM-\d{7}-\d{5}\b")  # fmt: skip


class Scrubber:
    """Takes out the given names (name and what it is, such as ACCOUNT) and all that looks like an identifier.

    The same name becomes the same word everywhere. A name of one or two letters is one only where it is a word of its
    own: inside another, or in hex, two letters tell nobody apart. Lines in `ours` are the same for every machine.
    """

    def __init__(self, names: Mapping[str, str], ours: Collection[str] = ()) -> None:
        self._ours = frozenset(ours)
        given = {name.strip().casefold(): kind for name, kind in names.items() if name.strip()}
        self._names = {name: kind for name, kind in given.items() if name not in _EVERYWHERE}
        longest = sorted(self._names, key=len, reverse=True)
        words = [re.escape(name) if len(name) >= SHORTEST else rf"(?<!\w){re.escape(name)}(?!\w)" for name in longest]
        self._known = re.compile("|".join(words) or r"(?!)", re.IGNORECASE)
        told = [re.escape(name) for name in longest if len(name) >= SHORTEST]
        self._told = re.compile("|".join(told) or r"(?!)", re.IGNORECASE)
        self._numbers: dict[str, dict[str, int]] = {}
        self._patterns: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
            (_SID, self._numbered("SID", "S-1-5-21-1-1-1-{}", 1001)),
            (_GUID, self._numbered("GUID", "GUID-{}")),
            (_PRODUCT, lambda _found: "PRODUCT-ID"),
            (_MAC, lambda _found: "MAC-ADDRESS"),
            (_UPN, self._numbered("UPN", "someone-{}@name.invalid")),
            (_FOLDER, self._numbered("FOLDER", "FOLDER-{}")),
            (_IPV4, self._numbered("IPV4", "192.0.2.{}")),
            (_IPV6, self._numbered("IPV6", "2001:db8::{}")),
            (_HOST, self._host),
        )

    def text(self, text: str) -> str:
        """A line that is sent, or a name in the registry: what identifies replaced."""
        if text in self._ours:
            return text
        for pattern, replace in self._patterns:
            text = pattern.sub(lambda found, new=replace: new(found[0]), text)  # type: ignore[misc]
        ours = [found.span() for found in _OURS.finditer(text)]

        def known(found: re.Match[str]) -> str:
            if any(first <= found.start() and found.end() <= last for first, last in ours):
                return found[0]
            return self._names.get(found[0].casefold(), "NAME")

        return self._known.sub(known, text)

    def stream(self, data: bytes) -> bytes:
        """Output, scrubbed line by line; raises Hidden where none of it may be kept."""
        if b"\0" in data:
            raise Hidden("bytes, or text of two bytes a character")
        try:
            text, encoding = data.decode(), "utf-8"
        except UnicodeDecodeError:
            if not "".join(self._names).isascii():
                raise Hidden("names of this machine have letters that this code page writes otherwise") from None
            text, encoding = data.decode("latin-1"), "latin-1"
        lines = [self._line(line) for line in text.split("\r\n")]
        self._across(lines)
        return "\r\n".join(lines).encode(encoding)

    def value(self, type_: str, data: bytes) -> bytes:
        """The raw bytes of a value, scrubbed; raises Hidden where they may not be kept."""
        if type_ in ("REG_SZ", "REG_EXPAND_SZ", "REG_MULTI_SZ"):
            text = data.decode("utf-16-le", "surrogatepass")
            scrubbed = "\0".join(self._line(part) for part in text.split("\0"))
            return scrubbed.encode("utf-16-le", "surrogatepass")
        if len(data) > 4 and (reason := binary_reason(data, self.identifies)):
            raise Hidden(reason)
        return data

    def identifies(self, text: str) -> bool:
        """Whether something in a text would be replaced."""
        return self.text(text) != text

    def _line(self, line: str) -> str:
        scrubbed = self.text(line)
        reason = spelled_otherwise(scrubbed, self.identifies, self._holds_name)
        return f"[dropped: {reason}]" if reason else scrubbed

    def _across(self, lines: Sequence[str]) -> None:
        """Raise Hidden where a name, or digits that hide one, goes on over the end of a line."""
        for first, second in itertools.pairwise(line.strip() for line in lines):
            for found in self._told.finditer(first + second):
                if found.start() < len(first) < found.end():
                    raise Hidden("a name goes on over the end of a line")
        if any(spelled_otherwise(run, None, self._holds_name) for run in _over_lines(lines)):
            raise Hidden("a name in digits that go on over the end of a line")

    def _holds_name(self, text: str) -> bool:
        bare = _OURS.sub("", text)
        return self._told.search(bare) is not None or _SID.search(bare.replace("S-1-5-21-1-1-1-", "")) is not None

    def _numbered(self, kind: str, form: str, first: int = 1) -> Callable[[str], str]:
        seen = self._numbers.setdefault(kind, {})
        ours = re.compile(re.escape(form).replace(r"\{\}", r"\d+"))

        def replace(found: str) -> str:
            if ours.fullmatch(found):
                return found
            return form.format(seen.setdefault(found.casefold(), len(seen) + first))

        return replace

    def _host(self, found: str) -> str:
        if _PUBLIC.search(found) or found.rpartition(".")[2].casefold() in _FILES:
            return found
        return self._numbered("HOST", "name-{}.invalid")(found)


def _over_lines(lines: Sequence[str]) -> Iterator[str]:
    """The last word of a line with the first one of the next, and so on while a line is but one word."""
    run = ""
    for line in lines:
        words = line.strip().rstrip("\\").split()
        if run and words and _DIGITS.fullmatch(words[0]):
            run += words[0]
            yield run
        if len(words) != 1 or not run:
            run = "".join(words[-1:])
