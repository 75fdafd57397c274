/* Copyright: (c) 2026, The mde.connectivity authors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * find [/v] "text" [file ...]: Wine's own find.exe knows no /v. Lines keep the ends that they have.
 */
#include <windows.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTHING_FOUND 1
#define WRONG 2

static char *ansi(const WCHAR *text)
{
    int size = WideCharToMultiByte(CP_OEMCP, 0, text, -1, NULL, 0, NULL, NULL);
    char *copy = malloc(size);

    if (copy) WideCharToMultiByte(CP_OEMCP, 0, text, -1, copy, size, NULL, NULL);
    return copy;
}

static char *contents(FILE *file, size_t *size)
{
    size_t room = 65536;
    char *data = malloc(room);

    *size = 0;
    while (data)
    {
        size_t got = fread(data + *size, 1, room - *size, file);

        if (!got) break;
        *size += got;
        if (*size == room) data = realloc(data, room *= 2);
    }
    return data;
}

static BOOL holds(const char *line, size_t size, const char *text)
{
    size_t wanted = strlen(text);

    if (!wanted) return FALSE;
    for (size_t at = 0; at + wanted <= size; at++)
        if (!memcmp(line + at, text, wanted)) return TRUE;
    return FALSE;
}

static BOOL print_lines(FILE *file, const char *text, BOOL without)
{
    size_t size, length;
    char *data = contents(file, &size);
    BOOL printed = FALSE;

    for (size_t begin = 0; data && begin < size; begin += length)
    {
        const char *end = memchr(data + begin, '\n', size - begin);

        length = end ? (size_t)(end - data) + 1 - begin : size - begin;
        if (holds(data + begin, length, text) == without) continue;
        fwrite(data + begin, 1, length, stdout);
        printed = TRUE;
    }
    free(data);
    return printed;
}

static BOOL print_file(WCHAR *name, const char *text, BOOL without)
{
    FILE *file = _wfopen(name, L"rb");
    BOOL printed;
    char *shown;

    shown = ansi(_wcsupr(name));
    if (!file)
    {
        fprintf(stderr, "File not found - %s\r\n", shown);
        return FALSE;
    }
    printf("\r\n---------- %s\r\n", shown);
    printed = print_lines(file, text, without);
    fclose(file);
    return printed;
}

int wmain(int argc, WCHAR **argv)
{
    BOOL without = argc > 1 && !_wcsicmp(argv[1], L"/v");
    int first = without ? 2 : 1;
    BOOL printed = FALSE;
    char *text;

    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
    _setmode(_fileno(stderr), _O_BINARY);
    if (first >= argc || !(text = ansi(argv[first])))
    {
        fprintf(stderr, "FIND: Parameter format not correct\r\n");
        return WRONG;
    }
    if (first + 1 == argc) printed = print_lines(stdin, text, without);
    for (int i = first + 1; i < argc; i++) printed |= print_file(argv[i], text, without);
    return printed ? 0 : NOTHING_FOUND;
}
