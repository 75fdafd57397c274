# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the variables of all hosts of a play before any of them is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._action import argument_spec, validated
from .._probe._reachability import Reachability
from .._resources._endpoint_proxy import EndpointProxy
from .._resources._resource import InvalidOption, Refused
from .._rollout._settings import VERIFY_DEFAULTS
from .._services._lists import lists_of
from .._services._model import REGIONS, InvalidRowError, ServiceFileError, UnknownChoiceError
from .._services._service_tags import InvalidServiceTags
from .._streamlined._migration import Migration, verification
from ._meant import few, meant
from ._packages import missing_package
from ._variables import FAMILIES, LEFT, PLAYBOOKS, PREFIXES, RUN, TRUTH, Family, first_batch

_SHOWN = 5
_CONNECTION = "ansible_connection"

Given = Mapping[str, Any]
Complete = Callable[[Given], dict[str, Any]]


class Mistake(Exception):
    """What a person set can't be used; the message has a sentence for each mistake."""


def is_ours(name: str) -> bool:
    """Whether a variable belongs to this collection by its name."""
    return name.startswith(PREFIXES)


def is_checked(name: str) -> bool:
    """Whether check wants to see a variable."""
    return is_ours(name) or name == _CONNECTION


def check(playbook: str, hosts: Iterable[tuple[str, Given]], count: int, complete: Complete) -> None:
    """Check the variables (those for which is_checked holds) of so many hosts; raises Mistake.

    complete makes of the names of files those of files that are there. What many hosts have in common is checked once.
    """
    found: dict[str, tuple[str, ...]] = {}
    wrong: dict[str, list[str]] = {}
    kinds: dict[str, tuple[str, Given]] = {}
    for host, given in hosts:
        key = json.dumps(given, sort_keys=True, default=str)
        if key not in found:
            found[key] = tuple(_mistakes(playbook, given, count, complete))
            kinds[key] = host, given
        for sentence in found[key]:
            wrong.setdefault(sentence, []).append(host)
    for sentence in _not_alike(playbook, list(kinds.values())):
        wrong[sentence] = [""] * count
    if wrong:
        said = [sentence if len(names) == count else f"{few(names)}: {sentence}" for sentence, names in wrong.items()]
        more = f" And {len(said) - _SHOWN} more mistakes." if len(said) > _SHOWN else ""
        raise Mistake(f"{' '.join(said[:_SHOWN])}{more} Nothing was read or changed.")


def _not_alike(playbook: str, kinds: Sequence[tuple[str, Given]]) -> Iterator[str]:
    """What is looked at once for all hosts, and is not the same for two of them."""
    for name in PLAYBOOKS[playbook].shared:
        first, value = kinds[0][0], kinds[0][1].get(name)
        for host, given in kinds[1:]:
            if given.get(name) != value:
                yield (
                    f"{name} holds for a whole run, and differs: {value!r} for {first}, {given.get(name)!r} for "
                    f"{host}. Set it with -e, or run the playbook for each of them."
                )
                break


def settings_of(family: Family, given: Given) -> dict[str, Any]:
    """The options of a family's module that variables ask for; null asks for nothing."""
    names = {name: f"{family.prefix}{name}" for name in argument_spec(family.module) if name not in family.less}
    return {name: given[full] for name, full in names.items() if given.get(full) is not None}


def _mistakes(playbook: str, given: Given, count: int, complete: Complete) -> Iterator[str]:
    unknown = sorted(name for name in given if is_ours(name) and name not in _known() and name not in _left())
    for name in unknown:
        yield _unknown(name)
    for name in sorted(set(given) & set(RUN)):
        if not RUN[name].test(given[name]):
            yield f"{name} is {given[name]!r}, and has to be {RUN[name].words}."
        elif name == "mde_batches" and playbook in ("rollout", "streamlined"):
            yield from _canary(given, count)
    for name in PLAYBOOKS[playbook].needs:
        if name not in given:
            yield f"{name} is not set, and has to be {RUN[name].words}."
    if PLAYBOOKS[playbook].reaches and (missing := missing_package(str(given.get(_CONNECTION)))):
        yield missing
    if not unknown:
        for family in PLAYBOOKS[playbook].families:
            yield from _CHECKS[family](given, complete)


def _known() -> list[str]:
    """All variables that a person may set."""
    return [*RUN, *(f"{family.prefix}{name}" for family in FAMILIES.values() for name in _options(family))]


def _options(family: Family) -> list[str]:
    return [name for name in (*argument_spec(family.module), *family.own) if name not in family.less]


def _left() -> list[str]:
    """What playbooks, roles and actions leave among the variables of a host."""
    return [*LEFT, *(f"{family.prefix}{name}" for family in FAMILIES.values() for name in family.registered)]


def _unknown(name: str) -> str:
    prefix = next(prefix for prefix in PREFIXES if name.startswith(prefix))
    kin = [known.removeprefix(prefix) for known in _known() if known.startswith(prefix)]
    names = ", ".join(f"{prefix}{known}" for known in sorted(kin))
    hint = meant(name.removeprefix(prefix), kin, prefix) or f" There are {names}."
    return f"{name} is no variable of mde.connectivity.{hint}"


def _canary(given: Given, count: int) -> Iterator[str]:
    first = first_batch(given["mde_batches"], count)
    if first > 1 and str(given.get("mde_first_batch_above_one", "")).lower() not in ("true", "yes", "on", "1"):
        yield (
            f"mde_batches begins with {first} of {count} endpoints, where one should show first that all is well. "
            "Begin with 1, or say that this is meant with -e mde_first_batch_above_one=true."
        )


def _endpoint_proxy(given: Given, _complete: Complete) -> Iterator[str]:
    family = FAMILIES["endpoint_proxy"]
    settings = settings_of(family, given)
    if not settings:
        yield f"Set one or more of {', '.join(f'{family.prefix}{name}' for name in _options(family))}."
        return
    yield from _tried(family, settings, EndpointProxy, EndpointProxy.complete)


def _endpoint_verify(given: Given, complete: Complete) -> Iterator[str]:
    family = FAMILIES["endpoint_verify"]
    own = {name: given[f"{family.prefix}{name}"] for name in family.own if f"{family.prefix}{name}" in given}
    for name, value in own.items():
        if family.own[name]["type"] == "bool" and not TRUTH.test(value):
            yield f"{family.prefix}{name} is {value!r}, and has to be {TRUTH.words}."
    for sentence in ArgumentSpecValidator(dict(family.own)).validate(own).error_messages:
        yield f"{family.prefix}*: {sentence}."
    settings = {**VERIFY_DEFAULTS, **settings_of(family, given)}
    yield from _tried(family, settings, _reachability, lambda a: complete(Reachability.complete(a)))


def _reachability(options: Given) -> None:
    # In a government cloud there is one region only, and without URLs of the service there is none.
    if options["service_urls"] and options["cloud"] == "commercial" and not options["regions"]:
        raise Refused(
            "Set endpoint_verify_regions to where the tenant keeps its data, one or more of "
            f"{', '.join(REGIONS[:-1])} and {REGIONS[-1]}, or to auto: hosts of other regions need not be reached. "
            "(In the playbook site, --skip-tags verify leaves the verification out.)"
        )
    Reachability(options)


def _service_allowlist(given: Given, complete: Complete) -> Iterator[str]:
    family = FAMILIES["service_allowlist"]
    settings = settings_of(family, given)
    if "directory" not in settings:
        yield "Set service_allowlist_directory to the directory on the controller in which the files are written."
        return
    yield from _tried(family, settings, _lists, complete)


def _streamlined(given: Given, complete: Complete) -> Iterator[str]:
    family, asked = FAMILIES["streamlined"], FAMILIES["endpoint_verify"]
    settings = settings_of(family, given)
    if not settings.get("package"):
        yield "Set streamlined_package to the file of the onboarding package for streamlined connectivity."
        return
    yield from _tried(family, settings, lambda options: Migration(options, {}), dict)
    yield from _tried(asked, verification(settings_of(asked, given)), Reachability, complete)


def _lists(options: Given) -> None:
    try:
        lists_of(options)
    except (InvalidRowError, InvalidServiceTags, ServiceFileError, UnknownChoiceError) as error:
        raise Refused(str(error)) from None


def _tried(family: Family, settings: Given, build: Callable[[Given], Any], complete: Complete) -> Iterator[str]:
    """What is wrong with settings: with one of them alone, or else with all of them together."""
    clean = True
    for name, value in settings.items():
        try:
            validated(family.module, {**_required(family, settings), **complete({name: value})})
        except (InvalidOption, Refused) as error:
            clean = False
            yield f"{family.prefix}{name}: {error}"
    if not clean:
        return
    try:
        build(validated(family.module, complete(settings)))
    except InvalidOption as error:
        yield f"{family.prefix}{error}"
    except Refused as error:
        yield str(error) if family.prefix in str(error) else f"{family.prefix}*: {error}"


def _required(family: Family, settings: Given) -> dict[str, Any]:
    return {name: settings[name] for name, option in argument_spec(family.module).items() if option.get("required")}


_CHECKS: Mapping[str, Callable[[Given, Complete], Iterator[str]]] = {
    "endpoint_proxy": _endpoint_proxy,
    "endpoint_verify": _endpoint_verify,
    "service_allowlist": _service_allowlist,
    "streamlined": _streamlined,
}
