# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshot.xml is read by what its words mean, whatever its shape, and nothing that harms is unpacked."""

from __future__ import annotations

import io
import re
import tracemalloc
import zipfile

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._tool._rows import Unreadable
from ansible_collections.mde.connectivity.plugins.plugin_utils._tool._snapshot import (
    _XML_LIMIT,
    read_report,
    read_snapshot,
)

GOOD = "https://winatp-gw-weu.microsoft.com/test"
BAD = "https://winatp-gw-cus.microsoft.com/test"

# The same report, GOOD reached and BAD not listening, as different minds would write it down.
SHAPES = {
    "elements": f"""<Snapshot><Connections>
        <Connection><URL>{GOOD}</URL><Result><Name>resolved</Name><Status>listening</Status></Result></Connection>
        <Connection><URL>{BAD}</URL><Result><Name>resolved</Name><Status>not listening</Status></Result></Connection>
        </Connections><Process><Name>resolved</Name></Process></Snapshot>""",
    "attributes": f"""<s><CONNECTIONS><c url="{GOOD}" result="Name: resolved, Status: listening"/>
        <c url="{BAD}" result="Name: resolved, Status: unreachable, not listening"/></CONNECTIONS></s>""",
    "result first": f"""<s><Connections><e><Result name="Resolved" status="Listening"/><Url>{GOOD}</Url></e>
        <e><Result name="Resolved" status="NotListening"/><Url>{BAD}</Url></e></Connections></s>""",
    "flat": f"""<Connections><URL>{GOOD}</URL><Result>name resolved; status listening</Result>
        <URL>{BAD}</URL><Result>name resolved; status: isn't listening</Result></Connections>""",
    "namespaces": f"""<a:s xmlns:a="urn:one" xmlns:b="urn:two"><b:connections><b:list>
        <b:i><b:url>{GOOD}</b:url><a:x><b:result a:name="resolved" b:status="listening"/></a:x></b:i>
        <b:i><b:url>{BAD}</b:url><a:x><b:result a:name="resolved" b:status="non-listening"/></a:x></b:i>
        </b:list></b:connections></a:s>""",
    "named section": f"""<report><section name="Connections">
        <item><URL>{GOOD}</URL><Result><resolved>true</resolved><listening>yes</listening></Result></item>
        <item><URL>{BAD}</URL><Result><resolved>true</resolved><listening>no</listening></Result></item>
        </section></report>""",
    "one section each": f"""<r>
        <Connections><Url address="{GOOD}"><Result>Resolved, Listening</Result></Url></Connections>
        <Connections><Url address="{BAD}"><Result>Resolved, Failed to be listening</Result></Url></Connections></r>""",
    "keys": f"""<r><Connections>
        <u url="{GOOD}"><Result name="true" status="true"/></u>
        <u url="{BAD}"><Result name="true" status="false"/></u></Connections></r>""",
    "no result": f"""<r><Connections>
        <u><URL>{GOOD}</URL><name>resolved</name><status>listening</status></u>
        <u><URL>{BAD}</URL><name>resolved</name><status>listening: no</status></u></Connections></r>""",
}


def zipped(xml: bytes | str, name: str = "Snapshot.xml", **others: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, xml)
        for other, data in others.items():
            archive.writestr(other, data)
    return buffer.getvalue()


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_rows(shape: str):
    rows = read_snapshot(zipped(SHAPES[shape], log=b"x"))
    assert [(row.url, row.verdict, row.resolved, row.listening) for row in rows] == [
        (GOOD, "ok", True, True),
        (BAD, "failed", True, False),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encoding_is_that_of_the_file(encoding: str):
    name = "utf-16" if encoding == "utf-16" else "utf-8"
    data = f'<?xml version="1.0" encoding="{name}"?>{SHAPES["elements"]}'.encode(encoding)
    assert [row.verdict for row in read_snapshot(zipped(data, "Logs/SNAPSHOT.XML"))] == ["ok", "failed"]


@pytest.mark.parametrize(
    ("result", "resolved", "listening", "verdict"),
    [
        ("resolved", True, None, "unknown"),
        ("unresolved, listening", False, True, "failed"),
        ("could not be resolved", False, None, "failed"),
        ("hasn't been resolved", False, None, "failed"),
        ("resolved: false; listening=true", False, True, "failed"),
        ("resolved=true listening=false", True, False, "failed"),
        ("RESOLVED / LISTENING", True, True, "ok"),
    ],
)
def test_denials_are_understood(result: str, resolved: bool | None, listening: bool | None, verdict: str):
    (row,) = read_report(f'<Connections><u url="{GOOD}" result="{result}"/></Connections>'.encode())
    assert (row.resolved, row.listening, row.verdict) == (resolved, listening, verdict)
    assert result in row.said


@pytest.mark.parametrize(
    "xml",
    [
        "<Snapshot><Netzwerk><Adresse/></Netzwerk></Snapshot>",
        f"<Snapshot><Netzwerk><URL>{GOOD}</URL><Result>resolved listening</Result></Netzwerk></Snapshot>",
        f"<Snapshot><Connections><Netzwerk url='{GOOD}' result='erreichbar'/></Connections></Snapshot>",
    ],
)
def test_what_is_not_understood_is_said_with_the_names_that_were_found(xml: str):
    with pytest.raises(Unreadable, match="Nothing in Snapshot.xml was understood") as raised:
        read_report(xml.encode())
    assert "Snapshot, " in str(raised.value)
    assert "Netzwerk" in str(raised.value)


BOMB = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;">]><Connections>&c;</Connections>'
OUTSIDE = '<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]><Connections>&a;</Connections>'


@pytest.mark.parametrize("xml", [BOMB, OUTSIDE, '<!DOCTYPE b SYSTEM "b.dtd"><Connections/>'])
def test_entities_are_refused(xml: str):
    with pytest.raises(Unreadable, match="defines types or entities"):
        read_report(xml.encode())


@pytest.mark.parametrize(
    "xml", ["", "<a>", "<a></b>", "no xml", '<?xml version="1.0" encoding="klingon"?><a/>']
)
def test_what_is_no_xml_is_refused(xml: str):
    with pytest.raises(Unreadable, match="can't be read as XML"):
        read_report(xml.encode())


def test_a_report_that_unpacks_too_far_is_refused():
    bomb = zipped(b" " * (_XML_LIMIT + 1))
    assert len(bomb) < 100_000
    with pytest.raises(Unreadable, match=f"unpacks to more than {_XML_LIMIT} bytes"):
        read_snapshot(bomb)


def test_a_size_that_the_archive_lies_about_is_refused():
    whole = zipped(b" " * (_XML_LIMIT + 1))
    lie = whole.replace((_XML_LIMIT + 1).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lie != whole
    with pytest.raises(Unreadable):
        read_snapshot(lie)


def encrypted() -> bytes:
    data = bytearray(zipped("<a/>"))
    # The flag "encrypted" in the local header and in the directory.
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def unknown_method() -> bytes:
    data = bytearray(zipped("<a/>"))
    data[8:10] = b"\x63\x00"
    start = data.index(b"PK\x01\x02")
    data[start + 10 : start + 12] = b"\x63\x00"
    return bytes(data)


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        b"PK\x03\x04",
        b"\x00" * 1000,
        zipped(SHAPES["flat"])[:-10],
        zipped(SHAPES["flat"]).replace(b"Snapshot.xml", b"Snapshot\0xml", 1),
        zipped(SHAPES["flat"])[:60] + b"\xff" * 20 + zipped(SHAPES["flat"])[80:],
        encrypted(),
        unknown_method(),
    ],
)
def test_what_is_no_archive_is_refused(archive: bytes):
    with pytest.raises(Unreadable, match="can't be read as a ZIP archive|packed in a way that Windows does not use"):
        read_snapshot(archive)


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (zipped("<a/>", "Other.xml"), "0 among 1: Other.xml"),
        (zipped("<a/>", "a/Snapshot.xml", **{"b\\snapshot.XML": b"<a/>"}), "2 among 2"),
        (zipped("<a/>", **{f"f{number}": b"" for number in range(1001)}), "1 among 1002"),
    ],
)
def test_one_report_among_few_files_is_expected(archive: bytes, said: str):
    with pytest.raises(Unreadable, match=re.escape(said)):
        read_snapshot(archive)


@pytest.mark.parametrize("count", [50, 200_000])
def test_a_report_is_read_as_deep_as_any_is(count):
    deep = f"<Connections>{'<a>' * count}<u url='{GOOD}' result='resolved listening'/>{'</a>' * count}</Connections>"
    if count < 100:
        assert [row.verdict for row in read_report(deep.encode())] == ["ok"]
        return
    with pytest.raises(Unreadable, match="more than 100 levels deep"):
        read_report(deep.encode())


@pytest.mark.parametrize("each", ["<u url='x' result='resolved'/>", "<url>x</url><result>resolved</result>"])
def test_a_report_is_read_as_wide_as_any_is(each):
    assert len(read_report(f"<Connections>{each * 1000}</Connections>".encode())) == 1000
    with pytest.raises(Unreadable, match="1001 URLs, and no more than 1000"):
        read_report(f"<Connections>{each * 1001}</Connections>".encode())


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bomb_takes_no_more_memory_than_the_limit_allows(method):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive, archive.open("Snapshot.xml", "w") as stream:
        for _megabyte in range(8 if method == zipfile.ZIP_STORED else 32):
            stream.write(bytes(1 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable, match="more than 4194304 bytes|packed in a way"):
            read_snapshot(packed.getvalue())
        assert tracemalloc.get_traced_memory()[1] < 24 << 20
    finally:
        tracemalloc.stop()


def test_no_credentials_of_a_report_are_shown():
    xml = f"<Connections><u url='{GOOD}' result='resolved via user:secret@p.test'/></Connections>"
    (row,) = read_report(xml.encode())
    assert "secret" not in row.said
