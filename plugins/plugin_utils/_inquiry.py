# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every inquiry is: a question to an endpoint that leaves nothing behind."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, ClassVar

from ._windows._endpoint import Endpoint


class Inquiry(abc.ABC):
    """One question; options are validated module options, and name is that of the module.

    Raises InvalidOption for an option that its type alone could not refuse.
    """

    name: ClassVar[str]

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = options

    @classmethod
    def complete(cls, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The user's arguments in the form that the argument spec wants; called before they are validated."""
        return dict(arguments)

    @abc.abstractmethod
    def ask(self, endpoint: Endpoint) -> dict[str, Any]:
        """The answer as a task result shows it. Raises Refused and what Endpoint.run raises."""

    def check(self, endpoint: Endpoint) -> dict[str, Any]:
        """The answer in check mode; an inquiry that starts a program of the user's says here what it would start."""
        return self.ask(endpoint)
