# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bench reads the peers' wrapper, and answers it as their modules would."""

from __future__ import annotations

import json

import pytest

from tests.bench import peers, work

LINE = "powershell -NoProfile -NonInteractive -ExecutionPolicy Unrestricted -EncodedCommand cABhAHIA"
END = "\n\0\0\0\0\n"


def wrapper(module: str, options: dict[str, object]) -> bytes:
    """Standard input in the shape in which ansible-core 2.21 sends it, with next to no scripts."""
    arguments = {**options, "_ansible_check_mode": False}
    action = {
        "name": "module_wrapper.ps1",
        "params": {
            "Script": f"ansible_collections.ansible.windows.plugins.modules.{module}.ps1",
            "Variables": [{"Name": "complex_args", "Value": arguments, "Scope": "Global"}],
        },
    }
    manifest = {"scripts": {"a": {"script": '"actions": '}}, "actions": [action], "signed_hashlist": []}
    return f'{{"name": "exec_wrapper"}}{END}{json.dumps(manifest)}{END}'.encode()


def test_the_wrapper_is_told_from_the_launcher_of_this_collection() -> None:
    assert peers.is_wrapper(LINE, b"{}")
    assert not peers.is_wrapper(LINE, b"")
    assert not peers.is_wrapper(LINE, b'request:{"format": 1}')
    assert not peers.is_wrapper("echo 1234abcd&reg query HKLM", b"{}")


def test_module_and_options_are_read() -> None:
    call = peers.read(wrapper("win_uri", {"url": 'https://a.test/"actions": '}))
    assert call == peers.Call("ansible.windows.win_uri", {"url": 'https://a.test/"actions": '})


@pytest.mark.parametrize("stdin", [b"", b"{}", b'"actions": [}', wrapper("..x", {})])
def test_what_is_no_wrapper_fails_aloud(stdin: bytes) -> None:
    endpoint = peers.PeerEndpoint(converged=True)
    done = endpoint.run(stdin)
    assert done.rc == 1
    assert b"does not know this wrapper" in done.stderr
    assert endpoint.calls == []


@pytest.mark.parametrize("converged", [True, False])
def test_a_setting_is_changed_where_the_endpoint_is_not_converged(converged: bool) -> None:
    done = peers.PeerEndpoint(converged).run(wrapper("win_http_proxy", {"proxy": "p:1"}))
    assert json.loads(done.stdout)["changed"] is not converged


def test_all_calls_of_the_play_are_what_is_asked() -> None:
    asked = peers.asked("peers")
    assert len(asked) == 6 + len(work.LIST)
    assert sum(key.startswith("ansible.windows.win_uri ") for key in asked) == len(work.LIST) == 41
    assert sum(key.startswith("ansible.windows.win_regedit ") for key in asked) == 2
    assert peers.asked("peers-settings") == asked[:6]
    *settings, script = peers.asked("peers-script")
    assert tuple(settings) == asked[:6]
    assert all(url in script for url in work.LIST)
