/* Copyright: (c) 2026, The mde.connectivity authors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Has the machine trust the authority whose certificate (DER) is standard input.
 */
#include <windows.h>
#include <wincrypt.h>
#include <stdio.h>

static int failed(void)
{
    fprintf(stderr, "error %lu\r\n", GetLastError());
    return 1;
}

int main(void)
{
    BYTE certificate[65536];
    DWORD size = 0, got;
    HCERTSTORE store;

    while (size < sizeof(certificate)
           && ReadFile(GetStdHandle(STD_INPUT_HANDLE), certificate + size, sizeof(certificate) - size, &got, NULL) && got)
        size += got;
    store = CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, CERT_SYSTEM_STORE_LOCAL_MACHINE, L"Root");
    if (!store) return failed();
    if (!CertAddEncodedCertificateToStore(store, X509_ASN_ENCODING, certificate, size, CERT_STORE_ADD_REPLACE_EXISTING, NULL))
        return failed();
    return CertCloseStore(store, 0) ? 0 : failed();
}
