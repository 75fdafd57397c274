# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings of what a Windows machine answered: their files, what is taken out of them, and who answers from one."""

from __future__ import annotations

from windows_lab.recording.endpoints import NotRecorded, RecordedEndpoint, RecordingEndpoint
from windows_lab.recording.files import Exchange, Look, Machine, Recording, RecordingError
from windows_lab.recording.scrub import Scrubber

__all__ = [
    "Exchange",
    "Look",
    "Machine",
    "NotRecorded",
    "RecordedEndpoint",
    "Recording",
    "RecordingEndpoint",
    "RecordingError",
    "Scrubber",
]
