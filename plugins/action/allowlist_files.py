# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the service URLs for the administrators of a proxy, on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import EndpointAction
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import Refused
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._changes import changes
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._lists import lists_of, read, write
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import (
    InvalidRowError,
    ServiceFileError,
    UnknownChoiceError,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._service_tags import (
    InvalidServiceTags,
)


class ActionModule(EndpointAction):
    module = "allowlist_files"
    on_controller = True

    def _complete(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return self._with_files(arguments)

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        directory = Path(options["directory"]).expanduser()
        try:
            wanted = {directory / name: text for name, text in lists_of(options).items()}
        except (InvalidRowError, InvalidServiceTags, ServiceFileError, UnknownChoiceError) as error:
            raise Refused(str(error)) from None
        try:
            return self._written(directory, wanted)
        except OSError as error:
            raise Refused(f"{error.filename} can't be written: {error.strerror}.") from None

    def _written(self, directory: Path, wanted: Mapping[Path, str]) -> dict[str, Any]:
        before = {path: read(path) for path in wanted}
        changed = [path for path, text in wanted.items() if before[path] != text]
        if not self._task.check_mode:
            directory.mkdir(mode=0o755, parents=True, exist_ok=True)
            for path in changed:
                write(path, wanted[path])
        result: dict[str, Any] = {
            "changed": bool(changed),
            "files": list(map(str, wanted)),
            "written": list(map(str, changed)),
            "changes": {
                str(path): list(changes(before[path] or "", wanted[path])) for path in changed if before[path]
            },
        }
        if self._task.diff:
            result["diff"] = [
                {
                    "before_header": str(path),
                    "before": before[path] or "",
                    "after_header": str(path),
                    "after": wanted[path],
                }
                for path in changed
            ]
        return result
