import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.each_row import each_row

ROOT = Path(__file__).parents[1]

_HASH = re.compile(r" +--hash=sha256:[0-9a-f]{64}")


RUN_LOCK, EC2_LOCK = "requirements.lock", "requirements-ec2.lock"
DEV_LOCK, FUZZ_LOCK = "requirements-dev.lock", "requirements-fuzz.lock"


def blocks(lock: str) -> Iterator[tuple[Requirement, Sequence[str]]]:
    """Yield every requirement of a lock, and the lines of its hashes."""
    lines = (ROOT / lock).read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    for block in re.split(r"\n(?=\S)", text):
        first, *hashes = block.replace("\\\n", "\n").splitlines()
        yield Requirement(first), hashes


def locked(lock: str) -> Mapping[str, Requirement]:
    """Return the requirements of a lock by the names of their packages."""
    found: dict[str, Requirement] = {
        canonicalize_name(requirement.name): requirement for requirement, _ in blocks(lock)
    }
    assert len(found) == len(list(blocks(lock)))
    return found


def declared() -> Mapping[str, Sequence[Requirement]]:
    """Return what pyproject.toml asks for by the lock that answers: to run, for EC2, for tests."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = document["project"]["optional-dependencies"]
    to_run = document["project"]["dependencies"]
    asked = {
        RUN_LOCK: to_run,
        EC2_LOCK: [*to_run, *extras["ec2"]],
        DEV_LOCK: [*to_run, *extras["ec2"], *extras["dev"], *document["build-system"]["requires"]],
    }
    return {lock: [Requirement(text) for text in texts] for lock, texts in asked.items()}


def version_of(requirement: Requirement) -> Version:
    [specifier] = requirement.specifier
    assert specifier.operator == "=="
    return Version(specifier.version)


@pytest.mark.parametrize("lock", declared())
def test_every_dependency_is_locked_to_a_version_in_its_range(lock: str) -> None:
    found = locked(lock)
    for wanted in declared()[lock]:
        version = version_of(found[canonicalize_name(wanted.name)])
        assert wanted.specifier.contains(version), f"{wanted}, but {version} is locked"


@pytest.mark.parametrize("lock", declared())
def test_what_the_dependencies_need_is_locked_too_and_nothing_else(lock: str) -> None:
    found = locked(lock)
    to_look_at = list(declared()[lock])
    reached = set()
    while to_look_at:
        wanted = to_look_at.pop()
        name = canonicalize_name(wanted.name)
        version = version_of(found[name])
        assert wanted.specifier.contains(version, prereleases=True), wanted
        if (name, *sorted(wanted.extras)) in reached:
            continue
        reached.add((name, *sorted(wanted.extras)))
        try:
            needed = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue  # it is for another system
        for need in needed:
            if need.marker is None or any(
                need.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)
            ):
                to_look_at.append(need)
    # What is for other systems is not installed, and so not reached.
    here = {name for name, wanted in found.items() if wanted.marker is None}
    assert here <= {name for name, *_ in reached}
    assert len(here) > 10


@pytest.mark.parametrize("lock", [RUN_LOCK, EC2_LOCK])
def test_those_who_run_it_get_the_versions_that_were_tested(lock: str) -> None:
    tested = {name: str(wanted) for name, wanted in locked(DEV_LOCK).items()}
    for name, wanted in locked(lock).items():
        assert tested[name] == str(wanted)


def test_what_builds_the_project_is_pinned() -> None:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for text in document["build-system"]["requires"]:
        version_of(Requirement(text))


@each_row("lock", [RUN_LOCK, EC2_LOCK, DEV_LOCK, FUZZ_LOCK])
def test_every_file_is_pinned_by_its_hash_and_none_by_where_it_was_found(lock: str) -> None:
    for requirement, hashes in blocks(lock):
        assert hashes, requirement
        assert all(_HASH.fullmatch(line.rstrip()) for line in hashes), requirement
        assert requirement.url is None
    assert not re.search(r"://|index|find-links", (ROOT / lock).read_text())


@each_row("python", ["3.11", "3.12", "3.13", "3.14"])
def test_each_python_gets_one_version_of_what_fuzzes_and_that_is_in_its_range(python: str) -> None:
    system = {"python_version": python, "python_full_version": f"{python}.0"}
    system |= {"sys_platform": "linux", "platform_machine": "x86_64"}

    def is_for(requirement: Requirement) -> bool:
        return requirement.marker is None or requirement.marker.evaluate(system)

    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    [wanted] = filter(is_for, map(Requirement, groups["fuzz"]))
    [found] = filter(is_for, (requirement for requirement, _ in blocks(FUZZ_LOCK)))
    assert found.name == wanted.name
    assert wanted.specifier.contains(version_of(found))


def test_what_runs_on_every_system_has_the_hashes_of_many_files() -> None:
    # One hash would be that of the machine on which the lock was made.
    hashes = {requirement.name: len(lines) for requirement, lines in blocks(RUN_LOCK)}
    for compiled in ("cryptography", "bcrypt", "orjson", "cffi"):
        assert hashes[compiled] > 10, compiled
