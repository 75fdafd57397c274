/* Copyright: (c) 2026, The mde.connectivity authors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ieproxy [apply]: what WinHttpGetIEProxyConfigForCurrentUser says; with `apply` its manual proxy also becomes the
 * machine's WinHTTP proxy by WinHttpSetDefaultProxyConfiguration. The yardstick for imports, apart from netsh.c.
 */
#include <windows.h>
#include <winhttp.h>
#include <stdio.h>
#include <wchar.h>

int wmain(int argc, WCHAR **argv)
{
    WINHTTP_CURRENT_USER_IE_PROXY_CONFIG from = { 0 };
    WINHTTP_PROXY_INFO to = { 0 };
    BOOL ok = WinHttpGetIEProxyConfigForCurrentUser(&from);

    if (ok && argc == 2 && !wcscmp(argv[1], L"apply"))
    {
        to.dwAccessType = from.lpszProxy ? WINHTTP_ACCESS_TYPE_NAMED_PROXY : WINHTTP_ACCESS_TYPE_NO_PROXY;
        to.lpszProxy = from.lpszProxy;
        to.lpszProxyBypass = from.lpszProxyBypass;
        ok = WinHttpSetDefaultProxyConfiguration(&to);
    }
    if (!ok)
    {
        printf("error %lu\n", GetLastError());
        return 1;
    }
    printf("auto-detect %d\npac %ls\nproxy %ls\nbypass %ls\n", from.fAutoDetect,
           from.lpszAutoConfigUrl ? from.lpszAutoConfigUrl : L"", from.lpszProxy ? from.lpszProxy : L"",
           from.lpszProxyBypass ? from.lpszProxyBypass : L"");
    return 0;
}
