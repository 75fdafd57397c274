# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wine prefixes: one is built into a cache, every endpoint gets a clone of it."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from windows_lab.wine.agent import Programs, environment

_HERE = Path(__file__).parent
_COMPILER = "x86_64-w64-mingw32-gcc"
_PACKAGES = "Debian's packages wine64 and gcc-mingw-w64-x86-64-win32"
_WINE = ("wine64", "/usr/lib/wine/wine64", "wine")
_SERVER = ("wineserver64", "/usr/lib/wine/wineserver64", "wineserver")

# Place in the prefix: source and further options of the compiler.
_PROGRAMS: dict[str, tuple[str, ...]] = {
    "lab/agent.exe": ("agent.c",),
    "lab/args.exe": ("args.c", "-municode"),
    "lab/httpget.exe": ("httpget.c", "-municode"),
    "lab/ieproxy.exe": ("ieproxy.c", "-municode"),
    "lab/trust.exe": ("trust.c",),
    "windows/system32/fc.exe": ("fc.c", "-municode"),
    "windows/system32/find.exe": ("find.c", "-municode"),
    "windows/system32/netsh.exe": ("netsh.c", "-municode"),
    "windows/system32/WindowsPowerShell/v1.0/powershell.exe": ("powershell.c", "-municode"),
    "windows/syswow64/netsh.exe": ("netsh.c", "-municode", "-DVIEW32"),
}
# Programs that Wine 8 has as empty shells: exit code 0, no effect.
_SHELLS = (
    "certutil",
    "cacls",
    "findstr",
    "fsutil",
    "icacls",
    "secedit",
    "shutdown",
    "systeminfo",
    "wevtutil",
    "where",
)
_WINDOWS = r"[Software\\Microsoft\\Windows NT\\CurrentVersion" + r"\\"
_TIME_ZONES = _WINDOWS + r"Time Zones\\"
_FONTS = (_WINDOWS + "Fonts]", _WINDOWS + "FontSubstitutes]", _WINDOWS + r"FontLink\\SystemLink]")
_STUB_NETSH = "lab/stub-netsh.exe"
_UNUSED_SECONDS = 60 * 60


class WineMissing(Exception):
    """Wine or the cross compiler is not installed."""


def _find(candidates: tuple[str, ...]) -> str | None:
    # A folder with the programs of another Wine, as windows_lab.wine.newer makes one.
    own = os.environ.get("LAB_WINE")
    if own and candidates != (_COMPILER,):
        return next((found for name in candidates if (found := shutil.which(Path(name).name, path=own))), None)
    return next((found for name in candidates if (found := shutil.which(name))), None)


def missing() -> str | None:
    """A sentence on what is not installed; None when everything is."""
    absent = [
        what
        for what, candidates in (("Wine", _WINE), ("wineserver", _SERVER), ("mingw-w64", (_COMPILER,)))
        if not _find(candidates)
    ]
    return f"Wine endpoints need {_PACKAGES}; not found: {', '.join(absent)}." if absent else None


def _fixed_addresses() -> tuple[str, ...]:
    """What starts a program at the same addresses each time; nothing where that is forbidden, as in some containers.

    Of the processes of Wine 8 that were started at random ones 8 of 52,200 did not come up; at fixed ones 0 of 65,880.
    """
    command = ("setarch", "-R")
    if not shutil.which(command[0]):
        return ()
    tried = subprocess.run([*command, "true"], check=False, capture_output=True)
    return () if tried.returncode else command


@functools.cache
def programs() -> Programs:
    """Wine's programs; raises WineMissing."""
    wine, server = _find(_WINE), _find(_SERVER)
    if reason := missing():
        raise WineMissing(reason)
    assert wine
    assert server
    return Programs((*_fixed_addresses(), wine), server)


def overrides(stub_netsh: bool) -> str:
    """DLL overrides that make Wine load our programs where it has ones of its own by the same name."""
    names = [*_SHELLS, "fc", "find", "powershell", *([] if stub_netsh else ["netsh"])]
    return ",".join(f"{name}.exe" for name in names) + "=n"


def _cache() -> Path:
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("LAB_WINE_CACHE") or caches / "windows-lab" / "wine").resolve()


@functools.cache
def _version() -> bytes:
    command = [*programs().wine, "--version"]
    return subprocess.run(command, capture_output=True, check=True, env={"PATH": os.defpath}).stdout


def version() -> str:
    """Which Wine it is, such as wine-8; raises WineMissing."""
    return _version().decode().partition(".")[0]


@functools.cache
def _digest() -> str:
    digest = hashlib.sha256(_version())
    for source in sorted([Path(__file__), *_HERE.glob("src/*.c")]):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _compile(drive: Path, place: str, source: str, *options: str) -> None:
    target = drive / place
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    warnings = ("-Wall", "-Wextra", "-Werror")
    command: list[str | Path] = [
        _COMPILER,
        "-O2",
        "-s",
        *warnings,
        *options,
        "-o",
        target,
        _HERE / "src" / source,
        "-lwinhttp",
        "-lcrypt32",
    ]
    subprocess.run(command, check=True)


def _shorten(hive: Path) -> None:
    """Remove what every process would read and nothing here needs: 138 time zones, the fonts, and where names are.

    For a time zone's names each process would load a library four times; its key has them as well.
    """
    keys = hive.read_text(encoding="ascii").split("\n\n")
    kept = [key for key in keys if not key.startswith((_TIME_ZONES, *_FONTS)) or key.startswith(f"{_TIME_ZONES}UTC]")]
    hive.write_text(re.sub(r'"MUI_\w+"="@tzres\.dll,-\d+"\n', "", "\n\n".join(kept)), encoding="ascii")


def _build(prefix: Path) -> None:
    prefix.mkdir(parents=True)
    subprocess.run(
        [*programs().wine, "wineboot", "-i"],
        env=environment(prefix),
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=300,
    )
    subprocess.run([programs().server, "-w"], env=environment(prefix), check=True, timeout=120)
    _shorten(prefix / "system.reg")
    drive = prefix / "drive_c"
    (drive / "lab").mkdir()
    (drive / "windows/system32/netsh.exe").rename(drive / _STUB_NETSH)
    for place, (source, *options) in _PROGRAMS.items():
        _compile(drive, place, source, *options)
    for name in _SHELLS:
        _compile(drive, f"windows/system32/{name}.exe", "refuse.c")


def _alive(pid: str) -> bool:
    return pid.isdigit() and Path("/proc", pid).exists()


def _remove_leftovers(cache: Path) -> None:
    for left in cache.glob("clone-*"):
        if not _alive(left.name.split("-")[1]):
            shutil.rmtree(left, ignore_errors=True)


def _remove_outdated(cache: Path) -> None:
    """Remove what nobody has used for an hour; another checkout may be about to clone the prefix of its own sources."""
    for old in cache.glob("prefix-*"):
        if old.stat().st_mtime < time.time() - _UNUSED_SECONDS:
            # Under a name by which what is left of it is no prefix.
            removed = old.rename(cache / f"clone-{os.getpid()}-{old.name}")
            shutil.rmtree(removed, ignore_errors=True)


def base() -> Path:
    """The prefix that all endpoints are clones of; built when there is none for these sources yet."""
    cache = _cache()
    prefix = cache / f"prefix-{_digest()}"
    with _locked(cache):
        _remove_leftovers(cache)
        if not prefix.exists():
            _remove_outdated(cache)
            building = cache / f"clone-{os.getpid()}-building"
            shutil.rmtree(building, ignore_errors=True)
            _build(building)
            building.rename(prefix)
        os.utime(prefix)
    return prefix


def clone(name: str) -> Path:
    """A prefix for one endpoint: hard links to the base, but files of its own where Wine writes in place."""
    source = base()
    target = _cache() / f"clone-{os.getpid()}-{name}-{secrets.token_hex(3)}"
    shutil.copytree(source, target, symlinks=True, copy_function=os.link)
    for registry in source.glob("*.reg"):
        (target / registry.name).unlink()
        shutil.copy2(registry, target / registry.name)
    return target


def restore_stub(prefix: Path) -> None:
    """Put Wine's own netsh.exe, which does nothing, in the places of the lab's."""
    drive = prefix / "drive_c"
    for place in ("windows/system32/netsh.exe", "windows/syswow64/netsh.exe"):
        (drive / place).unlink()
        os.link(drive / _STUB_NETSH, drive / place)
