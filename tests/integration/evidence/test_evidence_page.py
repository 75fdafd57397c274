# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a run over 1,000 hosts in a headless Chromium that has no network."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._page import page
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._summary import (
    Head,
    line_of,
    summary_of,
)

from tests import needs
from tests.integration.evidence.browser import Browser
from tests.unit.evidence.fleet import DIGEST, fleet

HOSTS = 1000
SECONDS = 2
LARGE = 5000
LARGE_SECONDS = 3
ENDED = "984 of 1000 are in the planned state and verified, 8 rolled back, 4 unverified, 4 failed."
ROWS = 'document.querySelectorAll("#matrix tbody tr[aria-level]")'

pytestmark = [
    pytest.mark.simulated,
    needs.chromium,
]


def write_page(path: Path, hosts: int, incomplete: bool = False, expected: int = HOSTS) -> Path:
    head = Head(
        "20260131T120000Z-5f1c0a7e", "alice", "2026-01-31T12:00:00Z", "CHG0001", DIGEST, "2026-01-31T12:34:10Z",
        incomplete, expected,
    )  # fmt: skip
    summary = summary_of(head, [line_of(record) for record in fleet(hosts)])
    path.write_text(page(summary, fleet(hosts)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(tmp_path_factory.mktemp("page") / "index.html", HOSTS)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


@pytest.fixture
def browser(chromium: Browser, html: Path) -> Iterator[Browser]:
    """The page, newly opened; whatever a test does with it, nothing is asked for and nothing goes wrong."""
    chromium.requests.clear()
    chromium.complaints.clear()
    chromium.look(1440, 1000, "light")
    chromium.open(html)
    yield chromium
    assert chromium.complaints == []
    assert set(chromium.requests) == {html.as_uri()}


def rows(browser: Browser) -> list[str]:
    found: list[str] = browser.ask(f"[...{ROWS}].map(row => row.innerText)")
    return found


def focused(browser: Browser) -> str:
    text: str = browser.ask("document.activeElement.innerText || document.activeElement.id")
    return text


def type_in(browser: Browser, text: str) -> None:
    browser.send("Input.insertText", text=text)


def test_it_loads_in_time(browser: Browser, html: Path) -> None:
    began = time.monotonic()
    browser.open(html)
    assert time.monotonic() - began < SECONDS
    assert browser.ask("performance.now()") < SECONDS * 1000
    assert html.stat().st_size < 2_000_000
    assert browser.ask('document.getElementById("shown").textContent').startswith("1,000 hosts in ")


def test_five_thousand_hosts_load_in_time(chromium: Browser, tmp_path: Path) -> None:
    path = write_page(tmp_path / "large.html", LARGE, expected=LARGE)
    began = time.monotonic()
    chromium.open(path)
    assert time.monotonic() - began < LARGE_SECONDS
    assert chromium.ask('document.getElementById("shown").textContent').startswith("5,000 hosts in ")


def told(browser: Browser, selector: str) -> list[str]:
    found = browser.ask(f"[...document.querySelectorAll('{selector}')].map(node => node.innerText)")
    return [" ".join(text.split()) for text in found]


def test_the_first_line_says_how_it_ended(browser: Browser) -> None:
    assert told(browser, "h1") == [ENDED]
    assert told(browser, "#kind")[0].lower() == "mde.connectivity · rollout evidence · change chg0001"


def test_what_changed_is_said_in_words_with_counts(browser: Browser) -> None:
    (changed,) = told(browser, "#changes .batch")
    assert changed.startswith("988 proxy that wins no proxy → static proxy.example.com:8080 WinHTTP proxy of")
    assert "WPAD of SYSTEM on → off" in changed
    assert "counter" not in changed
    assert told(browser, "#changes-note") == ["Of 4 hosts it is not known what they hold now."]
    browser.ask("document.querySelector('#changes button').click()")
    assert told(browser, "#shown")[0].startswith("988 hosts in ")


def test_what_failed_is_told_by_cause(browser: Browser) -> None:
    causes = told(browser, "#causes .batch")
    assert [cause.split(" win-")[0] for cause in causes] == [
        "4 Failed: The endpoint is unreachable, and nothing was written: timed out while connecting to port 5986",
        "4 Unverified: Service URLs not reached by way of proxy.example.com:8080: proxy_denied",
        "4 Unverified: Service URLs not reached by way of proxy.example.com:8080: not_tried",
        "4 Rolled back: Service URLs not reached by way of proxy.example.com:8080: tls_intercepted",
        "4 Rolled back: Service URLs not reached by way of proxy.example.com:8080: name_not_resolved",
    ]
    browser.ask("document.querySelectorAll('#causes button')[3].click()")
    assert told(browser, "#shown") == ["4 hosts in 1 row"]


@pytest.mark.parametrize("width", [420, 1400])
def test_no_reason_is_cut(browser: Browser, width: int) -> None:
    browser.look(width, 900, "light")
    cut = """[...document.querySelectorAll("#matrix td.why")].filter(cell => {
      const box = cell.getBoundingClientRect();
      return cell.scrollWidth > cell.clientWidth || box.width === 0 || box.right > innerWidth;
    }).length"""
    assert browser.ask(cut) == 0
    browser.ask(f"{ROWS}[0].scrollIntoView()")
    assert "timed out while connecting to port 5986" in rows(browser)[0]


def test_the_worst_comes_first_and_equal_hosts_are_one_row(browser: Browser) -> None:
    shown = rows(browser)
    assert len(shown) < 20
    assert "Failed" in shown[0]
    assert "4 hosts" in shown[0]
    assert "OK" in shown[-1]
    tiles = browser.ask('[...document.querySelectorAll(".tile")].map(tile => tile.innerText)')
    words = [" ".join(tile.split()) for tile in tiles]
    assert words == ["984 OK", "8 Rolled back", "4 Unverified", "4 Failed", "20 With warnings"]


def test_every_host_is_there_when_they_are_not_grouped(browser: Browser) -> None:
    browser.ask('document.getElementById("grouped").click()')
    names = browser.ask(f'[...{ROWS}].map(row => row.querySelector("b").textContent)')
    assert len(names) == len(set(names)) == HOSTS
    assert browser.ask('document.querySelectorAll("#matrix tbody svg").length') == HOSTS


def test_the_filter_finds_by_host_reason_and_url(browser: Browser) -> None:
    browser.press("/")
    assert focused(browser) == "filter"
    type_in(browser, "win-0042")
    assert len(rows(browser)) == 1
    browser.press("Escape")
    assert len(rows(browser)) > 1
    type_in(browser, "unreachable")
    assert [row.split()[:2] for row in rows(browser)] == [["win-0018", "4"]]
    browser.press("Escape")
    type_in(browser, "crl.example.com")
    assert browser.ask('document.getElementById("shown").textContent') == "4 hosts in 1 row"
    browser.press("Escape")
    type_in(browser, "no such host")
    assert rows(browser) == []


def test_verdict_and_batch_filter(browser: Browser) -> None:
    browser.ask("document.querySelector('[data-status=rolled_back]').click()")
    assert all("Rolled back" in row for row in rows(browser))
    browser.ask("document.querySelector('#batches button').click()")
    assert rows(browser) == []
    browser.ask("document.querySelector('[data-status=rolled_back]').click()")
    assert [row.split()[0] for row in rows(browser)] == ["win-0001"]


def test_keys_move_open_and_close(browser: Browser) -> None:
    browser.press("/")
    type_in(browser, "rolled")
    browser.press("ArrowDown")
    first = focused(browser)
    assert "Rolled back" in first
    browser.press("ArrowDown")
    assert focused(browser) != first
    browser.press("ArrowUp", "Enter")
    assert browser.ask(f'{ROWS}[0].getAttribute("aria-expanded")') == "true"
    browser.press("ArrowDown")
    assert browser.ask('document.activeElement.getAttribute("aria-level")') == "2"
    assert browser.ask('document.querySelector(".panel")') is None
    browser.press("Enter")
    panel = browser.ask('document.querySelector(".panel").innerText')
    assert "those from before" in panel
    assert "reg add" in panel
    browser.press("Enter")
    assert browser.ask('document.querySelectorAll(".panel").length') == 0
    browser.press("Home", "Enter")
    assert len(rows(browser)) == 2


def test_tab_comes_to_everything_and_once_to_the_hosts(browser: Browser) -> None:
    stops = []
    for _number in range(40):
        browser.press("Tab")
        stops.append(browser.ask("document.activeElement.id || document.activeElement.tagName"))
    assert {"print", "filter", "batch", "grouped", "BUTTON", "TR"} <= set(stops)
    assert stops[: stops.index("TR") + 2].count("TR") == 1


def test_a_host_shows_what_changed(browser: Browser) -> None:
    browser.press("/")
    type_in(browser, "win-0042")
    browser.press("ArrowDown", "Enter")
    changed = browser.ask('[...document.querySelectorAll(".diff ins")].map(cell => cell.innerText)')
    assert "proxy.example.com:8080" in changed
    assert "static proxy.example.com:8080" in changed
    assert browser.ask('document.querySelectorAll(".requests tr").length') == 41
    heads = [title.lower() for title in told(browser, ".diff th")]
    assert heads[:4] == ["setting", "before", "planned", "now"]
    widths = browser.ask('[...document.querySelectorAll(".diff th")].slice(0, 4).map(cell => cell.offsetWidth)')
    assert min(widths) > 100, "each column can be read"


def test_what_can_be_used_has_a_name(browser: Browser) -> None:
    browser.press("/")
    browser.press("ArrowDown", "Enter")
    nodes = browser.send("Accessibility.getFullAXTree")["nodes"]
    roles = ("button", "searchbox", "combobox", "checkbox", "img", "image")
    used = [node for node in nodes if node["role"]["value"] in roles]
    assert len(used) > 10
    assert [node for node in used if not node["name"]["value"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(browser: Browser, scheme: str) -> None:
    browser.look(1440, 1000, scheme)
    ratio = """(() => {
      const light = text => {
        const parts = text.match(/[0-9.]+/g).slice(0, 3).map(n => n / 255)
          .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
      };
      const card = light(getComputedStyle(document.querySelector(".card")).backgroundColor);
      const texts = ".pill, .meta, .tile b, .link, #matrix td, #matrix th, .heads span";
      return [...document.querySelectorAll(texts)].map(node => {
        const text = light(getComputedStyle(node).color);
        return (Math.max(text, card) + 0.05) / (Math.min(text, card) + 0.05);
      });
    })()"""
    found = browser.ask(ratio)
    assert len(found) > 50
    assert min(found) >= 4.5
    assert (browser.ask("getComputedStyle(document.body).backgroundColor") == "rgb(15, 20, 26)") == (scheme == "dark")


def test_it_prints(browser: Browser) -> None:
    printed = browser.pdf()
    assert printed.startswith(b"%PDF")
    browser.send("Emulation.setEmulatedMedia", media="print")
    browser.send("Emulation.setDeviceMetricsOverride", width=1040, height=735, deviceScaleFactor=1, mobile=False)
    assert browser.ask("document.documentElement.scrollWidth") <= 1040
    assert browser.ask('getComputedStyle(document.querySelector("#print")).display') == "none"
    browser.send("Emulation.setEmulatedMedia", media="")


def test_a_narrow_window_does_not_scroll_sideways(browser: Browser) -> None:
    browser.look(420, 900, "light")
    assert browser.ask("document.documentElement.scrollWidth") <= 420


def test_a_killed_run_says_so(chromium: Browser, tmp_path: Path) -> None:
    chromium.open(write_page(tmp_path / "killed.html", 40, incomplete=True))
    text = chromium.ask('document.getElementById("banners").innerText')
    assert "incomplete" in text
    assert "960 Not started" in told(chromium, ".tile")


def test_a_page_without_hosts_opens(chromium: Browser, tmp_path: Path) -> None:
    chromium.complaints.clear()
    chromium.open(write_page(tmp_path / "empty.html", 0, incomplete=True))
    assert chromium.ask('document.querySelector("#matrix tbody").innerText') == "No host matches."
    assert chromium.complaints == []
