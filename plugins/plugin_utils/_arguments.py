# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the arguments of a task, in one sentence that names the option, the word and the right form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.module_utils.common.validation import (
    check_type_bool,
    check_type_dict,
    check_type_float,
    check_type_int,
)

from ._operator._meant import meant
from ._settings._errors import shown

Spec = Mapping[str, Mapping[str, Any]]

_TYPES: Mapping[str, tuple[Callable[[Any], object], str]] = {
    "bool": (check_type_bool, "neither true nor false"),
    "int": (check_type_int, "no whole number"),
    "float": (check_type_float, "no number"),
}


def trimmed(spec: Spec, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments without the blanks at both ends of texts, which belong to no value."""
    return {name: _trimmed(spec[name], value) if name in spec else value for name, value in given.items()}


def _trimmed(option: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, str):
        return value if option.get("no_log") else value.strip()
    if isinstance(value, list):
        return [_trimmed(option, part) for part in value]
    if isinstance(value, Mapping) and "options" in option:
        return trimmed(option["options"], value)
    if isinstance(value, Mapping) and option["type"] == "raw":
        return {name: _trimmed(option, part) for name, part in value.items()}
    return value


def mistake(module: str, spec: Spec, given: Mapping[str, Any], path: str = "") -> str | None:
    """The first mistake; path is empty, or the name of the option whose suboptions these are and a period."""
    unknown = sorted(set(given) - _names(spec))
    if unknown:
        hint = meant(unknown[0], _names(spec), path)
        known = f"{path[:-1] or 'it'} has {', '.join(spec)}" if spec else "it has none"
        wrong = ", ".join(f"{path}{name}" for name in unknown)
        return f"Unsupported option for mde.connectivity.{module}: {wrong}; {known}.{hint}"
    for name, option in spec.items():
        value = given.get(name)
        if value is None and option.get("required"):
            forms = f", and is one of {', '.join(option['choices'])}" if "choices" in option else ""
            return f"{path}{name}: it is missing; it is required{forms}."
        sentence = None if value is None else _wrong(module, f"{path}{name}", option, value)
        if sentence:
            return sentence
    return None


def _names(spec: Spec) -> set[str]:
    return {*spec, *(alias for option in spec.values() for alias in option.get("aliases", ()))}


def _wrong(module: str, path: str, option: Mapping[str, Any], value: Any) -> str | None:
    """What is wrong with the value of one option."""
    parts = value if option["type"] == "list" and isinstance(value, list) else [value]
    for part in parts:
        if "options" in option:
            content = check_type_dict(part) if isinstance(part, str) else part or {}
            sentence = mistake(module, option["options"], content, f"{path}.")
        else:
            sentence = _wrong_word(path, option, part)
        if sentence:
            return sentence
    return None


def _wrong_word(path: str, option: Mapping[str, Any], word: Any) -> str | None:
    said = "what is given" if option.get("no_log") else shown(str(word))
    check, kind = _TYPES.get(option.get("elements", option["type"]), (str, ""))
    try:
        check(word)
    except TypeError:
        return f"{path}: {said} is {kind}."
    choices = option.get("choices")
    # A list in one text, and what a choice is converted from, is the validator's to judge.
    if not choices or not isinstance(word, str) or word in choices or option["type"] != "str":
        return None
    return f"{path}: {said} is none of {', '.join(choices)}.{meant(word.lower(), choices)}"
