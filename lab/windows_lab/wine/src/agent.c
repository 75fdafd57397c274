/* Copyright: (c) 2026, The mde.connectivity authors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The resident process of a Wine endpoint: runs command lines and reads and writes single registry values,
 * one request after the other, for the Python that started it.
 *
 * A request on stdin is six little-endian numbers of 32 bits, then two blocks of bytes:
 *     verb, number a, number b, number c, length of block 1, length of block 2, block 1, block 2
 * An answer on stdout is four such numbers, then two blocks:
 *     result, number, length of block 1, length of block 2, block 1, block 2
 *
 *   verb  a           b        c     block 1             block 2    ->  result       number     block 1, 2
 *   'R'   time limit  -        -     line, UTF-16        stdin          exit code    ended how  stdout, stderr
 *   'G'   root        view     -     key NUL name NUL    -              Win32 error  type       raw bytes
 *   'S'   root        view     type  key NUL name NUL    raw bytes      Win32 error
 *   'D'   root        view     -     key NUL name NUL    -              Win32 error
 *   'K'   root        view     -     key NUL             -              Win32 error
 *   'C'   root        -        -     key NUL             -              Win32 error
 *   'T'   root        view     -     key NUL             -              Win32 error (the key and all below it go)
 *   'L'   root        -        -     key NUL target NUL  -              Win32 error
 *
 * root is the low part of a predefined handle (HKEY_LOCAL_MACHINE is 0x80000002); view is 64 or 32.
 */
#include <windows.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { ENDED = 0, TIMED_OUT = 1, NOT_STARTED = 2 };

struct request { DWORD verb, a, b, c, size1, size2; };
struct answer { DWORD result, number, size1, size2; };
struct block { BYTE *data; DWORD size, room; HANDLE pipe; };

static HANDLE input, output;

static BOOL read_all(void *to, DWORD size)
{
    BYTE *at = to;
    DWORD got;

    for (; size; at += got, size -= got)
        if (!ReadFile(input, at, size, &got, NULL) || !got) return FALSE;
    return TRUE;
}

static void write_all(const void *from, DWORD size)
{
    const BYTE *at = from;
    DWORD done;

    for (; size; at += done, size -= done)
        if (!WriteFile(output, at, size, &done, NULL)) ExitProcess(3);
}

static void reply(DWORD result, DWORD number, const struct block *one, const struct block *two)
{
    struct answer head = { result, number, one ? one->size : 0, two ? two->size : 0 };

    write_all(&head, sizeof(head));
    if (head.size1) write_all(one->data, head.size1);
    if (head.size2) write_all(two->data, head.size2);
}

static DWORD WINAPI drain(void *argument)
{
    struct block *block = argument;
    DWORD got;

    for (;;)
    {
        if (block->room - block->size < 65536)
            block->data = realloc(block->data, block->room += block->room + 65536);
        if (!ReadFile(block->pipe, block->data + block->size, 65536, &got, NULL) || !got) return 0;
        block->size += got;
    }
}

static DWORD WINAPI feed(void *argument)
{
    struct block *block = argument;
    DWORD done, at;

    for (at = 0; at < block->size; at += done)
        if (!WriteFile(block->pipe, block->data + at, block->size - at, &done, NULL)) break;
    CloseHandle(block->pipe);
    return 0;
}

/* Only the child's end may be inherited: a copy of ours in the child would keep the pipe open for good. */
static void make_pipe(HANDLE *child, HANDLE *ours, BOOL child_reads)
{
    SECURITY_ATTRIBUTES inheritable = { sizeof(inheritable), NULL, TRUE };
    HANDLE read_end, write_end;

    if (!CreatePipe(&read_end, &write_end, &inheritable, 65536)) ExitProcess(4);
    *child = child_reads ? read_end : write_end;
    *ours = child_reads ? write_end : read_end;
    SetHandleInformation(*ours, HANDLE_FLAG_INHERIT, 0);
}

static void run(const struct request *request, const WCHAR *line, struct block *feeding)
{
    static const WCHAR before[] = L"cmd.exe /d /s /c \"";
    struct block out = { 0 }, err = { 0 };
    STARTUPINFOW start = { .cb = sizeof(start), .dwFlags = STARTF_USESTDHANDLES };
    PROCESS_INFORMATION process;
    DWORD code, ended = ENDED;
    BOOL came_up = FALSE;
    HANDLE threads[3], job = CreateJobObjectW(NULL, NULL);
    WCHAR *command = malloc(sizeof(before) + request->size1 + 4);

    wcscpy(command, before);
    wcsncat(command, line, request->size1 / sizeof(WCHAR));
    wcscat(command, L"\"");
    make_pipe(&start.hStdInput, &feeding->pipe, TRUE);
    make_pipe(&start.hStdOutput, &out.pipe, FALSE);
    make_pipe(&start.hStdError, &err.pipe, FALSE);
    /* At random addresses a process of Wine does not come up now and then (ERROR_INTERNAL_ERROR); the next one does. */
    for (int attempt = 0; attempt < 5 && !came_up; attempt++)
    {
        if (attempt) Sleep(500);
        came_up = CreateProcessW(NULL, command, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, L"C:\\", &start, &process);
    }
    if (!came_up)
    {
        reply(GetLastError(), NOT_STARTED, NULL, NULL);
        ExitProcess(5);
    }
    AssignProcessToJobObject(job, process.hProcess);
    ResumeThread(process.hThread);
    CloseHandle(start.hStdInput);
    CloseHandle(start.hStdOutput);
    CloseHandle(start.hStdError);
    threads[0] = CreateThread(NULL, 0, drain, &out, 0, NULL);
    threads[1] = CreateThread(NULL, 0, drain, &err, 0, NULL);
    threads[2] = CreateThread(NULL, 0, feed, feeding, 0, NULL);
    if (WaitForSingleObject(process.hProcess, request->a) != WAIT_OBJECT_0) ended = TIMED_OUT;
    /* As the end of a WinRM shell does: whatever the command left running goes with it, and lets go of the pipes. */
    TerminateJobObject(job, ERROR_TIMEOUT);
    WaitForSingleObject(process.hProcess, INFINITE);
    WaitForMultipleObjects(3, threads, TRUE, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    reply(code, ended, &out, &err);
    for (int i = 0; i < 3; i++) CloseHandle(threads[i]);
    CloseHandle(out.pipe);
    CloseHandle(err.pipe);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    CloseHandle(job);
    free(out.data);
    free(err.data);
    free(command);
}

static HKEY root_of(const struct request *request)
{
    return (HKEY)(LONG_PTR)(LONG)request->a;
}

static LSTATUS open_key(const struct request *request, const WCHAR *path, REGSAM access, HKEY *key)
{
    REGSAM view = request->b == 32 ? KEY_WOW64_32KEY : KEY_WOW64_64KEY;

    if (request->verb == 'S' || request->verb == 'C')
        return RegCreateKeyExW(root_of(request), path, 0, NULL, 0, access | view, NULL, key, NULL);
    return RegOpenKeyExW(root_of(request), path, 0, access | view, key);
}

static REGSAM access_for(DWORD verb)
{
    switch (verb)
    {
    case 'S': case 'D': return KEY_SET_VALUE;
    case 'T': return DELETE | KEY_ENUMERATE_SUB_KEYS | KEY_QUERY_VALUE | KEY_SET_VALUE;
    default: return KEY_QUERY_VALUE;
    }
}

static LSTATUS delete_key(HKEY key)
{
    LSTATUS error = RegDeleteTreeW(key, NULL);

    return error ? error : RegDeleteKeyW(key, L"");
}

static void get_value(HKEY key, const WCHAR *name)
{
    struct block data = { 0 };
    DWORD type = 0;
    LSTATUS error = RegQueryValueExW(key, name, NULL, &type, NULL, &data.size);

    data.data = malloc(data.size + 1);
    if (!error) error = RegQueryValueExW(key, name, NULL, &type, data.data, &data.size);
    if (error) data.size = 0;
    reply(error, type, &data, NULL);
    free(data.data);
}

/* A link made of a key: how HKEY_USERS\S-1-5-18 is another name of HKEY_USERS\.DEFAULT. */
static LSTATUS link_key(const struct request *request, const WCHAR *path, const WCHAR *target)
{
    HKEY key;
    LSTATUS error;

    error = RegCreateKeyExW(root_of(request), path, 0, NULL, REG_OPTION_CREATE_LINK | REG_OPTION_VOLATILE,
                            KEY_ALL_ACCESS | KEY_CREATE_LINK, NULL, &key, NULL);

    if (error) return error;
    error = RegSetValueExW(key, L"SymbolicLinkValue", 0, REG_LINK, (const BYTE *)target, wcslen(target) * sizeof(WCHAR));
    RegCloseKey(key);
    return error;
}

static void registry(const struct request *request, const WCHAR *path, const struct block *data)
{
    const WCHAR *name = path + wcslen(path) + 1;
    LSTATUS error;
    HKEY key;

    if (request->verb == 'L')
    {
        reply(link_key(request, path, name), 0, NULL, NULL);
        return;
    }
    error = open_key(request, path, access_for(request->verb), &key);
    if (error)
    {
        reply(error, 0, NULL, NULL);
        return;
    }
    if (request->verb == 'G') get_value(key, name);
    else if (request->verb == 'S') reply(RegSetValueExW(key, name, 0, request->c, data->data, data->size), 0, NULL, NULL);
    else if (request->verb == 'D') reply(RegDeleteValueW(key, name), 0, NULL, NULL);
    else if (request->verb == 'T') reply(delete_key(key), 0, NULL, NULL);
    else reply(ERROR_SUCCESS, 0, NULL, NULL);
    RegCloseKey(key);
}

int main(void)
{
    struct request request;

    input = GetStdHandle(STD_INPUT_HANDLE);
    output = GetStdHandle(STD_OUTPUT_HANDLE);
    SetHandleInformation(input, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(output, HANDLE_FLAG_INHERIT, 0);
    /* Where it exists, no process of this prefix imports the authorities of Linux, which takes each of them a second:
       this endpoint trusts nobody but whom trust.exe adds. */
    CreateSemaphoreW(NULL, 1, 1, L"crypt32_root_semaphore");
    while (read_all(&request, sizeof(request)))
    {
        BYTE *one = calloc(1, request.size1 + 2 * sizeof(WCHAR));
        struct block two = { .data = malloc(request.size2 + 1), .size = request.size2 };

        if (!read_all(one, request.size1) || !read_all(two.data, request.size2)) return 2;
        if (request.verb == 'R') run(&request, (const WCHAR *)one, &two);
        else registry(&request, (const WCHAR *)one, &two);
        free(one);
        free(two.data);
    }
    return 0;
}
