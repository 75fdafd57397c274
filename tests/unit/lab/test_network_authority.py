# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The authority's certificates are ones that Wine takes."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from windows_lab.network.authority import Authority


def test_no_signature_has_a_short_number(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    # One in 128 would have: the chance that none of so many has is one in a hundred.
    for _time in range(600):
        authority.server_context(["a.lab.test"])
    files = list(tmp_path.glob("*.pem"))
    assert len(files) == 601
    for file in files:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        assert min(number.bit_length() for number in decode_dss_signature(certificate.signature)) > 248
