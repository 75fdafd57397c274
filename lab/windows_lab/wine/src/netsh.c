/* Copyright: (c) 2026, The mde.connectivity authors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * netsh.exe of a Wine endpoint: `winhttp` set, reset, import and show proxy, and dump, on the real winhttp.dll.
 *
 * Built with -DVIEW32 it is %SystemRoot%\SysWOW64\netsh.exe. Wine here has no 32-bit winhttp.dll, so that one is a
 * 64-bit program too; for as long as it talks to winhttp.dll it has HKEY_LOCAL_MACHINE point to a key whose
 * "Software" is a link to HKEY_LOCAL_MACHINE\Software\Wow6432Node. What winhttp.dll reads and writes is thus the
 * value that 32-bit programs have on Windows, written by the same code as the 64-bit one.
 */
#include <windows.h>
#include <winhttp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define VIEW32_ROOT L"System\\Lab\\View32"

static void print(const WCHAR *format, ...)
{
    static WCHAR text[65536];
    static char bytes[sizeof(text)];
    DWORD done;
    int size;
    va_list arguments;

    va_start(arguments, format);
    size = _vsnwprintf(text, ARRAYSIZE(text) - 1, format, arguments);
    va_end(arguments);
    size = WideCharToMultiByte(CP_OEMCP, 0, text, size < 0 ? (int)wcslen(text) : size, bytes, sizeof(bytes), NULL, NULL);
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), bytes, size, &done, NULL);
}

static int failed(const WCHAR *doing, DWORD error)
{
    WCHAR sentence[512] = L"\r\n";

    /* Windows' own words for the two that matter; Wine words its messages differently. */
    if (error == ERROR_ACCESS_DENIED) wcscpy(sentence, L"Access is denied.\r\n");
    else if (error == ERROR_INVALID_PARAMETER) wcscpy(sentence, L"The parameter is incorrect.\r\n");
    else
        FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, error, 0x409, sentence,
                       ARRAYSIZE(sentence), NULL);
    print(L"\r\nError %ls proxy settings. (%lu) %ls\r\n", doing, error, sentence);
    return 1;
}

static int usage(void)
{
    print(L"The following command was not found, or its syntax is incorrect: netsh winhttp set proxy "
          L"[proxy-server=]<list> [[bypass-list=]<list>] | reset proxy | import proxy [source=]ie | show proxy | dump\r\n");
    return 1;
}

static BOOL named(const WINHTTP_PROXY_INFO *info)
{
    return info->dwAccessType == WINHTTP_ACCESS_TYPE_NAMED_PROXY && info->lpszProxy && *info->lpszProxy;
}

static int show(void)
{
    WINHTTP_PROXY_INFO info = { 0 };

    if (!WinHttpGetDefaultProxyConfiguration(&info)) return failed(L"reading", GetLastError());
    print(L"\r\nCurrent WinHTTP proxy settings:\r\n\r\n");
    if (named(&info))
        print(L"    Proxy Server(s) :  %ls\r\n    Bypass List     :  %ls\r\n\r\n", info.lpszProxy,
              info.lpszProxyBypass && *info.lpszProxyBypass ? info.lpszProxyBypass : L"(none)");
    else
        print(L"    Direct access (no proxy server).\r\n\r\n");
    return 0;
}

static int dump(void)
{
    WINHTTP_PROXY_INFO info = { 0 };

    if (!WinHttpGetDefaultProxyConfiguration(&info)) return failed(L"reading", GetLastError());
    print(L"# -----------------------------------------\r\n# WinHTTP Proxy Configuration\r\n"
          L"# -----------------------------------------\r\npushd winhttp\r\n\r\n");
    if (!named(&info)) print(L"reset proxy\r\n");
    else if (!info.lpszProxyBypass || !*info.lpszProxyBypass) print(L"set proxy proxy-server=\"%ls\"\r\n", info.lpszProxy);
    else print(L"set proxy proxy-server=\"%ls\" bypass-list=\"%ls\"\r\n", info.lpszProxy, info.lpszProxyBypass);
    print(L"\r\npopd\r\n\r\n# End of WinHTTP Proxy Configuration\r\n\r\n");
    return 0;
}

static int write_settings(WCHAR *proxy, WCHAR *bypass)
{
    WINHTTP_PROXY_INFO info = { WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL };

    if (proxy)
    {
        info.dwAccessType = WINHTTP_ACCESS_TYPE_NAMED_PROXY;
        info.lpszProxy = proxy;
        info.lpszProxyBypass = bypass && *bypass ? bypass : NULL;
    }
    if (!WinHttpSetDefaultProxyConfiguration(&info)) return failed(L"writing", GetLastError());
    return show();
}

/* Windows refuses a scheme that it does not know; Wine's winhttp.dll stores anything. */
static BOOL valid(const WCHAR *list)
{
    static const WCHAR *const schemes[] = { L"http=", L"https=", L"ftp=", L"socks=" };
    static const WCHAR separators[] = L"; \t";
    size_t size;

    for (list += wcsspn(list, separators); *list; list += size, list += wcsspn(list, separators))
    {
        BOOL known = FALSE;

        size = wcscspn(list, separators);
        for (int i = 0; i < (int)ARRAYSIZE(schemes); i++) known |= !_wcsnicmp(list, schemes[i], wcslen(schemes[i]));
        if (!known && wmemchr(list, '=', size)) return FALSE;
    }
    return TRUE;
}

static int set(WCHAR *proxy, WCHAR *bypass)
{
    if (!proxy || !*proxy) return usage();
    return valid(proxy) ? write_settings(proxy, bypass) : failed(L"writing", ERROR_INVALID_PARAMETER);
}

static int import(void)
{
    WINHTTP_CURRENT_USER_IE_PROXY_CONFIG settings = { 0 };

    if (!WinHttpGetIEProxyConfigForCurrentUser(&settings)) return failed(L"reading", GetLastError());
    return write_settings(settings.lpszProxy && *settings.lpszProxy ? settings.lpszProxy : NULL, settings.lpszProxyBypass);
}

/* An argument by its tag, or by its place when it has no tag at all. */
static WCHAR *argument(int argc, WCHAR **argv, int place, const WCHAR *tag)
{
    size_t size = wcslen(tag);

    for (int i = 4; i < argc; i++)
        if (!_wcsnicmp(argv[i], tag, size)) return argv[i] + size;
    if (place >= argc || !_wcsnicmp(argv[place], L"proxy-server=", 13) || !_wcsnicmp(argv[place], L"bypass-list=", 12))
        return NULL;
    return argv[place];
}

static int command(int argc, WCHAR **argv)
{
    const WCHAR *verb = argc > 2 ? argv[2] : L"";
    WCHAR *value;

    if (argc < 3 || _wcsicmp(argv[1], L"winhttp")) return usage();
    if (argc == 3 && !_wcsicmp(verb, L"dump")) return dump();
    if (argc < 4 || _wcsicmp(argv[3], L"proxy")) return usage();
    if (argc == 4 && !_wcsicmp(verb, L"show")) return show();
    if (argc == 4 && !_wcsicmp(verb, L"reset")) return write_settings(NULL, NULL);
    if (argc == 5 && !_wcsicmp(verb, L"import"))
    {
        value = argument(argc, argv, 4, L"source=");
        return value && !_wcsicmp(value, L"ie") ? import() : usage();
    }
    if (argc > 6 || _wcsicmp(verb, L"set")) return usage();
    return set(argument(argc, argv, 4, L"proxy-server="), argument(argc, argv, 5, L"bypass-list="));
}

#ifdef VIEW32
static BOOL enter_view32(void)
{
    HKEY root;

    return !RegOpenKeyExW(HKEY_LOCAL_MACHINE, VIEW32_ROOT, 0, KEY_READ, &root)
           && !RegOverridePredefKey(HKEY_LOCAL_MACHINE, root);
}
#endif

int wmain(int argc, WCHAR **argv)
{
#ifdef VIEW32
    if (!enter_view32())
    {
        print(L"netsh of the lab: the key %ls is missing.\r\n", VIEW32_ROOT);
        return 2;
    }
#endif
    return command(argc, argv);
}
