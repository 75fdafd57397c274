/* Copyright: (c) 2026, The mde.connectivity authors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * httpget URL: one GET through WinHTTP with the default access type, which is the machine's WinHTTP settings.
 * Prints `status N`, or `error N` with the Win32 error.
 */
#include <windows.h>
#include <winhttp.h>
#include <stdio.h>

static int failed(void)
{
    printf("error %lu\n", GetLastError());
    return 1;
}

int wmain(int argc, WCHAR **argv)
{
    WCHAR host[256] = L"", path[1024] = L"";
    URL_COMPONENTS url = { .dwStructSize = sizeof(url), .lpszHostName = host, .dwHostNameLength = ARRAYSIZE(host),
                           .lpszUrlPath = path, .dwUrlPathLength = ARRAYSIZE(path) };
    HINTERNET session, connection, request;
    DWORD status = 0, size = sizeof(status);

    if (argc != 2 || !WinHttpCrackUrl(argv[1], 0, 0, &url)) return failed();
    session = WinHttpOpen(L"lab", WINHTTP_ACCESS_TYPE_DEFAULT_PROXY, NULL, NULL, 0);
    if (!session) return failed();
    WinHttpSetTimeouts(session, 5000, 5000, 5000, 5000);
    connection = WinHttpConnect(session, host, url.nPort, 0);
    if (!connection) return failed();
    request = WinHttpOpenRequest(connection, L"GET", path, NULL, NULL, NULL,
                                 url.nScheme == INTERNET_SCHEME_HTTPS ? WINHTTP_FLAG_SECURE : 0);
    if (!request || !WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0)) return failed();
    if (!WinHttpReceiveResponse(request, NULL)) return failed();
    if (!WinHttpQueryHeaders(request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER, NULL, &status, &size, NULL))
        return failed();
    printf("status %lu\n", status);
    return 0;
}
