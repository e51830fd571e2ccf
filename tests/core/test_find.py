import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from core import files, find
from core.encoding import private_file
from core.find import Finder
from core.found import Found, Standing
from core.model import KeyPair, Tag, TagSpecification
from core.secret import KeyMaterial
from core.service import KeyPairService
from core.store import RegionStore
from tests import key_zoo
from tests.key_zoo import PASSPHRASE, Zoo


@pytest.fixture(scope="module")
def zoo(run: Callable[..., object], tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """Return the folder of 300 files."""
    return key_zoo.build(tmp_path_factory.mktemp("zoo"), tmp_path_factory.mktemp("work"), run)


@pytest.fixture(scope="module")
def everywhere(zoo: Zoo, tmp_path_factory: pytest.TempPathFactory) -> KeyPairService:
    """Return a service that knows the keys of the folder, in two Regions in turn."""
    folder = tmp_path_factory.mktemp("data")
    service = KeyPairService(RegionStore(folder, "us-east-1"))
    regions = [service, service.for_region("eu-west-1")]
    for number, (name, line) in enumerate(zoo.known.items()):
        tags = [TagSpecification("key-pair", [Tag("Number", str(number))])]
        regions[number % 2].import_key_pair(
            key_name=name, public_key_material=line, tag_specifications=tags
        )
    return service


def never(_: str) -> NoReturn:
    raise AssertionError("a passphrase was asked for")


def by_name(folder: Path, found: Iterator[Found]) -> dict[str, Found]:
    rows = [(str(Path(row.source).relative_to(folder)), row) for row in found]
    assert len(dict(rows)) == len(rows), "a file was named twice"
    return dict(rows)


def test_every_file_of_a_mixed_folder_is_named_correctly(
    zoo: Zoo, everywhere: KeyPairService
) -> None:
    assert len(zoo.expected) == key_zoo.FILES
    found = by_name(zoo.folder, everywhere.finder().look(str(zoo.folder)))
    assert found.keys() == zoo.expected.keys()
    wrong = []
    for name, expected in zoo.expected.items():
        row = found[name]
        line = zoo.lines.get(expected.key or "")
        ok = (
            row.standing == expected.standing
            and (row.public_key.line if row.public_key else None) == line
            and row.kind.startswith(expected.kind)
            and [match.key_pair.key_name for match in row.matches]
            == ([expected.key] if expected.standing == "known" else [])
        )
        if not ok:
            wrong.append((name, expected, row))
    assert wrong == []
