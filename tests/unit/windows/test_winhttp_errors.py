# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WinHTTP's error numbers: the same name for a number and for both ways of writing its HRESULT."""

from __future__ import annotations

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._winhttp_errors import (
    NAMES,
    name_of,
    number_of,
)


@pytest.mark.parametrize("number", NAMES)
def test_a_number_and_its_hresults_have_one_name(number):
    unsigned = 0x80070000 + number
    assert name_of(number) == name_of(unsigned) == name_of(unsigned - (1 << 32)) == NAMES[number]
    assert number_of(unsigned) == number_of(unsigned - (1 << 32)) == number


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0x80072EE7, "ERROR_WINHTTP_NAME_NOT_RESOLVED"),
        (-2147012867, "ERROR_WINHTTP_CANNOT_CONNECT"),
        (12175, "ERROR_WINHTTP_SECURE_FAILURE"),
        # Missing until they were compared with winhttp.h again.
        (12153, "ERROR_WINHTTP_INVALID_HEADER"),
        (0x80072F9F, "ERROR_WINHTTP_GLOBAL_CALLBACK_FAILED"),
        (12192, "ERROR_WINHTTP_FEATURE_DISABLED"),
        (12193, "ERROR_WINHTTP_FAST_FORWARDING_NOT_SUPPORTED"),
    ],
)
def test_numbers_that_people_look_up(code, name):
    assert name_of(code) == name


@pytest.mark.parametrize("code", [0, 5, 200, 12003, -1, 0x80072EE6 + 0x10000, 0x80070005])
def test_what_is_no_error_of_winhttp_has_no_name(code):
    assert name_of(code) is None


@pytest.mark.parametrize("code", [0, 400, 12007, -1, 0x80080000])
def test_what_is_no_win32_hresult_stays(code):
    assert number_of(code) == code
