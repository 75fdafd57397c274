# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ways in which a setting can be wrong, and how much of it a message may show."""

from __future__ import annotations

_SHOWN_CHARACTERS = 80
_CREDENTIAL_SIGNS = ("@", "%40", "\uff20", "\ufe6b")


class InvalidSetting(ValueError):
    """A value that a user wrote cannot be used; the message is one sentence for that user."""


class UnreadableValue(ValueError):
    """A registry value cannot be decoded; the message says what is wrong and at which byte offset."""


def may_hold_credentials(text: str) -> bool:
    """Say whether ``text`` holds an at sign in any spelling, so that it must not be shown."""
    return any(sign in text for sign in _CREDENTIAL_SIGNS)


def shown(text: str) -> str:
    """Return ``text`` in quotes for a message: at most 80 characters, printable ASCII, no credentials."""
    if may_hold_credentials(text):
        return "(not shown)"
    head = text[:_SHOWN_CHARACTERS]
    printable = "".join(char if " " <= char <= "~" else "?" for char in head)
    return f"'{printable}{'...' if len(text) > _SHOWN_CHARACTERS else ''}'"
