# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kept inputs of the fuzzer, and what hypothesis makes of them: no target raises what it does not document."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import NEXT, TARGETS, TOKEN, corpus
from tests.unit.growth import assert_linear

KEPT = [(name, path) for name in TARGETS for path in corpus(name)]
PIECES = [
    TOKEN, NEXT.encode(), b"\0", b"\xff", b"\x1b[2J", b"\xe2\x80\xae", b"9" * 5000, b"[" * 2000, b" ", b"%40", b"@",
]  # fmt: skip


@pytest.mark.parametrize(("name", "path"), KEPT, ids=lambda value: value.name if isinstance(value, Path) else value)
def test_a_kept_input_is_answered_as_documented(name: str, path: Path) -> None:
    TARGETS[name](path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_has_kept_inputs_that_are_plain_and_small(name: str) -> None:
    kept = corpus(name)
    assert len(kept) >= 4
    assert max(path.stat().st_size for path in kept) < 20_000


USER = "HKEY_USERS\\S-1-5-21-1-2-3-1001\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings"
LINES = {
    "analyzer": ("Testing URL : https://a.test/\n1 - Named proxy (", [" ", ":", "succeeded(", "(", ")", "1.", "x"]),
    "registry": (f"\n{USER}\n    AutoConfigURL    REG_SZ    ", [" ", "    ", "    REG_SZ", ":", "%40", "x", "S-1-"]),
}  # fmt: skip


@pytest.mark.parametrize("name", LINES)
def test_a_line_takes_time_that_grows_with_its_length_and_not_with_its_square(name: str) -> None:
    head, units = LINES[name]
    for unit in units:
        assert_linear(lambda text: TARGETS[name](text.encode()), head + unit * 2_000, head + unit * 32_000)


@pytest.mark.parametrize("name", TARGETS)
def test_no_mixture_of_the_kept_inputs_breaks_a_target(name: str) -> None:
    seeds = [path.read_bytes() for path in corpus(name)]

    @st.composite
    def mixed(draw: st.DrawFn) -> bytes:
        data = draw(st.sampled_from(seeds))
        for _step in range(draw(st.integers(1, 3))):
            start = draw(st.integers(0, len(data)))
            end = draw(st.integers(start, len(data)))
            other = draw(st.sampled_from(seeds) | st.sampled_from(PIECES) | st.binary(max_size=8))
            data = data[:start] + other * draw(st.integers(0, 2)) + data[end:]
        return data[:40_000]

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(mixed())
    def held(data: bytes) -> None:
        TARGETS[name](data)

    held()
