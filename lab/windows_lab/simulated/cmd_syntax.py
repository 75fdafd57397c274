# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grammar of a command line of cmd.exe: variables first, then operators, redirections, blocks, FOR and IF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from windows_lab.simulated.gaps import NotModelled

_DELIMITERS = " \t,;="
_OPERATORS = "&|<>()"


class Unexpected(Exception):
    """cmd.exe refuses the whole line; the message is the piece that it did not expect."""


@dataclass(frozen=True)
class Redirection:
    """`handle` is sent to another handle (`&1`), to `nul`, or to a file; `append`: to the end of it."""

    handle: int
    target: str
    write: bool = True
    append: bool = False


@dataclass(frozen=True)
class Simple:
    """One command with its arguments; carets are gone, quotes are still there."""

    text: str
    redirections: tuple[Redirection, ...] = ()
    silent: bool = False


@dataclass(frozen=True)
class Joined:
    """Two commands with `&`, `&&`, `||` or `|` between them."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Block:
    """Commands in parentheses."""

    body: Node
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True)
class For:
    """A loop; `kind` is the switch (`/f`, `/l` or nothing), `source` the text in its parentheses."""

    variable: str
    source: str
    body: Node
    kind: str = ""
    options: str = ""
    body_text: str = field(default="", compare=False)
    silent: bool = False


@dataclass(frozen=True)
class If:
    """`if exist path`, or with `wanted` False `if not exist path`."""

    path: str
    wanted: bool
    body: Node
    otherwise: Node | None = None


Node = Simple | Joined | Block | For | If


def expand(line: str, lookup: Callable[[str], str | None]) -> str:
    """Replace `%name%`; as on the command line, a name that stands for nothing stays as it is."""
    done, rest = "", line
    while "%" in rest:
        before, _percent, after = rest.partition("%")
        name, closing, tail = after.partition("%")
        value = lookup(name) if closing and name else None
        done += before + ("%" if value is None else value)
        rest = after if value is None else tail
    return done + rest


def parse(line: str) -> Node | None:
    """What cmd.exe makes of a line after its variables were replaced; None for an empty one."""
    parser = _Parser(line)
    if not line.strip(_DELIMITERS):
        return None
    node = parser.sequence()
    parser.expect_end()
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.depth = 0

    def ahead(self, text: str) -> bool:
        return self.text.startswith(text, self.position)

    def at_end(self) -> bool:
        return self.position >= len(self.text)

    def skip(self, characters: str = _DELIMITERS) -> None:
        while not self.at_end() and self.text[self.position] in characters:
            self.position += 1

    def accept(self, text: str) -> bool:
        self.skip()
        found = self.ahead(text)
        self.position += len(text) if found else 0
        return found

    def expect_end(self) -> None:
        self.skip()
        if not self.at_end():
            raise Unexpected(self.text[self.position])

    def sequence(self) -> Node:
        left = self.binary(0)
        while self.accept("&"):
            self.skip()
            if self.at_end() or (self.depth and self.ahead(")")):
                break
            left = Joined("&", left, self.binary(0))
        return left

    def binary(self, level: int) -> Node:
        if level == 3:
            return self.command()
        operator = ("||", "&&", "|")[level]
        left = self.binary(level + 1)
        while self.joins(operator):
            left = Joined(operator, left, self.binary(level + 1))
        return left

    def joins(self, operator: str) -> bool:
        self.skip()
        if operator == "|" and self.ahead("||"):
            return False
        return self.accept(operator)

    def command(self) -> Node:
        self.skip()
        silent = False
        while self.accept("@"):
            silent = True
        self.skip()
        if self.accept("("):
            return self.block()
        word = self.text[self.position : self.position + 4].lower()
        if word[:3] == "for" and word[3:] in (" ", "\t"):
            return self.loop(silent)
        if word[:2] == "if" and word[2:3] in (" ", "\t"):
            return self.condition()
        return self.simple(silent)

    def block(self) -> Block:
        self.depth += 1
        body = self.sequence()
        if not self.accept(")"):
            raise Unexpected(self.text[self.position :] or "(")
        self.depth -= 1
        redirections = []
        while True:
            self.skip()
            handle = self.text[self.position : self.position + 2]
            if handle[:1].isdigit() and handle[1:] in ("<", ">"):
                self.position += 1
                redirections.append(self.redirection(int(handle[0])))
            elif handle[:1] in ("<", ">"):
                redirections.append(self.redirection(None))
            else:
                return Block(body, tuple(redirections))

    def loop(self, silent: bool) -> For:
        self.position += 3
        kind = options = ""
        self.skip()
        if self.ahead("/"):
            kind = self.word().lower()
            self.skip()
        if not self.ahead("%"):
            options = self.word().strip('"')
        variable = self.word()
        if len(variable) != 2 or variable[0] != "%":
            raise Unexpected(variable)
        self.keyword("in")
        if not self.accept("("):
            raise Unexpected(self.word())
        source = self.loop_source()
        self.keyword("do")
        start = self.position
        body = self.sequence()
        quiet = self.text[start:].lstrip(_DELIMITERS).startswith("@")
        return For(
            variable[1],
            source,
            body,
            kind,
            options,
            self.text[start : self.position].strip(),
            silent or quiet,
        )

    def condition(self) -> If:
        self.position += 2
        words = [self.word().lower()]
        if words[0] == "not":
            words.append(self.word().lower())
        if words[-1] != "exist":
            raise NotModelled(f"if {' '.join(words)}")
        path = self.word().replace('"', "")
        body = self.sequence()
        otherwise = self.sequence() if self.accepts_else() else None
        return If(path, words[0] != "not", body, otherwise)

    def accepts_else(self) -> bool:
        # Behind a block only: the arguments of a command without one run to its end, `else` and all.
        start = self.position
        if self.word().lower() == "else":
            return True
        self.position = start
        return False

    def keyword(self, name: str) -> None:
        word = self.word()
        if word.lower() != name:
            raise Unexpected(word)

    def word(self) -> str:
        self.skip()
        start, quoted = self.position, False
        while not self.at_end():
            character = self.text[self.position]
            if not quoted and character in _DELIMITERS + _OPERATORS:
                break
            quoted ^= character == '"'
            self.position += 1
        return self.text[start : self.position]

    def loop_source(self) -> str:
        source, quoted = "", False
        while not self.at_end():
            character = self.text[self.position]
            self.position += 1
            if character == ")" and not quoted:
                return source.strip()
            if character == "^" and not quoted:
                character = self.text[self.position : self.position + 1]
                self.position += 1
            quoted ^= character == '"'
            source += character
        raise Unexpected("(")

    def simple(self, silent: bool) -> Simple:
        text, quoted = "", False
        redirections: list[Redirection] = []
        while not self.at_end():
            character = self.text[self.position]
            if not quoted and (character in "&|" or (character == ")" and self.depth)):
                break
            if not quoted and character in "<>":
                text, handle = _handle(text)
                redirections.append(self.redirection(handle))
                continue
            self.position += 1
            if character == "^" and not quoted:
                character = self.text[self.position : self.position + 1]
                self.position += 1
            else:
                quoted ^= character == '"'
            text += character
        if not text.strip() and not redirections:
            raise Unexpected(self.text[self.position : self.position + 2].strip() or "\n")
        return Simple(text, tuple(redirections), silent)

    def redirection(self, handle: int | None) -> Redirection:
        write, append = self.text[self.position] == ">", self.ahead(">>")
        self.position += 2 if append else 1
        number = (1 if write else 0) if handle is None else handle
        if self.ahead("&") and self.text[self.position + 1 : self.position + 2].isdigit():
            target = self.text[self.position : self.position + 2]
            self.position += 2
            return Redirection(number, target, write)
        target = self.word().replace('"', "")
        if not target:
            raise Unexpected(self.text[self.position : self.position + 1])
        return Redirection(number, target, write, append)


def _handle(text: str) -> tuple[str, int | None]:
    # A digit is a handle only when it stands alone: `echo 12>nul` prints 12.
    if text[-1:].isdigit() and (len(text) == 1 or text[-2] in _DELIMITERS):
        return text[:-1], int(text[-1])
    return text, None
