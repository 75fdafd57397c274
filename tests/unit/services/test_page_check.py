# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A saved page against the data: tables of the five layouts, as Markdown and as HTML, in words of our own."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import built_in
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import Service
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._page import Published, published
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._page_check import (
    PAGES,
    UnknownPage,
    compare,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.data_check import DIFFERENT, SAME, UNREADABLE, main

Table = Sequence[Sequence[str]]
STANDARD_HEAD = [
    *("Service", "Geography", "Category", "Port", "Endpoint/URL", "Endpoint/URL Description", "Required or Optional"),
    *("Windows 10, 11; Server (Unified Agent)", "Windows 7, 8.1", "Windows Server (MMA Based)"),
    *("Mac", "Linux", "Comments"),
]
SHORT_HEAD = ["Service", "Port", "Endpoint/URLs", "Endpoint/URL Description", "Type", "Comments", "OS"]
OLDER_HEAD = [
    *("Service", "Geography", "Category", "Port", "Endpoint/URL", "Endpoint/URL Description"),
    *("Required / Optional", "Comments"),
]
AGENT_HEAD = ["Category", "Port", "Endpoint/URL", "Endpoint/URL Description", "Comments"]
RESOURCE_HEAD = ["Agent Resource", "Ports", "Direction", "Bypass HTTPS inspection"]
ELSEWHERE = [["URL", "Comment"], ["https://portal.example.com", "For a browser"]]


def markdown(table: Table) -> str:
    head, *rows = ["|" + "|".join(cells) + "|" for cells in table]
    return "\n".join([head, "|" + "-|" * len(table[0]), *rows, "", "Some words.", ""])


def page_of_html(table: Table) -> str:
    def cell(text: str) -> str:
        return "<td>" + html.escape(text).replace("&lt;br&gt;", "<br>") + "</td>"

    rows = "".join("<tr>" + "".join(map(cell, cells)) + "</tr>\n" for cells in table)
    return f"<!DOCTYPE html><html><body><p>Words</p><table>\n{rows}</table><p>More | words</p></body></html>"


# A table of each layout, and what it says.
LAYOUTS: dict[str, tuple[Table, list[Published]]] = {
    "standard": (
        [
            STANDARD_HEAD,
            ["A", "WW", "CRL", "80", "crl.example.com/pki/*", "Lists", "Required", "Yes", "", "", "Yes", "", ""],
            ["A", "US", "Common (Mac/Linux)", "443", "x.example.com", "Cloud", "Required", "", "", "", "Yes", "Yes"],
            # Rows of the government page leave cells out at their end.
            ["A", "GCC", "Storage", "443", "blob.example.com", "Samples", "Required", "Yes"],
            ["A", "WW", "Common", "443", "*ecs.example.com/Config/V1", "Settings", "Optional", "Yes"],
        ],
        [
            Published("crl.example.com", 80, "/pki/", True),
            Published("blob.example.com", 443, None, True),
            Published("*.ecs.example.com", 443, "/Config/V1", False),
            Published("ecs.example.com", 443, "/Config/V1", False),
        ],
    ),
    "streamlined": (
        [
            SHORT_HEAD,
            ["Core", "443", "*.example.com", "All of it", "Required", "", "All"],
            ["Web", "443", "*.a.example.com *.b.example.com<br>c.example.com", "Web", "Optional", "", "Windows"],
            ["", "", "d.example.com", "Below it", "Required", "", ""],
            ["Updates", "443", "packages.example.com", "Linux", "Required", "", "Linux"],
        ],
        [
            Published("*.example.com", 443, None, True),
            Published("*.a.example.com", 443, None, False),
            Published("*.b.example.com", 443, None, False),
            Published("c.example.com", 443, None, False),
            Published("d.example.com", 443, None, True),
        ],
    ),
    "1607 to 1803": (
        [
            OLDER_HEAD,
            ["A", "All", "Common", "443", "settings.example.com", "Settings", "Optional", "Up to 1703"],
            ["A", "US", "A US", "443", "us.example.com", "Samples", "Required", ""],
        ],
        [
            Published("settings.example.com", 443, None, False),
            Published("us.example.com", 443, None, True),
        ],
    ),
    "monitoring agent": (
        [AGENT_HEAD, ["A AU", "443", "a.example.com<br>b.example.com", "Control", "Required only for the agent"]],
        [Published("a.example.com", 443, None, None), Published("b.example.com", 443, None, None)],
    ),
    "agent resources": (
        [RESOURCE_HEAD, ["*.agent.example.com", "Port 443", "Outbound", "Yes"]],
        [Published("*.agent.example.com", 443, None, None)],
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("written", [markdown, page_of_html])
def test_each_layout_is_read_in_both_forms(layout: str, written: Callable[[Table], str]) -> None:
    table, wanted = LAYOUTS[layout]
    assert list(published(written(ELSEWHERE) + written(table) + written(ELSEWHERE))) == wanted


def test_escapes_links_and_code_are_no_part_of_a_host() -> None:
    table = [
        AGENT_HEAD,
        ["A", "443", r"\*.a.example.com `b.example.com` [c.example.com](https://d.example.com)", "", ""],
        ["A", "80", "http://www.example.com/pki/certs", "", ""],
    ]
    assert [(row.host, row.path) for row in published(markdown(table))] == [
        ("*.a.example.com", None),
        ("b.example.com", None),
        ("c.example.com", None),
        ("www.example.com", "/pki/certs"),
    ]


def of_page(page: str) -> list[Service]:
    return [service for file in built_in() for service in file.services if page in service.source]


def lines_of(services: Sequence[Service]) -> list[list[str]]:
    return [
        [
            *("A", "WW", "Common", str(each.port), f"{each.host}{each.path or ''}"),
            *("Words", "Required" if each.required else "Optional", "Yes"),
        ]
        for each in services
    ]


def page_with(lines: Table) -> str:
    return markdown([STANDARD_HEAD[:8], *lines])


@pytest.mark.parametrize("page", [page for page in PAGES if page != "configure-environment"])
def test_a_page_that_lists_the_data_differs_in_nothing_and_each_change_is_named(page: str) -> None:
    lines, name = lines_of(of_page(page)), f"{page}.md"
    assert len(lines) > 10
    assert compare(page_with(lines), name) == ()
    assert compare(page_of_html([STANDARD_HEAD[:8], *lines]), name) == ()
    more = [["A", "WW", "Common", "443", "new.example.com", "Words", "Required", "Yes"]]
    assert compare(page_with([*lines, *more]), name) == ("new: new.example.com:443, required",)
    host = "ctldl.windowsupdate.com" if page.startswith("standard") else "login.live.com"
    without = [line for line in lines if line[4] != host]
    port = "80" if page.startswith("standard") else "443"
    assert compare(page_with(without), name) == (f"gone: {host}:{port}",)
    moved = [[*line[:3], "8443", *line[4:]] if line[4] == host else line for line in lines]
    assert compare(page_with(moved), name) == (f"different: {host} has the port 8443 there and {port} here",)


def test_a_host_that_is_no_longer_required_is_different() -> None:
    page = "standard-device-connectivity-urls-commercial"
    lines = [
        [*line[:6], "Optional", line[7]] if line[4] == "events.data.microsoft.com" else line
        for line in lines_of(of_page(page))
    ]
    assert compare(page_with(lines), page) == (
        "different: events.data.microsoft.com is optional there and required here",
    )


def test_what_is_left_out_on_purpose_is_no_difference() -> None:
    page = "streamlined-device-connectivity-urls-commercial"
    names = (
        *("cdn.x.cp.wd.microsoft.com", "packages.microsoft.com", "login.windows.net"),
        "*.blob.core.windows.net/networkscannerstable/*",
        "fe3cr.delivery.mp.microsoft.com/ClientWebService/client.asmx",
    )
    more = [["A", "WW", "Common", "443", name, "Words", "Required", "Yes"] for name in names]
    assert compare(page_with([*lines_of(of_page(page)), *more]), page) == ()


@pytest.mark.parametrize(
    ("title", "page"),
    [
        ("# Product standard connectivity URLs - commercial", "standard-device-connectivity-urls-commercial"),
        ("<h1>Product streamlined connectivity URLs - US government</h1>", "streamlined-device-connectivity-urls-gov"),
    ],
)
def test_a_page_under_another_name_is_known_by_its_title(title: str, page: str) -> None:
    said = compare(f"{title}\n\n{page_with(lines_of(of_page(page)))}", "saved.htm")
    assert said == ()


def test_the_program_says_by_its_exit_code_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = "standard-device-connectivity-urls-gov"
    path = tmp_path / f"{page}.html"
    path.write_text(page_of_html([STANDARD_HEAD[:8], *lines_of(of_page(page))]), encoding="utf-8")
    assert main([str(path)]) == SAME
    assert capsys.readouterr().out == f"{page}.html lists what the collection has.\n"
    path.write_text(page_of_html([STANDARD_HEAD[:8], *lines_of(of_page(page))[1:]]), encoding="utf-8")
    assert main([str(path)]) == DIFFERENT
    assert capsys.readouterr().out.startswith("gone: ")


@pytest.mark.parametrize("text", ["", "# Something else\n", "# standard connectivity URLs - commercial\n\nWords.\n"])
def test_what_is_no_such_page_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    assert main([str(path)]) == UNREADABLE
    assert "page.md" in capsys.readouterr().err
    assert main([str(tmp_path / "missing.md")]) == main([]) == UNREADABLE


@given(st.text(alphabet="|-<>/tdrbleha. *\\\n0148", max_size=300))
def test_any_other_text_is_a_page_or_none(text: str) -> None:
    try:
        compare(text, "standard-device-connectivity-urls-gov")
    except UnknownPage:
        return
