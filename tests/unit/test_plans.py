# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans are pure: what is reached needs no second change, and what is equal is not a change."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._antivirus_proxy import (
    Antivirus,
    AntivirusProxy,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._datacollection_proxy import (
    DataCollectionProxy,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._datacollection_values import (
    DataCollection,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import InvalidOption
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._state import State
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._windows import Sensor
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._winhttp_proxy import WinHttpProxy
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._winhttp_views import View, WinHttp
from ansible_collections.mde.connectivity.plugins.plugin_utils._settings._bypass_list import BypassList
from ansible_collections.mde.connectivity.plugins.plugin_utils._settings._proxy_list import ProxyList
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry import RegistryValue
from hypothesis import given
from hypothesis import strategies as st

WINHTTP = {"state": "present", "proxy": "proxy:8080", "bypass": None, "include_32bit": True}
DATA = {
    "state": "present",
    "server": "p.test:80",
    "disable_enterprise_auth_proxy": None,
    "prefer_static_proxy": None,
}

views = st.builds(
    View,
    st.none()
    | st.sampled_from(["proxy:8080", "PROXY:8080", "http=a:1;https=b:2", "what ever"]).map(ProxyList),
    st.lists(st.sampled_from(["<local>", "*.a.test", "10.*"])).map(tuple).map(BypassList),
    st.booleans(),
)
values = st.none() | st.builds(
    RegistryValue,
    st.sampled_from(["REG_SZ", "REG_EXPAND_SZ", "REG_MULTI_SZ"]),
    st.sampled_from(["p.test:80", "P.TEST:80", "", "%P%:80"]),
)
numbers = (
    st.none()
    | st.builds(RegistryValue, st.just("REG_DWORD"), st.sampled_from(["0x0", "0x1", "0x2"]))
    | values
)


@given(
    st.builds(WinHttp, views, views),
    st.sampled_from(["present", "absent"]),
    st.sampled_from([None, [], ["<local>", "*.b.test"], "10.*"]),
    st.booleans(),
)
def test_winhttp_is_reached_in_one_step(winhttp, state, bypass, include_32bit):
    wanted = {"proxy": "proxy:8080", "bypass": bypass} if state == "present" else {"proxy": None, "bypass": None}
    resource = WinHttpProxy({"state": state, "include_32bit": include_32bit, **wanted})
    before = State().with_parts(winhttp)
    change = resource.plan(before)
    assert bool(change.writes) == (change.after != before)
    again = resource.plan(change.after)
    assert (again.writes, again.after) == ((), change.after)


@given(
    st.builds(DataCollection, values, numbers, numbers),
    st.sampled_from(["present", "absent"]),
    st.sampled_from([None, "true", "false", "absent"]),
    st.sampled_from([None, "true", "false", "absent"]),
    st.booleans(),
)
def test_datacollection_is_reached_in_one_step(values, state, disable_auth, prefer, onboarded):
    options = {
        **DATA,
        "state": state,
        "server": "p.test:80" if state == "present" else None,
        "disable_enterprise_auth_proxy": disable_auth,
        "prefer_static_proxy": prefer,
    }
    before = State().with_parts(values, Sensor(onboarded, "auto"))
    change = DataCollectionProxy(options).plan(before)
    assert bool(change.writes) == (change.after != before)
    assert bool(change.reboot_reason) == (bool(change.writes) and onboarded)
    assert DataCollectionProxy(options).plan(change.after).writes == ()
    after = change.after.part(DataCollection)
    if prefer is None:
        assert after.prefer_static == values.prefer_static
    if disable_auth is None and state == "absent":
        assert after.disable_auth == values.disable_auth
    assert (prefer != "absent") or after.prefer_static is None
    assert (disable_auth != "absent") or after.disable_auth is None


urls = st.none() | st.builds(
    RegistryValue,
    st.sampled_from(["REG_SZ", "REG_EXPAND_SZ"]),
    st.sampled_from(["http://p.test:80", "HTTP://P.TEST:80/", "https://p.test:80", "a.test;*.b.test", ""]),
)


@given(
    st.builds(Antivirus, urls, urls, urls),
    st.none() | st.just("http://p.test:80"),
    st.none() | st.just("http://pac.test/p.pac"),
    st.sampled_from([None, [], "*.B.test, a.test", "a.test"]),
)
def test_the_proxy_of_the_antivirus_is_reached_in_one_step(values, proxy, pac_url, bypass):
    state = "present" if proxy or pac_url else "absent"
    options = {"state": state, "proxy": proxy, "pac_url": pac_url, "bypass": bypass if state == "present" else None}
    before = State().with_parts(values)
    change = AntivirusProxy(options).plan(before)
    assert bool(change.writes) == (change.after != before)
    assert AntivirusProxy(options).plan(change.after).writes == ()
    after = change.after.part(Antivirus)
    assert after.effective()["method"] == ("static" if proxy else "pac" if pac_url else "inherited")
    assert (after.proxy is None, after.pac is None) == (proxy is None, pac_url is None)
    if state == "present" and bypass is None:
        assert after.bypass == values.bypass
    if state == "absent" or bypass == []:
        assert after.bypass is None


SAME_PROXY = ["http://p.test:80", "HTTP://P.TEST:80", "http://p.test:80/"]


@pytest.mark.parametrize("stored", SAME_PROXY)
def test_another_spelling_of_the_same_proxy_of_the_antivirus_stays(stored):
    options = {"state": "present", "proxy": "http://p.test:80", "pac_url": None, "bypass": "b.test;a.test"}
    there = Antivirus(RegistryValue("REG_SZ", stored), None, RegistryValue("REG_SZ", "A.test;b.test"))
    assert AntivirusProxy(options).plan(State().with_parts(there)).writes == ()
    other = dataclasses.replace(there, proxy=RegistryValue("REG_SZ", "https://p.test:80"))
    assert len(AntivirusProxy(options).plan(State().with_parts(other)).writes) == 1


def test_a_bypass_that_is_not_given_is_kept_in_each_view():
    native = View(ProxyList("old:1"), BypassList(("a",)))
    wow64 = View(ProxyList("old:1"), BypassList(("b",)))
    change = WinHttpProxy(WINHTTP).plan(State().with_parts(WinHttp(native, wow64)))
    assert [write.command.text for write in change.writes] == [
        'netsh winhttp set proxy proxy-server="proxy:8080" bypass-list="a"',
        '%SystemRoot%\\SysWOW64\\netsh.exe winhttp set proxy proxy-server="proxy:8080" bypass-list="b"',
    ]
    assert any("32-bit view" in warning for warning in change.warnings)


def test_an_unreadable_view_is_never_as_desired():
    broken = View(None, BypassList(()), readable=False, raw=b"\x46")
    state = State().with_parts(WinHttp(broken, dataclasses.replace(broken)))
    change = WinHttpProxy({**WINHTTP, "state": "absent", "proxy": None}).plan(state)
    assert [write.command.text.split()[0] for write in change.writes] == [
        "netsh",
        "%SystemRoot%\\SysWOW64\\netsh.exe",
    ]


@pytest.mark.parametrize(
    ("resource", "options", "name"),
    [
        (WinHttpProxy, {**WINHTTP, "proxy": None}, "proxy"),
        (WinHttpProxy, {**WINHTTP, "proxy": "proxy:0"}, "proxy"),
        (WinHttpProxy, {**WINHTTP, "bypass": ["a b&c"]}, "bypass"),
        (DataCollectionProxy, {**DATA, "server": None}, "server"),
        (DataCollectionProxy, {**DATA, "server": "http://p:80"}, "server"),
    ],
)
def test_bad_options_are_named(resource, options, name):
    with pytest.raises(InvalidOption, match=f"^{name}: "):
        resource(options)
