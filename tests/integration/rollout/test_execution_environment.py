# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-builder takes the collection and makes a context; no image is built, which takes a container engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from tests import needs
from tests.checks.package import install

pytestmark = pytest.mark.simulated

ROOT = Path(__file__).parents[3]
BINDEP = ROOT / "meta" / "ee-bindep.txt"
DEFINITION = ROOT / "docs" / "awx" / "execution-environment.yml"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the package of the collection, and the collection installed from it."""
    work = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        # This checkout would count as installed already.
        patch.setenv("ANSIBLE_COLLECTIONS_PATH", str(work / "none"))
        patch.setenv("ANSIBLE_COLLECTIONS_SCAN_SYS_PATH", "false")
        install(work)
        yield work


def builder(work: Path, *arguments: str) -> str:
    command = [str(Path(sys.executable).with_name("ansible-builder")), *arguments]
    run = subprocess.run(
        command, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
    for word in ("warning", "error", "not present"):
        assert word not in run.stdout.lower(), run.stdout
    return run.stdout


def lines(path: Path) -> list[str]:
    """The lines of a requirement file without comments."""
    found = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in found if line]


def introspected(work: Path, collections: Path) -> tuple[list[str], list[str]]:
    builder(work, "introspect", str(collections), "--write-pip", "pip.txt", "--write-bindep", "bindep.txt")
    return lines(work / "pip.txt"), lines(work / "bindep.txt")


def test_introspection_of_the_package_finds_what_the_collection_needs(built: Path) -> None:
    python, system = introspected(built, built / "installed")
    assert python == lines(ROOT / "meta" / "ee-requirements.txt")
    assert system == lines(BINDEP)
    pins = {each.name: each for each in map(Requirement, lines(ROOT / "requirements" / "run.txt"))}
    needed = {each.name: each for each in map(Requirement, python)}
    assert set(needed) == set(pins)
    for name, pin in pins.items():
        (version,) = pin.specifier
        assert needed[name].specifier.contains(version.version)


def test_the_documented_definition_becomes_a_context_that_installs(built: Path, tmp_path: Path) -> None:
    definition = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))
    shutil.copy2(DEFINITION, tmp_path)
    for file in definition["additional_build_files"]:
        shutil.copy2(built / file["src"], tmp_path)
    builder(tmp_path, "create", "-f", DEFINITION.name, "--output-filename", "Containerfile")
    context = tmp_path / "context"
    container = (context / "Containerfile").read_text(encoding="utf-8")
    assert definition["images"]["base_image"]["name"] in container
    assert "ansible-galaxy collection install" in container
    # What that line of the container does, in the folder that it does it in.
    folder = context / "_build"
    target = tmp_path / "collections"
    subprocess.run(
        [sys.executable, "-m", "ansible", "galaxy", "collection", "install", "--offline"]
        + ["-r", "requirements.yml", "--collections-path", str(target)],
        cwd=folder,
        check=True,
    )
    assert introspected(tmp_path, target)[0] == lines(ROOT / "meta" / "ee-requirements.txt")


def test_the_definition_names_the_versions_that_are_supported() -> None:
    definition = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    core = Requirement(definition["dependencies"]["ansible_core"]["package_pip"])
    assert str(core.specifier) == str(Requirement(f"ansible-core{runtime['requires_ansible']}").specifier)
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    (file,) = definition["additional_build_files"]
    (collection,) = definition["dependencies"]["galaxy"]["collections"]
    assert file["src"] == f"mde-connectivity-{version}.tar.gz"
    assert collection["name"] == f"{file['dest']}/{file['src']}"


def printed(*command: str, **environment: str) -> list[str]:
    """The lines that a program prints."""
    env = {**os.environ, **environment}
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env).stdout.splitlines()


def with_what_they_need(*packages: str) -> set[str]:
    """Packages of Debian, and all on which they depend."""
    less = [f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")]
    found = printed("apt-cache", "depends", "--recurse", *less, *packages)
    return {line for line in found if not line.startswith((" ", "<"))}


def test_the_packages_of_bindep_are_what_kerberos_is_built_with(tmp_path: Path) -> None:
    needs.kerberos_build()
    bindep = [str(Path(sys.executable).with_name("bindep")), "--list_all", "newline", "--file", str(BINDEP)]
    compiles = sorted(set(printed(*bindep, "compile")) - set(printed(*bindep)))
    assert compiles == ["gcc", "libkrb5-dev", "python3-dev"]
    # The extra of pywinrm is a package without wheels; gcc says which headers it read.
    (wanted,) = (each for each in map(Requirement, requires("pywinrm") or []) if each.name == "pykerberos")
    read = tmp_path / "read"
    pip = [sys.executable, "-m", "pip", "--quiet", "--python", "/usr/bin/python3", "wheel"]
    anew = ["--no-cache-dir", "--no-deps", "--no-binary", wanted.name, "--wheel-dir", str(tmp_path)]
    printed(*pip, *anew, f"{wanted.name}{wanted.specifier}", SUNPRO_DEPENDENCIES=str(read))
    assert list(tmp_path.glob("pykerberos-*-linux_*.whl"))
    headers = {str(Path(word).resolve()) for word in read.read_text(encoding="utf-8").split() if word.startswith("/")}
    used = {line.partition(":")[0] for line in printed("dpkg", "--search", *headers)}
    assert "krb5-multidev" in used
    assert used <= with_what_they_need(*compiles)
    for package in compiles:
        assert used - with_what_they_need(*(other for other in compiles if other != package)), package
