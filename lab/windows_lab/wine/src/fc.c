/* Copyright: (c) 2026, The mde.connectivity authors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fc /b FILE FILE: Wine's own fc.exe does nothing, and says that it did.
 */
#include <windows.h>
#include <stdio.h>

#define DIFFERENT 1
#define CANNOT_OPEN 2
#define WRONG -1

int wmain(int argc, WCHAR **argv)
{
    FILE *files[2];
    int left, right;

    if (argc != 4 || _wcsicmp(argv[1], L"/b"))
    {
        fprintf(stderr, "FC: Invalid Switch\r\n");
        return WRONG;
    }
    for (int i = 0; i < 2; i++)
    {
        files[i] = _wfopen(argv[i + 2], L"rb");
        if (!files[i])
        {
            fprintf(stderr, "FC: cannot open %ls - No such file or folder\n", argv[i + 2]);
            return CANNOT_OPEN;
        }
    }
    do
    {
        left = fgetc(files[0]);
        right = fgetc(files[1]);
        if (left != right) return DIFFERENT;
    } while (left != EOF);
    printf("FC: no differences encountered\n");
    return 0;
}
