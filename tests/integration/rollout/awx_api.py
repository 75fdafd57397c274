# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of AWX's API as its importer awxkit asks for: lists, objects, and what hangs on them, on loopback."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

_TYPES = {
    "users": "user",
    "organizations": "organization",
    "teams": "team",
    "credential_types": "credential_type",
    "credentials": "credential",
    "notification_templates": "notification_template",
    "projects": "project",
    "inventories": "inventory",
    "inventory_sources": "inventory_source",
    "job_templates": "job_template",
    "workflow_job_templates": "workflow_job_template",
    "workflow_job_template_nodes": "workflow_job_template_node",
    "execution_environments": "execution_environment",
    "applications": "o_auth2_application",
    "schedules": "schedule",
    "system_job_templates": "system_job_template",
}
# Fields by which an object refers to another one, and the list that one is in.
_REFERENCES = {
    "organization": "organizations",
    "credential_type": "credential_types",
    "project": "projects",
    "inventory": "inventories",
    "execution_environment": "execution_environments",
    "unified_job_template": "job_templates",
    "workflow_job_template": "workflow_job_templates",
}
# What AWX takes when one is made.
_TEMPLATE = ("name", "description", "extra_vars", "limit", "survey_enabled", "allow_simultaneous")
_ASKS = ("ask_variables_on_launch", "ask_limit_on_launch")
_JOB = ("job_type", "inventory", "project", "playbook", "forks", "verbosity", "timeout", "execution_environment")
_NODE = ("extra_data", "all_parents_must_converge", "identifier", "unified_job_template", "workflow_job_template")
FIELDS = {
    "job_templates": (*_TEMPLATE, *_ASKS, *_JOB, "diff_mode", "job_slice_count"),
    "workflow_job_templates": (*_TEMPLATE, *_ASKS, "organization"),
    "workflow_job_template_nodes": _NODE,
}
ATTACHED = ("credentials", "success_nodes", "failure_nodes", "always_nodes")
_SINGLE = ("survey_spec", "create_approval_template")
_HANGING = {
    "job_templates": ("credentials", "survey_spec"),
    "workflow_job_templates": ("workflow_nodes", "survey_spec"),
    "workflow_job_template_nodes": ("success_nodes", "failure_nodes", "always_nodes", "create_approval_template"),
}
_PATH = re.compile(r"/api/v2/(?:(\w+)/(?:(\d+)/(?:(\w+)/)?)?)?")


class AwxApi:
    """A context manager; `objects` has every object by list and number, `hanging` what was hung on it."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in _TYPES}
        self.hanging: dict[tuple[str, int, str], Any] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def add(self, where: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Make an object in a list, and return it as AWX shows it."""
        number = len(self.objects[where]) + 1
        url = f"/api/v2/{where}/{number}/"
        related = {name: f"{url}{name}/" for name in _HANGING.get(where, ())}
        made = {"id": number, "type": _TYPES[where], "url": url, **fields, "related": related}
        if where == "job_templates":
            # A job template is of the organization of its project.
            made["organization"] = self.objects["projects"][fields["project"]]["organization"]
        for field, there in _REFERENCES.items():
            if made.get(field) is not None:
                related[field] = f"/api/v2/{there}/{made[field]}/"
        self.objects[where][number] = made
        return made

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> tuple[int, Any]:
        """The status and the content of an answer."""
        match = _PATH.fullmatch(path)
        assert match, path
        where, number, part = match[1], int(match[2] or 0), match[3]
        if where is None:
            return 200, {("inventory" if name == "inventories" else name): f"{path}{name}/" for name in _TYPES}
        if part == "workflow_nodes":
            where, part, body = "workflow_job_template_nodes", None, {**(body or {}), "workflow_job_template": number}
            number = 0
        if method == "OPTIONS":
            types = {name: {"type": "id" if name in _REFERENCES else "string"} for name in FIELDS.get(where, ())}
            return 200, {"actions": {"POST": types}, "description": "", "search_fields": ["name"]}
        if part:
            return self._hang(method, (where, number, part), body)
        if number:
            return 200, self.objects[where][number]
        if method == "POST":
            return 201, self.add(where, body)
        return 200, _listed([made for made in self.objects[where].values() if _matches(made, query)])

    def _hang(self, method: str, where: tuple[str, int, str], body: Any) -> tuple[int, Any]:
        if where[2] in _SINGLE:
            self.hanging[where] = body
            return 200, {}
        attached = self.hanging.setdefault(where, [])
        if method == "POST":
            attached.append(body["id"])
            return 204, None
        return 200, _listed([{"id": number} for number in attached])


def _matches(made: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    return all(str(made.get(name)) == value for name, value in query.items())


def _listed(found: list[Any]) -> dict[str, Any]:
    return {"count": len(found), "next": None, "previous": None, "results": found}


def _handler(api: AwxApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            asked = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, content = api.answer(self.command, asked.path, dict(parse_qsl(asked.query)), body)
            text = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Allow", "GET, POST, HEAD, OPTIONS")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_OPTIONS = _answer  # the names that the base class looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as in the base class
            pass

    return Handler
