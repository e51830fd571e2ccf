import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]

_HASH = re.compile(r" +--hash=sha256:[0-9a-f]{64}")


LOCK, FUZZ_LOCK = "requirements.lock", "requirements-fuzz.lock"


def blocks(lock: str = LOCK) -> Iterator[tuple[Requirement, Sequence[str]]]:
    """Yield every requirement of a lock, and the lines of its hashes."""
    lines = (ROOT / lock).read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    for block in re.split(r"\n(?=\S)", text):
        first, *hashes = block.replace("\\\n", "\n").splitlines()
        yield Requirement(first), hashes


@pytest.fixture(scope="module")
def locked() -> Mapping[str, Requirement]:
    """Return the requirements of the lock by the names of their packages."""
    found: dict[str, Requirement] = {
        canonicalize_name(requirement.name): requirement for requirement, _ in blocks()
    }
    assert len(found) == len(list(blocks()))
    return found


def declared() -> Sequence[Requirement]:
    """Return what pyproject.toml asks for: to run, to develop, and to build."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = document["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    return [Requirement(text) for text in [*asked, *document["build-system"]["requires"]]]


def version_of(requirement: Requirement) -> Version:
    [specifier] = requirement.specifier
    assert specifier.operator == "=="
    return Version(specifier.version)


@pytest.mark.parametrize("wanted", declared(), ids=lambda wanted: wanted.name)
def test_every_dependency_is_locked_to_a_version_in_its_range(
    locked: Mapping[str, Requirement], wanted: Requirement
) -> None:
    version = version_of(locked[canonicalize_name(wanted.name)])
    assert wanted.specifier.contains(version), f"{wanted}, but {version} is locked"


def test_what_the_dependencies_need_is_locked_too(locked: Mapping[str, Requirement]) -> None:
    looked_at = 0
    for name in locked:
        try:
            needed = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue  # it is for another system
        looked_at += 1
        for need in needed:
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                version = version_of(locked[canonicalize_name(need.name)])
                assert need.specifier.contains(version, prereleases=True), f"{name}: {need}"
    assert looked_at > 20


@pytest.mark.parametrize("lock", [LOCK, FUZZ_LOCK])
def test_every_file_is_pinned_by_its_hash_and_none_by_where_it_was_found(lock: str) -> None:
    for requirement, hashes in blocks(lock):
        assert hashes, requirement
        assert all(_HASH.fullmatch(line.rstrip()) for line in hashes), requirement
        assert requirement.url is None
    assert not re.search(r"://|index|find-links", (ROOT / lock).read_text())


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
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
    hashes = {requirement.name: len(lines) for requirement, lines in blocks()}
    for compiled in ("cryptography", "bcrypt", "orjson", "cffi"):
        assert hashes[compiled] > 10, compiled
