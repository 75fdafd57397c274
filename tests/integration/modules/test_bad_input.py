# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input never reaches the endpoint: one clear sentence that names the option, and not one request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.site import Site, task

SECRET = "S3cr3t-Pass"
NASTY = [
    "p.test:0",
    "p.test:70000",
    "p.test:",
    "p.test:http",
    "p.test:80:80",
    "ftp=",
    "fake=p.test:80",
    "https://p.test:80",
    f"user:{SECRET}@p.test:80",
    f"http://user:{SECRET}@p.test:80",
    'p".test:80',
    "p'.test:80",
    "%PATH%:80",
    "p.test:80&calc",
    "p.test:80|calc",
    "p^.test:80",
    "p.test:80>x",
    "p.test:80\nnext",
    "p.test:80\r\nnext",
    "p.test\0:80",
    "pröxy.test:80",
    "プロキシ:80",
    "p!x!.test:80",
    "$(calc):80",
    "`calc`:80",
    "-p.test:80",
    "p..test:80",
    "[::1:80",
    "[::g]:80",
    "x" * 10_000,
]
SERVERS = [*NASTY, "p.test", "http://p.test:80", "p.test:80;q.test:80", "p .test:80", " ", "http=p.test:80"]
PROXY_URLS = [
    *(f"http://{bad}" for bad in NASTY),
    "p.test:80",
    "http://p.test",
    "ftp://p.test:80",
    "http://p.test:80/proxy.pac",
    "http://p.test:80;http://q.test:80",
    " ",
]
PAC_URLS = ["p.test/p.pac", "file:///c:/p.pac", f"http://p.test/p.pac?key={SECRET}", "http:///p.pac", " "]
PAC_URLS += [f"http://p.test/{bad}" for bad in ('"', "%50", "a b", "a&calc", "\u00fc", "a\nb")]
BYPASSES = [
    'a"b',
    "a&b",
    "a|b",
    "a^b",
    "%TEMP%",
    "a\nb;c\0",
    "ümlaut.test",
    "<remote>",
    "http://a.test/",
    "10.0.0.0/8",
    f"user:{SECRET}@a.test",
    "!x!",
    "x" * 10_000,
]
# Ansible's own validator crashes on some of these, and does not name the option for others.
NO_DICTIONARIES = [5, True, "p.test:80", "{1: 2}", "{", ["x"], [5], [None], [["x"]]]
WRONG: list[tuple[str, dict[str, Any], str]] = [
    *(("winhttp_proxy", {"proxy": bad}, "proxy") for bad in NASTY),
    *(("datacollection_proxy", {"server": bad}, "server") for bad in SERVERS),
    *(("antivirus_proxy", {"proxy": bad}, "proxy") for bad in PROXY_URLS),
    *(("antivirus_proxy", {"pac_url": bad}, "pac_url") for bad in PAC_URLS),
    *(("antivirus_proxy", {"proxy": "http://p.test:80", "bypass": [bad]}, "bypass") for bad in BYPASSES),
    ("antivirus_proxy", {"bypass": ["a.test"]}, "proxy"),
    ("antivirus_proxy", {"state": "absent", "pac_url": "http://p.test/p.pac"}, "state"),
    *(("winhttp_proxy", {"proxy": "p.test:80", "bypass": [bad]}, "bypass") for bad in BYPASSES),
    ("winhttp_proxy", {"proxy": {"http": "p.test:80", "gopher": "q.test:1"}}, "proxy"),
    ("winhttp_proxy", {"proxy": ["p.test:80"]}, "proxy"),
    ("winhttp_proxy", {"proxy": "p.test:80", "bypass": 5}, "bypass"),
    ("winhttp_proxy", {"proxy": "p.test:80", "stat": "present"}, "stat"),
    ("winhttp_proxy", {"proxy": "p.test:80", "state": "enabled"}, "state"),
    ("wpad", {"scope": ["system"]}, "state"),
    ("wpad", {"state": "enabled", "scope": ["everyone"]}, "scope"),
    ("wpad", {"state": "enabled", "scope": ['S-1-5-21-1"&calc']}, "scope"),
    ("wpad", {"state": "enabled", "manual_settings": "delete"}, "manual_settings"),
    ("winhttp_import_ie", {"source": ""}, "source"),
    ("winhttp_import_ie", {"source": "a\nb"}, "source"),
    (
        "datacollection_proxy",
        {"server": "p.test:80", "prefer_static_proxy": "perhaps"},
        "prefer_static_proxy",
    ),
    ("endpoint_proxy", {"method": "pac"}, "method"),
    ("endpoint_proxy", {"method": "winhttp"}, "method"),
    ("endpoint_proxy", {"method": "static", "datacollection_proxy": {"state": "absent"}}, "method"),
    ("endpoint_proxy", {"winhttp_proxy": {"proxy": "p:1"}, "winhttp_import_ie": {}}, "winhttp_import_ie"),
    ("endpoint_proxy", {"datacollection_proxy": {"server": "p.test"}}, "datacollection_proxy.server: "),
    ("endpoint_proxy", {"antivirus_proxy": {"proxy": "p.test:80"}}, "antivirus_proxy.proxy: "),
    *(("endpoint_proxy", {"wpad": bad}, "wpad must be a dictionary") for bad in NO_DICTIONARIES),
    *(("reachability", {"urls": bad}, "urls") for bad in [5, True, [5], [["x"]], [None]]),
    ("endpoint_info", {"everything": True}, "everything"),
    ("winhttp_proxy", {"proxxy": "p.test:80"}, "proxy, bypass, include_32bit. Did you mean proxy?"),
    ("endpoint_proxy", {"wpad": {"stat": "enabled"}}, "wpad.stat; wpad has state, "),
    ("endpoint_proxy", {"wpad": {"stat": "enabled"}}, "Did you mean wpad.state?"),
    ("reachability", {"urls": [{"ur": "https://a.test/"}]}, "Did you mean urls.url?"),
]


@pytest.mark.simulated
def test_every_bad_option_is_refused_by_name_before_anything_is_sent(simulated: Callable[..., Site]) -> None:
    site = simulated()
    run = site.run(*(task(name, options) for name, options, dummy in WRONG), ignore_errors=True)
    assert len(run.outcomes) == len(WRONG), run.output[-2000:]
    for outcome, (name, options, option) in zip(run.outcomes, WRONG, strict=True):
        message = outcome.result.get("msg", "")
        assert outcome.status == "failed", (name, str(options)[:200])
        assert option in message, (message, str(options)[:200])
        assert len(message) < 500
        assert "\n" not in message
        assert "Traceback" not in message
        assert SECRET not in message
    assert site.lab.account(site.name).requests == 0
    for text in (run.output, str([outcome.result for outcome in run.outcomes])):
        assert SECRET not in text
        assert "Traceback" not in text
        assert "An exception occurred" not in text
