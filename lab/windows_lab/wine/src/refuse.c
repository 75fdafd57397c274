/* Copyright: (c) 2026, The mde.connectivity authors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stands in for the programs that are empty shells in Wine: they would say that all is well and do nothing.
 */
#include <windows.h>
#include <stdio.h>

int main(void)
{
    char path[MAX_PATH] = "";

    GetModuleFileNameA(NULL, path, sizeof(path));
    fprintf(stderr, "The lab's Wine endpoints have no working %s: use a simulated endpoint for this.\n", path);
    return 50; /* ERROR_NOT_SUPPORTED */
}
