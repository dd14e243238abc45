"""pyproject.toml, environment.yml and requirements.lock say the same, and the lock can be trusted."""

import re
import tomllib

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^ ]+)(?: ; (?P<marker>.+))? \\$")
MACHINES = [("linux", "x86_64"), ("linux", "aarch64"), ("win32", "AMD64"), ("darwin", "arm64")]


def asked(repository) -> list[Requirement]:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"] + project["optional-dependencies"]["dev"]
    return [Requirement(line) for line in lines]


def pins(repository) -> list[dict]:
    lines = (repository / "requirements.lock").read_text().splitlines()
    return [match.groupdict() for line in lines if (match := PIN.match(line))]


def environments():
    for system, machine in MACHINES:
        for python in ("3.11", "3.12", "3.13"):
            yield {
                "sys_platform": system, "platform_machine": machine, "python_version": python,
                "python_full_version": f"{python}.5", "os_name": "nt" if system == "win32" else "posix",
                "implementation_name": "cpython", "platform_python_implementation": "CPython",
            }  # fmt: skip


def conda(repository) -> dict[str, Requirement]:
    written = yaml.safe_load((repository / "environment.yml").read_text())["dependencies"]
    return {found.name: found for found in map(Requirement, (e for e in written if isinstance(e, str)))}


def test_conda_asks_for_what_pip_asks_for(repository):
    here = {requirement.name: requirement for requirement in asked(repository)}
    there = {name: found for name, found in conda(repository).items() if name not in ("python", "pip")}
    assert there.keys() <= here.keys()
    for name, found in there.items():
        assert found.specifier == here[name].specifier and not here[name].marker, name


def test_conda_installs_the_package_and_by_it_the_rest(repository):
    written = yaml.safe_load((repository / "environment.yml").read_text())["dependencies"]
    assert [entry for entry in written if not isinstance(entry, str)] == [{"pip": ["-e .[dev]"]}]


def test_conda_takes_the_same_pythons(repository):
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    assert str(conda(repository)["python"].specifier) == str(
        Requirement(f"python{project['requires-python']}").specifier
    )


@pytest.mark.parametrize("environment", list(environments()), ids=lambda e: "-".join(list(e.values())[:3]))
def test_the_lock_meets_every_dependency_once_on_every_machine(repository, environment):
    applying = [
        pin for pin in pins(repository) if not pin["marker"] or Marker(pin["marker"]).evaluate(environment)
    ]
    versions = {pin["name"]: Version(pin["version"]) for pin in applying}
    assert len(versions) == len(applying), "a package is pinned twice"
    for requirement in asked(repository):
        if requirement.marker and not requirement.marker.evaluate(environment):
            assert canonicalize_name(requirement.name) not in versions
            continue
        version = versions[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version, prereleases=True), requirement


def test_every_machine_has_the_same_version_of_a_package(repository):
    names = [pin["name"] for pin in pins(repository)]
    assert len(names) == len(set(names))


def test_every_pin_has_hashes_and_nothing_else_is_in_the_lock(repository):
    lines = (repository / "requirements.lock").read_text().splitlines()
    body = [line for line in lines if not line.startswith("#")]
    hashed = 0
    for line, following in zip(body, body[1:] + [""], strict=True):
        if PIN.match(line):
            assert following.startswith("    --hash=sha256:"), line
        else:
            assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line), line
            hashed += 1
            assert line.endswith("\\") == following.startswith("    --hash="), line
    assert hashed > len(pins(repository)) > 100


def test_the_lock_holds_neither_two_tensorflows_nor_a_second_framework(repository):
    names = {pin["name"] for pin in pins(repository)}
    assert not names & {
        "torch",
        "torchvision",
        "opencv-python",
        "dlib",
        "tensorflow-intel",
        "tensorflow-macos",
    }


def test_nbval_is_pinned(repository):
    (nbval,) = [requirement for requirement in asked(repository) if requirement.name == "nbval"]
    assert [specifier.operator for specifier in nbval.specifier] == ["=="]


def test_the_installed_packages_are_those_of_the_lock(repository):
    """Only in the course's own environment; elsewhere versions are the reader's business."""
    import sys
    from importlib.metadata import version

    if not (repository / ".venv").is_dir() or not sys.prefix.startswith(str(repository / ".venv")):
        pytest.skip("not run with the course's own .venv")
    here = [pin for pin in pins(repository) if not pin["marker"] or Marker(pin["marker"]).evaluate()]
    assert {pin["name"]: version(pin["name"]) for pin in here} == {
        pin["name"]: pin["version"] for pin in here
    }
