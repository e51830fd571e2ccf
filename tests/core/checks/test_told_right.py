"""Every key file is told right: what `find` says of files that other people's tools left."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.checks import look_up
from core.checks.answers import Found
from core.session import Session
from core.store.region_store import RegionStore
from tests.core.checks import key_files
from tests.core.checks.key_files import Told, Workshop
from tests.helpers import Run, session_over


@pytest.fixture(scope="module")
def workshop(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Return the place where the files are made."""
    return Workshop(tmp_path_factory.mktemp("workshop"), run)


@pytest.fixture(scope="module")
def pairs(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Return a session that has the pairs `rsa` and `ed`."""
    session = session_over(RegionStore(tmp_path_factory.mktemp("data"), "us-east-1"))
    for name in ("rsa", "ed"):
        session.backend.import_key_pair(
            key_name=name, public_key_material=workshop.line(name), tag_specifications=()
        )
    return session


def told_wrong(found: list[Found], told: Told) -> list[str]:
    """Return what falls short in the answer to one file."""
    said = " ".join(f"{each.standing} {each.kind} {each.note}" for each in found)
    standings = tuple(each.standing.value for each in found)
    known = tuple(sorted(match.key_pair.key_name for each in found for match in each.matches))
    wrong = []
    if standings != told.standings:
        wrong.append(f"standings {standings}")
    if known != tuple(sorted(told.known)):
        wrong.append(f"pairs {known}")
    wrong += [f"does not say {word!r}" for word in told.words if not re.search(word, said)]
    wrong += [f"says {word!r}" for word in told.never if re.search(word, said)]
    return [*wrong, said] if wrong else []


@pytest.mark.long
@pytest.mark.parametrize("kind", key_files.KINDS)
def test_every_file_of_a_kind_is_told_right(
    kind: Callable[[Workshop], Iterator[tuple[str, bytes | str, Told]]],
    workshop: Workshop,
    pairs: Session,
    tmp_path: Path,
) -> None:
    wrong = {}
    finder = look_up.finder(pairs)
    for name, data, told in kind(workshop):
        file = "authorized_keys" if name.startswith("authorized_keys") else "file"
        (tmp_path / file).write_bytes(data.encode() if isinstance(data, str) else data)
        problems = told_wrong(list(finder.look(str(tmp_path / file))), told)
        if problems:
            wrong[name] = problems
        (tmp_path / file).unlink()
    assert wrong == {}
