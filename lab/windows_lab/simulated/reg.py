# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reg.exe of a simulated endpoint: query, add, delete, import and export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from windows_lab.simulated import reg_file
from windows_lab.simulated.files import MissingDirectory
from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import AccessDenied, Process
from windows_lab.simulated.reg_data import TYPES, BadBinary, BadNumber, BadStrings, to_bytes, to_text
from windows_lab.simulated.registry import LONG_ROOTS, Node, NoSuchRoot, Path, Value, split_key

_FLAGS = {
    "query": ("/s", "/ve", "/z"),
    "add": ("/ve", "/f"),
    "delete": ("/ve", "/va", "/f"),
    "import": (),
    "export": ("/y",),
}
_VALUED = {
    "query": ("/v",),
    "add": ("/v", "/t", "/d", "/s"),
    "delete": ("/v",),
    "import": (),
    "export": (),
}
_GAPS = {
    "query": ("/f", "/k", "/d", "/c", "/e", "/t", "/se"),
    "add": (),
    "delete": (),
    "import": (),
    "export": (),
}
_VERBS_NOT_MODELLED = ("copy", "save", "restore", "load", "unload", "compare", "flags")

# Of another machine the name begins with backslashes, so its first part is empty.
_ROOTS_NOT_MODELLED = ("", "HKCC", "HKCR", "HKEY_CLASSES_ROOT", "HKEY_CURRENT_CONFIG")

_NOT_WRITTEN = "Unable to write to the file. There may be a disk or file system error."
_NO_FILE = "Error opening the file. There may be a disk or file system error."


class Refused(Exception):
    """reg.exe prints this sentence after its word for ERROR, and ends with 1."""


class BadSyntax(Refused):
    """A refusal that also points to the usage."""


@dataclass(frozen=True)
class Request:
    """One understood command line; `shown` is the key as reg.exe prints it."""

    path: Path
    shown: str
    options: Mapping[str, str]

    @property
    def name(self) -> str | None:
        """The value that is asked for; the empty name is the default value."""
        return "" if "/ve" in self.options else self.options.get("/v")


def main(process: Process) -> int:
    """Run reg.exe; gives its exit code."""
    words = process.machine.texts
    verb = process.argv[1].lower() if len(process.argv) > 1 else ""
    try:
        if not process.machine.profile.registry_tools:
            raise Refused(words.tools_disabled)
        if verb in _VERBS_NOT_MODELLED:
            raise NotModelled(f"reg {verb}")
        if verb == "import":
            return _import(process)
        if verb not in _ACTIONS:
            raise BadSyntax(words.bad_syntax)
        return _ACTIONS[verb](process, _understand(process, verb, 2 if verb == "export" else 1))
    except AccessDenied:
        process.complain(words.error + words.access_denied)
    except BadSyntax as refusal:
        process.complain(words.error + str(refusal), words.usage.format(verb.upper()).replace("  ", " "))
    except Refused as refusal:
        process.complain(words.error + str(refusal))
    return 1


def _understand(process: Process, verb: str, places: int = 1) -> Request:
    """Key and options; `places` is how many words come before the options."""
    words = process.machine.texts
    arguments = process.argv[2:]
    if len(arguments) < places:
        raise BadSyntax(words.bad_syntax)
    if arguments[0].partition("\\")[0].upper() in _ROOTS_NOT_MODELLED:
        raise NotModelled(f"reg {verb} {arguments[0]}")
    options = _options(process, verb, arguments[places:])
    view = int(options.get("/reg", process.view))
    try:
        root, names = split_key(arguments[0])
        path = process.machine.registry.locate(arguments[0], view)
    except NoSuchRoot as error:
        raise BadSyntax(words.bad_key) from error
    if "" in names:
        raise BadSyntax(words.bad_key)
    return Request(path, "\\".join((LONG_ROOTS[root], *names)), options)


def _options(process: Process, verb: str, arguments: list[str]) -> dict[str, str]:
    bad = BadSyntax(process.machine.texts.bad_syntax)
    options: dict[str, str] = {}
    rest = iter(arguments)
    for argument in rest:
        option = "/" + argument[1:].lower() if argument[:1] in ("/", "-") else argument
        if option in _GAPS[verb]:
            raise NotModelled(f"reg {verb} {option}")
        data = ""
        if option in ("/reg:32", "/reg:64"):
            option, data = "/reg", option[5:]
        elif option in _VALUED[verb]:
            following = next(rest, None)
            if following is None:
                raise bad
            data = following
        elif option not in _FLAGS[verb]:
            raise bad
        if option in options:
            raise bad
        options[option] = data
    if len({"/v", "/ve", "/va"} & options.keys()) > 1:
        raise bad
    return options


def _query(process: Process, request: Request) -> int:
    machine = process.machine
    machine.check_read(request.path)
    node = machine.registry.node(request.path)
    if node is None:
        raise Refused(machine.texts.not_found)
    if "/s" in request.options:
        return _search(process, request)
    process.print("")
    if request.name is not None:
        return _one_value(process, request, node)
    if node.values:
        _print_key(process, request.shown, node.values.values())
    process.print(*(f"{request.shown}\\{sub.name}" for sub in machine.registry.subkeys(request.path)))
    return 0


def _one_value(process: Process, request: Request, node: Node) -> int:
    value = node.values.get((request.name or "").lower())
    if value is None and request.name:
        raise Refused(process.machine.texts.not_found)
    _print_key(process, request.shown, [value or Value("", "REG_SZ", b"")], unset=value is None)
    return 0


def _print_key(process: Process, shown: str, values: Iterable[Value], unset: bool = False) -> None:
    words = process.machine.texts
    process.print(shown)
    for value in values:
        data = words.value_not_set if unset else to_text(value.type, value.data)
        process.print(f"    {value.name or words.default_value}    {value.type}    {data}")
    process.print("")


def _search(process: Process, request: Request) -> int:
    process.print("")
    matches = 0
    for shown, node in _walk(process, request.path, request.shown):
        wanted = None if request.name is None else request.name.lower()
        found = [value for key, value in node.values.items() if wanted in (None, key)]
        matches += len(found)
        if found or request.name is None:
            _print_key(process, shown, found)
    if request.name is None:
        return 0
    process.print(process.machine.texts.search_end.format(matches))
    return 0 if matches else 1


def _walk(process: Process, path: Path, shown: str) -> Iterator[tuple[str, Node]]:
    machine = process.machine
    try:
        machine.check_read(path)
    except AccessDenied:
        return
    node = machine.registry.node(path)
    if node is not None:
        yield shown, node
    for sub in machine.registry.subkeys(path):
        yield from _walk(
            process, machine.registry.locate("\\".join((*path, sub.name))), f"{shown}\\{sub.name}"
        )


def _add(process: Process, request: Request) -> int:
    words = process.machine.texts
    options = request.options
    type_name = options.get("/t", "REG_SZ").upper()
    if type_name not in TYPES:
        raise BadSyntax(words.bad_type)
    try:
        data = to_bytes(type_name, options.get("/d"), options.get("/s", "\\0"))
    except BadNumber as error:
        raise BadSyntax(words.bad_number) from error
    except BadBinary as error:
        raise BadSyntax(words.bad_binary) from error
    except BadStrings as error:
        raise BadSyntax(words.bad_syntax) from error
    process.machine.make_key(request.path)
    name = request.name
    if name is None and ("/t" in options or "/d" in options):
        name = ""
    if name is not None:
        old = process.machine.registry.value(request.path, name)
        if old is not None and not _confirmed(
            process, words.overwrite.format(name or words.default_value), options
        ):
            return 0
        process.machine.write(request.path, Value(name, type_name.replace("_LITTLE_ENDIAN", ""), data))
    process.print(words.success)
    return 0


def _delete(process: Process, request: Request) -> int:
    machine = process.machine
    node = machine.registry.node(request.path)
    if node is None:
        raise Refused(machine.texts.not_found)
    machine.check_write(request.path)
    if request.name is not None and request.name.lower() not in node.values:
        raise Refused(machine.texts.not_found)
    what = request.name if request.name is not None else request.shown
    if not _confirmed(process, machine.texts.really_delete.format(what), request.options):
        return 0
    if request.name is not None:
        machine.delete(request.path, request.name)
    elif "/va" in request.options:
        for value in list(node.values.values()):
            machine.delete(request.path, value.name)
    else:
        machine.delete_key(request.path)
    process.print(machine.texts.success)
    return 0


def _import(process: Process) -> int:
    machine = process.machine
    arguments = process.argv[2:]
    if not arguments:
        raise BadSyntax(machine.texts.bad_syntax)
    view = int(_options(process, "import", arguments[1:]).get("/reg", process.view))
    content = machine.files.read(process.path(arguments[0]))
    if content is None:
        raise Refused(_NO_FILE)
    try:
        sections = reg_file.read(content)
    except reg_file.BadFile as error:
        raise Refused(f"(lab) {error}") from error
    for section in sections:
        path = machine.registry.locate(section.key, view)
        machine.make_key(path)
        for found in section.assignments:
            _assign(process, path, found)
    # As Windows does, although nothing is wrong.
    process.complain(machine.texts.success)
    return 0


def _export(process: Process, request: Request) -> int:
    machine = process.machine
    machine.check_read(request.path)
    if machine.registry.node(request.path) is None:
        raise Refused(machine.texts.not_found)
    place = process.path(process.argv[3])
    if machine.files.exists(place) and "/y" not in request.options:
        raise NotModelled("reg export over a file without /y")
    walked = _walk(process, request.path, request.shown)
    try:
        machine.files.write(place, reg_file.write((shown, node.values.values()) for shown, node in walked))
    except MissingDirectory as error:
        raise Refused(_NOT_WRITTEN) from error
    process.print(machine.texts.success)
    return 0


def _assign(process: Process, path: Path, found: reg_file.Assignment) -> None:
    if found.type:
        process.machine.write(path, Value(found.name, found.type, found.data))
    elif process.machine.registry.value(path, found.name) is not None:
        process.machine.delete(path, found.name)


def _confirmed(process: Process, question: str, options: Mapping[str, str]) -> bool:
    if "/f" in options:
        return True
    process.streams.out.append(question)
    return process.streams.read().strip().lower().startswith(process.machine.texts.yes)


_ACTIONS: Mapping[str, Callable[[Process, Request], int]] = {
    "query": _query,
    "add": _add,
    "delete": _delete,
    "export": _export,
}
