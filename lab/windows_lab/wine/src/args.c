/* Copyright: (c) 2026, The mde.connectivity authors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Prints its arguments, one a line: `arg ` and the UTF-16 units in hex.
 */
#include <windows.h>
#include <stdio.h>

int wmain(int argc, WCHAR **argv)
{
    for (int i = 1; i < argc; i++)
    {
        printf("arg ");
        for (const WCHAR *at = argv[i]; *at; at++) printf("%04x", *at);
        printf("\n");
    }
    return 0;
}
