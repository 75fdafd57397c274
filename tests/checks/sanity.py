# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`ansible-test sanity` and `units` on a copy of the collection, without a container or a line to ignore."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from tests.checks.environments import pinned
from tests.checks.kept import kept
from tests.checks.matrix import CONTROLLERS, REQUIREMENTS, install
from tests.checks.pythons import FASTEST, find
from tests.checks.runner import LOGS, ROOT, SKIPPED
from tests.checks.tree import copy_tree

HOME = ROOT / ".cache" / "ansible-test"
# ansible-test fetches this program from the network once; pip's own copy inside Python does the same.
BOOTSTRAP = "import ensurepip\n\nensurepip.bootstrap(upgrade=True, default_pip=True)\n"
VERSION = "import sys; print('%d.%d' % sys.version_info[:2], end='')"
# By the ansible-core: the newest has every test. What an older one holds against the documentation differs, the rest
# reads the source, and the tests of the matrix import every plugin.
TESTS: dict[str, tuple[str, ...]] = {
    "newest": (),
    "oldest": ("action-plugin-docs", "ansible-doc", "runtime-metadata", "validate-modules"),
}
PYTHONS = {"newest": FASTEST, "oldest": CONTROLLERS["oldest"].pythons}


def pip_settings() -> dict[str, str]:
    """Keep the user's pip configuration although the home folder is another one."""
    for path in (Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf"):
        if path.exists():
            return {"PIP_CONFIG_FILE": str(path)}
    return {}


def sanity(root: Path) -> int:
    """Run every sanity test that can run here on the collection at `root`, and report which could not."""
    if (root / "tests" / "sanity").exists():
        print("tests/sanity is not meant to exist: no line is ignored")
        return 1
    ended = {"sanity-newest": with_core(root, "newest")}
    if ended["sanity-newest"] not in (0, SKIPPED):
        # What it found stays the end of the log.
        report(ended)
        return 1
    # The oldest takes this key of the newest for a mistake in its form, and ignores it when it runs.
    winrs = root / "plugins" / "connection" / "winrs.py"
    winrs.write_text(winrs.read_text(encoding="utf-8").replace("    secret: true\n", ""), encoding="utf-8")
    ended["sanity-oldest"] = with_core(root, "oldest")
    if not shutil.which("pwsh"):
        print("pslint did not run: it needs pwsh, which is not on the search path", flush=True)
    report(ended)
    return 1 if set(ended.values()) - {0, SKIPPED} else 0


def with_core(root: Path, name: str) -> int:
    """Run the tests of one ansible-core; with all of them also compile with each further Python that is here."""
    controller = CONTROLLERS[name]
    made = pinned(f"sanity-{name}", controller.core, PYTHONS[name])
    if made is None:
        return SKIPPED
    print(f"{name}: {controller.core} on {made[0].resolve()}", flush=True)
    chosen = [f"--test={test}" for test in TESTS[name]]
    own = "--requirements", "--python", subprocess.check_output([str(made[0]), "-c", VERSION], text=True)
    if chosen:
        return ansible_test(root, made[0], "sanity", *own, *chosen)
    left_out = () if shutil.which("pwsh") else ("--skip-test=pslint",)
    if rc := ansible_test(root, made[0], "sanity", *own, *left_out):
        return rc
    # Where the interpreters lie, and no shims: each of these would ask the manager of its versions first.
    others = [str(Path(found).parent) for version in controller.pythons if (found := find((version,)))]
    return ansible_test(root, made[0], "sanity", "--requirements", "--test=compile", programs=others)


def report(ended: dict[str, int]) -> None:
    """Write the JUnit report in which a test that did not run is counted as skipped."""
    suite = ElementTree.Element("testsuite")
    for name, rc in ended.items():
        case = ElementTree.SubElement(suite, "testcase", name=name)
        if rc:
            ElementTree.SubElement(case, "skipped" if rc == SKIPPED else "failure")
    LOGS.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(suite).write(LOGS / "sanity.xml")


def units(root: Path, rooms: Sequence[str]) -> int:
    """Run the unit tests as ansible-test does, in an environment with ansible-core and what it installs for them."""
    core, wanted = REQUIREMENTS / "core.txt", root / "tests" / "unit" / "requirements.txt"
    own = "--python", f"{sys.version_info[0]}.{sys.version_info[1]}"
    with kept("units", core.read_bytes() + wanted.read_bytes() + sys.version.encode()) as (where, empty):
        if empty:
            install(sys.executable, where, "pip", "--requirement", str(core))
        folders = (f"tests/unit/{room}/" for room in rooms)
        requirements = ("--requirements",) if empty else ()
        if rc := ansible_test(root, where / "bin" / "python", "units", *own, *requirements, *folders):
            # An environment that may lack something is not kept.
            sys.exit(rc)
    return 0


def ansible_test(root: Path, core: Path, name: str, *arguments: str, programs: Sequence[str] = ()) -> int:
    """Run one command of the ansible-test beside the interpreter `core` on the collection at `root`."""
    command = [str(core.parent / "ansible-test"), name, "--color", "no", *arguments]
    path = os.pathsep.join([*programs, os.environ["PATH"]])
    environment = {**os.environ, **pip_settings(), "HOME": str(HOME), "PATH": path}
    return subprocess.run(command, cwd=root, env=environment, check=False).returncode


def main(name: str, *rooms: str) -> int:
    """Prepare ansible-test's cache and a copy of the collection, and run the tests there."""
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    # What that of ansible-core 2.18 and 2.19 and that of 2.21 ask for.
    for pip in ("24_2", "25_2"):
        (cache / f"get_pip_{pip}.py").write_text(BOOTSTRAP)
    # Inside the repository ansible-test would ask git, for which everything under .cache is ignored.
    with tempfile.TemporaryDirectory() as folder:
        root = copy_tree(Path(folder))
        if name == "units":
            return units(root, rooms)
        # Bytes as an endpoint may send them, and no text of ours.
        shutil.rmtree(root / "tests" / "fuzz" / "corpus")
        return sanity(root)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or ["sanity"]))
