# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Windows has and the simulation lacks: said aloud, so that a gap is never taken for an answer."""

from __future__ import annotations

# ERROR_NOT_SUPPORTED.
NOT_MODELLED = 50

# Commands of cmd.exe itself.
COMMANDS = frozenset((
    "assoc", "break", "cls", "color", "copy", "date", "dir", "dpath", "endlocal", "ftype", "goto", "keys",
    "mklink", "move", "path", "pause", "popd", "prompt", "pushd", "setlocal", "shift", "time", "title",
    "verify", "vol",
))
# Programs of System32, by their names without a suffix.
PROGRAMS = frozenset((
    "appcmd", "arp", "at", "attrib", "auditpol", "autochk", "bcdboot", "bcdedit", "bitsadmin", "bootcfg",
    "bootrec", "cacls", "certreq", "change", "chcp", "chglogon", "chgport", "chgusr", "chkdsk", "chkntfs",
    "choice", "cipher", "cleanmgr", "clip", "cmdkey", "comp", "compact", "convert", "curl", "defrag",
    "diskcomp", "diskcopy", "diskpart", "diskshadow", "dism", "dispdiag", "djoin", "dnscmd", "doskey",
    "driverquery", "dsregcmd", "eventcreate", "eventvwr", "expand", "explorer", "extrac32",
    "finger", "findstr", "fltmc", "fondue", "forfiles", "format", "ftp", "fsutil", "getmac", "gpresult",
    "gpupdate", "graftabl", "help", "hostname", "icacls", "iexpress", "ipconfig", "klist", "ksetup",
    "ktmutil", "ktpass", "label", "lodctr", "logman", "logoff", "makecab", "manage-bde", "mmc", "mode",
    "more", "mountvol", "mpcmdrun", "mpnotify", "mrinfo", "msconfig", "msg", "msiexec", "msinfo32",
    "mstsc", "nbtstat", "net", "net1", "netcfg", "netdom", "netstat", "nltest", "notepad", "nslookup",
    "openfiles", "pathping", "pktmon", "pnputil", "powercfg", "print", "proxycfg", "pwsh", "qappsrv",
    "qprocess", "query", "quser", "qwinsta", "rasdial", "recover", "regedit", "regedt32", "regini",
    "regsvr32", "relog", "replace", "repair-bde", "reset", "robocopy", "route", "rpcping", "rundll32",
    "runas", "rwinsta", "sdbinst", "secedit", "services", "setspn", "setx", "sfc", "slmgr",
    "sort", "ssh", "subst", "sxstrace", "systeminfo", "takeown", "tar", "taskhost", "tasklist",
    "tcmsetup", "telnet", "timeout", "tpmtool", "tpmvscmgr", "tracerpt", "tracert", "tree", "tscon",
    "tsdiscon", "tskill", "typeperf", "tzutil", "unlodctr", "vaultcmd", "verifier", "vssadmin", "w32tm",
    "waitfor", "wbadmin", "wbemtest", "wecutil", "werfault", "wevtvwr", "where", "whoami", "winmgmt",
    "winrm", "winrs", "winsat", "wmic", "wpr", "wscript", "wsl", "wsmprovhost", "wusa", "xcopy",
    "xwizard",
))


class NotModelled(Exception):
    """The command or a part of it is such a gap; the message says what."""
