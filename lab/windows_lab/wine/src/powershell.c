/* Copyright: (c) 2026, The mde.connectivity authors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stands where Windows PowerShell is: it starts the program of the variable MDE_POWERSHELL with the same arguments.
 */
#include <windows.h>
#include <stdio.h>
#include <wchar.h>

#define NOT_SUPPORTED 50

int wmain(int argc, WCHAR **argv)
{
    static WCHAR line[32768], path[MAX_PATH];
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    const WCHAR *rest = GetCommandLineW();
    DWORD code;

    if (!GetEnvironmentVariableW(L"MDE_POWERSHELL", path, MAX_PATH) || !argc)
    {
        fprintf(stderr, "The lab's Wine endpoints have no working %ls: use a simulated endpoint for this.\n", argv[0]);
        return NOT_SUPPORTED;
    }
    /* Behind our own name, in quotes or not, stand the arguments. */
    if (*rest == '"') rest = wcschr(rest + 1, '"') + 1;
    else rest += wcscspn(rest, L" ");
    if (wcslen(path) + wcslen(rest) + 3 > sizeof(line) / sizeof(*line)) return NOT_SUPPORTED;
    swprintf(line, sizeof(line) / sizeof(*line), L"\"%ls\"%ls", path, rest);
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    startup.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
    {
        fprintf(stderr, "%ls was not started (Win32 error %lu).\n", path, GetLastError());
        return NOT_SUPPORTED;
    }
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    return (int)code;
}
