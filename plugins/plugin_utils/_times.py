# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock of plans and records, in UTC."""

from __future__ import annotations

import datetime

TIME = "%Y-%m-%dT%H:%M:%SZ"


def utc_now() -> datetime.datetime:
    """The time now, to the second."""
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def stamp(moment: datetime.datetime) -> str:
    """A time as it stands in a plan or a record."""
    return moment.strftime(TIME)


def parse(text: str) -> datetime.datetime:
    """The time of such a text; raises ValueError."""
    return datetime.datetime.strptime(text, TIME).replace(tzinfo=datetime.UTC)
