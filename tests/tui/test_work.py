"""Work that is counted, not timed: what is parsed, written, imported, and done on the loop."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers
from textual.pilot import Pilot

from core.custody import proof
from core.disk import files, replacing
from core.disk.in_folder import Pieces
from core.ec2.backend import NewKeyPair
from core.keys import convert, keygen, pem
from core.keys.reading import private_numbers
from core.local.opening import open_local
from core.model import KeyType, Tag
from core.session import Session
from core.store import region_file, transaction
from core.store.region_store import RegionStore
from tests.core.store_records import key_pair, write_region
from tests.helpers import session_over
from tests.tui.driving import create, save, until_loaded, until_screen
from tui.app import KeyPairsApp

ROOT = Path(__file__).parents[2]
COUNT = 300
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILR+zNQbYY5ORuhYXGMTSnjRLzS9C5dUdWRKdlqi20q2"


class Work:
    """What the store did: files parsed, files written whole, and their bytes."""

    def __init__(self) -> None:
        self.parses = 0
        self.written: list[int] = []


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    work = Work()
    read, replace = region_file.read, replacing.replace_file

    def counted_read(
        data: bytes, region: str, known: region_file.Content | None = None
    ) -> region_file.Content:
        work.parses += 1
        return read(data, region, known)

    def counted_replace(path: Path, pieces: Pieces, **options: Any) -> os.stat_result:
        pieces = tuple(pieces)
        work.written.append(sum(len(piece) for _, piece in pieces))
        return replace(path, pieces, **options)

    monkeypatch.setattr(region_file, "read", counted_read)
    monkeypatch.setattr(replacing, "replace_file", counted_replace)
    return work


@pytest.fixture
def filled(tmp_path: Path) -> Session:
    """Return a service that has read a Region of some hundred pairs."""
    write_region(tmp_path / "data", COUNT)
    session = session_over(RegionStore(tmp_path / "data", "us-east-1"))
    session.backend.describe_key_pairs()
    return session


SEVERAL = [key_pair(number).key_pair_id for number in range(1, 60)]
NEW = [NewKeyPair(f"new-{number}", ED25519) for number in range(60)]
OPERATIONS: dict[str, Callable[[Session], object]] = {
    "create": lambda session: session.backend.create_key_pair(key_name="web", key_type="ed25519"),
    "tag": lambda session: session.backend.create_tags(
        resources=[key_pair(1).key_pair_id], tags=[Tag("a", "b")]
    ),
    "untag": lambda session: session.backend.delete_tags(resources=[key_pair(1).key_pair_id]),
    "delete": lambda session: session.backend.delete_key_pair(key_name="pair-1"),
    "delete several": lambda session: deleted(session, SEVERAL),
    "bring several back": lambda session: [*session.backend.restore_key_pairs(SEVERAL)],
    "tag several": lambda session: [*session.backend.tag_key_pairs(SEVERAL, [Tag("a", "b")])],
    "import several": lambda session: [*session.backend.import_key_pairs(NEW)],
}


def deleted(session: Session, ids: Sequence[str]) -> None:
    [batch] = session.backend.delete_key_pairs(ids, delete_time=datetime.now(UTC))
    assert (len(batch.done), batch.refused) == (len(ids), ())


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_change_parses_nothing_and_writes_the_file_once(
    filled: Session, work: Work, operation: str
) -> None:
    if operation == "bring several back":
        deleted(filled, SEVERAL)
        work.written.clear()
    before = filled.store.path.read_bytes()
    OPERATIONS[operation](filled)
    assert work.parses == 0
    assert work.written == [(filled.store.path).stat().st_size]
    assert filled.store.path.read_bytes() != before


def test_what_another_session_wrote_is_parsed_once(
    filled: Session, work: Work, tmp_path: Path
) -> None:
    other = open_local(tmp_path / "data", "us-east-1")
    other.backend.create_key_pair(key_name="other", key_type="ed25519")
    work.parses = 0
    for _ in range(3):
        filled.backend.describe_key_pairs()
    filled.backend.create_key_pair(key_name="web", key_type="ed25519")
    assert work.parses == 1


@pytest.mark.long
def test_looking_neither_parses_nor_writes(filled: Session, work: Work) -> None:
    filled.backend.describe_key_pairs()
    filled.backend.describe_key_pairs(key_names=["pair-7"])
    assert filled.key_pair_named("pair-7") == key_pair(7)
    assert filled.key_pair_named("none") is None
    assert (work.parses, work.written) == (0, [])


def test_a_name_is_looked_up_and_not_searched_for(filled: Session) -> None:
    from tinydb.table import Table

    with (
        mock.patch.object(Table, "contains", side_effect=AssertionError("searched")),
        mock.patch.object(Table, "search", side_effect=AssertionError("searched")),
        mock.patch.object(Table, "get", side_effect=AssertionError("searched")),
    ):
        filled.backend.create_key_pair(key_name="web", key_type="ed25519")
        filled.backend.delete_key_pair(key_name="web")


def test_many_pairs_are_tagged_in_one_walk_through_the_table(
    filled: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks: list[int] = []
    write = transaction._Memory.write

    def counted(memory: transaction._Memory, tables: region_file.Tables) -> None:
        walks.append(len(tables))
        write(memory, tables)

    monkeypatch.setattr(transaction._Memory, "write", counted)
    ids = [key_pair(number).key_pair_id for number in range(1, COUNT + 1)]
    filled.backend.create_tags(resources=ids, tags=[Tag("a", "b")])
    assert len(walks) == 1
    assert all(Tag("a", "b") in pair.tags for pair in filled.backend.describe_key_pairs())


def test_a_new_pair_adds_no_more_to_the_file_than_its_record(filled: Session, work: Work) -> None:
    filled.backend.create_key_pair(key_name="a", key_type="ed25519")
    filled.backend.create_key_pair(key_name="b", key_type="ed25519")
    assert 0 < work.written[1] - work.written[0] < 1_000


HEAVY = {"cryptography", "orjson", "tinydb"}
LATER = {
    "core.store.region_store",
    "core.query",
    "core.ec2.filters",
    "core.checks.finding",
    "core.keys.passphrase",
    "hashlib",
}

FIRST_FRAME = """
import json, sys
from pathlib import Path
from tui.app import KeyPairsApp
from tui import __main__ as command

def note(self, screen, update):
    if update is not None:
        Path(sys.argv[1]).write_text(json.dumps([*sys.modules]))
        self.exit()

KeyPairsApp._display = note
command.main(sys.argv[2:])
"""


@pytest.mark.long
def test_the_first_frame_comes_before_the_store_and_the_key_library(tmp_path: Path) -> None:
    write_region(tmp_path / "data", 3)
    modules = tmp_path / "modules"
    data = str(tmp_path / "data")
    code = [sys.executable, "-c", FIRST_FRAME, str(modules), "--data-dir", data]
    ours, theirs = os.openpty()
    try:
        subprocess.run(
            code,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm-256color", "HOME": str(tmp_path)},
            timeout=60,
            check=True,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    loaded = set(json.loads(modules.read_text()))
    assert "textual" in loaded
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()
    assert loaded & LATER == set()


def test_help_loads_little(tmp_path: Path) -> None:
    code = (
        "import json, sys\nbefore = len(sys.modules)\nfrom tui.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(json.dumps(list(sys.modules)[before:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=60, check=True, cwd=ROOT
    )
    loaded = json.loads(done.stdout.splitlines()[-1])
    forbidden = {"textual", "rich", "asyncio", "typing", "dataclasses", "importlib.metadata"}
    assert forbidden & set(loaded) == set()
    # Two packages, the start, the parser, its streams, statuses, and the layout of the help.
    assert len([name for name in loaded if name.startswith(("core", "tui"))]) <= 7


BLOCKING = (
    (region_file, "read"),
    (region_file, "pieces"),
    (replacing, "replace_file"),
    (files, "read_regular_file"),
    (files, "create_private_file"),
    (keygen, "generate"),
    (pem, "encode"),
    (convert, "decode"),
    (proof, "prove"),
    (os, "fsync"),
)
"""What takes long, or as long as a disk or a network file system likes."""


@contextmanager
def watched() -> Iterator[tuple[list[str], set[str]]]:
    """Yield what is done on the loop's thread that should not be, and what was done at all."""
    loop = threading.get_ident()
    on_loop: list[str] = []
    done: set[str] = set()

    def watch(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            done.add(name)
            if threading.get_ident() == loop:
                on_loop.append(name)
            return function(*arguments, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for module, name in BLOCKING:
            full = f"{module.__name__}.{name}"
            patch.setattr(module, name, watch(full, getattr(module, name)))
        yield on_loop, done


@pytest.mark.long
def test_nothing_that_blocks_is_done_on_the_loop(home: Path, tmp_path: Path) -> None:
    write_region(tmp_path / "watched", COUNT)
    session = open_local(tmp_path / "watched", "us-east-1")

    async def life() -> tuple[list[str], set[str]]:
        with watched() as (on_loop, done):
            async with KeyPairsApp(session).run_test(size=(80, 24)) as pilot:
                await visit(pilot)
        return on_loop, done

    on_loop, done = asyncio.run(life())
    assert on_loop == []
    assert done == {f"{module.__name__}.{name}" for module, name in BLOCKING}


async def visit(pilot: Pilot[None]) -> None:
    """Do what people do: look, filter, create, save, look again."""
    await until_loaded(pilot)
    await pilot.press("down", "slash", "1", "enter", "slash", "escape")
    await create(pilot, "watched")
    await save(pilot)
    await pilot.press("escape")
    await until_screen(pilot, "KeyPairListScreen")
    await pilot.press("enter")
    await until_screen(pilot, "DetailsScreen")
    await pilot.press("escape")
    await until_screen(pilot, "KeyPairListScreen")


class Watched:
    """The numbers of an RSA key, and what was asked of the library that makes a key of them."""

    asked: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, *numbers: Any) -> None:
        self._numbers = RSAPrivateNumbers(*numbers)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._numbers, name)

    def private_key(self, **options: Any) -> Any:
        self.asked.append(options)
        return self._numbers.private_key(**options)


def test_rsa_material_of_ours_is_loaded_without_the_slow_validation() -> None:
    data = pem.encode(keygen.generate(KeyType.RSA))
    Watched.asked.clear()
    with mock.patch.object(private_numbers, "RSAPrivateNumbers", Watched):
        convert.decode(data)
    assert Watched.asked
    assert all(options == {"unsafe_skip_rsa_key_validation": True} for options in Watched.asked)
