# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The onboarding package as a file of the user's: what is taken for one, and what is shown of it."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from pathlib import Path

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import InvalidOption
from ansible_collections.mde.connectivity.plugins.plugin_utils._streamlined._package import LIMIT, load

SCRIPT = b"@echo off\r\nreg add x /d secret\r\n"


def archive(method: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, data in members.items():
            made.writestr(name.replace("_", "."), data)
    return buffer.getvalue()


def written(directory: Path, name: str, data: bytes) -> Path:
    path = directory / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.cmd", SCRIPT),
        ("a.CMD", SCRIPT),
        ("a.zip", archive(a_cmd=SCRIPT)),
        ("a.zip", archive(r_txt=b"x", a_CMD=SCRIPT)),
    ],
)
def test_a_script_or_the_archive_of_one_is_a_package_and_shows_its_hash_only(
    tmp_path: Path, name: str, data: bytes
) -> None:
    package = load(written(tmp_path, name, data), "package")
    assert package.script == SCRIPT
    assert package.report() == {"name": name, "sha256": hashlib.sha256(data).hexdigest()}
    assert "secret" not in repr(package)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.ps1", SCRIPT, "is neither Microsoft's onboarding script (.cmd) nor its archive (.zip)."),
        ("a.cmd", b"", "holds no script of cmd.exe: it is empty, or holds a zero byte."),
        ("a.cmd", SCRIPT.decode().encode("utf-16"), "holds no script of cmd.exe"),
        ("a.cmd", b"x" * (LIMIT + 1), f"has more than {LIMIT} bytes"),
        ("a.zip", SCRIPT, "is no archive that can be read: it is damaged or encrypted."),
        ("a.zip", archive(a_txt=SCRIPT), "holds 0 scripts (.cmd), and has to hold one."),
        ("a.zip", archive(a_cmd=SCRIPT, b_cmd=SCRIPT), "holds 2 scripts (.cmd), and has to hold one."),
        ("a.zip", archive(a_cmd=b"x" * (LIMIT + 1)), f"has more than {LIMIT} bytes."),
        ("a.zip", archive(zipfile.ZIP_BZIP2, a_cmd=SCRIPT), "is encrypted, or packed as Windows does not pack."),
        ("a.zip", archive(zipfile.ZIP_LZMA, a_cmd=SCRIPT), "is encrypted, or packed as Windows does not pack."),
        ("a.zip", archive(a_cmd=SCRIPT)[:-30], "is no archive that can be read"),
        ("a.zip", archive(WindowsDefenderATPOffboardingScript_cmd=SCRIPT), "is a package that offboards, by its name."),
        ("OffboardingX.cmd", SCRIPT, "is a package that offboards, by its name."),
    ],
)
def test_what_is_no_package_is_refused_with_its_option(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    with pytest.raises(InvalidOption, match=f"^package: .*{re.escape(reason)}"):
        load(written(tmp_path, name, data), "package")


def test_an_encrypted_or_damaged_archive_is_refused(tmp_path: Path) -> None:
    good = archive(a_cmd=SCRIPT)
    # The flag of encryption in the local and in the central head.
    central = good.index(b"PK\x01\x02")
    for at, size in ((6, 1), (central + 8, 1)):
        good = good[:at] + bytes([good[at] | 1]) + good[at + size :]
    with pytest.raises(InvalidOption, match="it is damaged or encrypted"):
        load(written(tmp_path, "a.zip", good), "package")
    # The method by which 7-Zip says that it has encrypted with AES.
    aes = good[: central + 10] + bytes([99]) + good[central + 11 :]
    with pytest.raises(InvalidOption, match="is encrypted, or packed as Windows does not pack"):
        load(written(tmp_path, "a.zip", aes), "package")


def test_every_cut_and_every_turned_byte_is_a_package_or_refused(tmp_path: Path) -> None:
    data = archive(a_cmd=SCRIPT)
    for at in range(len(data)):
        for broken in (data[:at], data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]):
            path = written(tmp_path, "a.zip", broken)
            try:
                found = load(path, "package").script
            except InvalidOption:
                continue
            assert found == SCRIPT


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match=r"^previous_package: the file .*none\.cmd can't be read: No such file"):
        load(tmp_path / "none.cmd", "previous_package")


def test_only_the_name_that_microsoft_gives_says_that_it_is_for_streamlined(tmp_path: Path) -> None:
    known = load(written(tmp_path, "GatewayWindowsDefenderATPOnboardingPackage.zip", archive(a_cmd=SCRIPT)), "package")
    other = load(written(tmp_path, "WindowsDefenderATPOnboardingPackage.zip", archive(a_cmd=SCRIPT)), "package")
    assert known.warning == ""
    assert "Nothing says of WindowsDefenderATPOnboardingPackage.zip from outside" in other.warning
