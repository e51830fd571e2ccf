import errno
import json
import os
import random
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tinydb import TinyDB

from core.errors import KeyPairsError, StoreDamaged, StoreError, StoreNotConfirmed, StoreTooNew
from core.model import Tag
from core.store import region_file, restore
from core.store.region_store import RegionStore
from tests.core.store_records import TIME, encode, key_pair, write_region
from tests.helpers import session_over

ROOT = Path(__file__).parents[3]
REGION = "us-east-1"

CALLS = (
    "open",
    "write",
    "fsync",
    "link",
    "replace",
    "unlink",
    "close",
    "fchmod",
    "ftruncate",
    "pwrite",
    "pread",
    "lseek",
    "fstat",
    "lstat",
)
"""What a change asks of the system, as far as Python code asks it by these names."""

NUMBERS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS)


class Faults:
    """Counts the calls of one function of `os`, and makes one of them fail."""

    def __init__(self, name: str, fail: int = 0, number: int = errno.EIO) -> None:
        self.calls = 0
        self._name, self._fail, self._number = name, fail, number
        self._original: Callable[..., Any] = getattr(os, name)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.calls += 1
        if self.calls == self._fail:
            if self._name == "close":
                self._original(*arguments, **options)  # the system closes it even then
            raise OSError(self._number, os.strerror(self._number))
        return self._original(*arguments, **options)

    def __enter__(self) -> "Faults":
        setattr(os, self._name, self)
        return self

    def __exit__(self, *_: object) -> None:
        setattr(os, self._name, self._original)


@pytest.fixture
def filled(store: RegionStore) -> RegionStore:
    """Return a store with three key pairs of five generations."""
    for number in range(1, 5):
        with store.transaction() as transaction:
            transaction.insert(key_pair(number), "CreateKeyPair")
    with store.transaction() as transaction:
        transaction.remove(key_pair(1).key_pair_id, TIME, "DeleteKeyPair")
    return store


def reopened(store: RegionStore) -> RegionStore:
    return RegionStore(store.path.parent, store.region, lock_timeout=1)


def create(store: RegionStore) -> None:
    with store.transaction() as transaction:
        transaction.insert(key_pair(99), "CreateKeyPair")


def delete(store: RegionStore) -> None:
    with store.transaction() as transaction:
        transaction.remove(key_pair(2).key_pair_id, TIME, "DeleteKeyPair")


def tag(store: RegionStore) -> None:
    session_over(store).backend.create_tags(
        resources=[key_pair(3).key_pair_id, key_pair(4).key_pair_id], tags=[Tag("New", "tag")]
    )


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.tmp*"))


# Errors of the system -----------------------------------------------------------------------


@pytest.mark.parametrize("change", [create, delete, tag])
@pytest.mark.parametrize(
    "name",
    # A lock whose file cannot be looked at is waited for.
    [pytest.param(each, marks=pytest.mark.long if each == "fstat" else ()) for each in CALLS],
)
def test_a_call_that_fails_costs_nothing(
    name: str, change: Callable[[RegionStore], None], filled: RegionStore
) -> None:
    folder = filled.path.parent
    before = filled.path.read_bytes()
    state = filled.read()
    saved = folder.with_name("saved")
    shutil.copytree(folder, saved)
    number = 0
    while True:
        number += 1
        store = reopened(filled)
        store.read()  # a session that runs
        refused = False
        with Faults(name, number, NUMBERS[number % len(NUMBERS)]) as faults:
            try:
                change(store)
            except KeyPairsError as error:
                refused = True
                assert isinstance(error, StoreError)
                assert not isinstance(error, StoreNotConfirmed)
        if faults.calls < number:
            break
        assert leftovers(folder) == []
        if refused:
            assert filled.path.read_bytes() == before, (name, number)
            assert reopened(filled).read() == state
            # The same session tries again, and the failure has left no trace in its memory.
            change(store)
        # Otherwise that call was of no importance: the change is there, as acknowledged.
        assert store.read() == reopened(filled).read()
        assert store.read().generation == state.generation + 1
        assert {entry.outcome for entry in store.journal.read()} <= {"begun", "done", "failed"}
        shutil.rmtree(folder)
        shutil.copytree(saved, folder)
    assert number > 1 or name in {"ftruncate", "unlink"}, "nothing was made to fail"


def test_a_change_that_failed_does_not_come_with_the_next_one(
    filled: RegionStore,
) -> None:
    with Faults("replace", 1), pytest.raises(StoreError):
        tag(filled)
    create(filled)
    for store in (filled, reopened(filled)):
        pair = store.read().key_pairs[key_pair(3).key_pair_id]
        assert pair.tags == key_pair(3).tags


def test_tags_that_were_refused_for_one_pair_do_not_reach_another_later(
    filled: RegionStore,
) -> None:
    session = session_over(filled)
    with pytest.raises(KeyPairsError, match="not valid"):
        session.backend.create_tags(
            resources=[key_pair(3).key_pair_id, "key-0123456789abcdef0"], tags=[Tag("New", "tag")]
        )
    create(filled)
    assert reopened(filled).read().key_pairs[key_pair(3).key_pair_id] == key_pair(3)


def test_a_key_pair_that_could_not_be_recorded_is_not_handed_out(filled: RegionStore) -> None:
    session = session_over(filled)
    for number, name in enumerate(("write", "write", "fsync", "fsync", "fsync", "replace"), 1):
        with Faults(name, min(number, 3), errno.ENOSPC), suppress(StoreError):
            session.backend.create_key_pair(key_name=f"new-{number}", key_type="ed25519")
            continue
        assert session.key_pair_named(f"new-{number}") is None
        assert f"new-{number}" not in reopened(filled).read().names


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "your disk quota is used up"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_the_error_says_what_is_the_matter(number: int, sentence: str, filled: RegionStore) -> None:
    with Faults("fsync", 2, number), pytest.raises(StoreError) as caught:
        create(filled)
    assert str(caught.value) == f"Cannot change {filled.path}: {sentence}. Nothing was changed."


def test_a_change_that_can_neither_be_confirmed_nor_undone_is_not_called_failed(
    filled: RegionStore,
) -> None:
    with Faults("fsync", 3), Faults("replace", 2), pytest.raises(StoreNotConfirmed, match="Look"):
        create(filled)
    assert "pair-99" in filled.read().names
    assert filled.journal.read()[-1].outcome == "begun"
    assert leftovers(filled.path.parent) == []


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK])
def test_where_files_have_one_name_only_the_last_generation_is_copied(
    number: int, filled: RegionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    before = filled.path.read_bytes()
    create(filled)
    assert filled.previous_path.read_bytes() == before
    assert filled.previous_path.stat().st_mode & 0o777 == 0o600
    assert leftovers(filled.path.parent) == []


def test_a_change_after_one_that_failed_late_leaves_no_temporary_file(filled: RegionStore) -> None:
    copy = filled.previous_path.read_bytes()
    with Faults("replace", 1), pytest.raises(StoreError):
        create(filled)
    assert filled.previous_path.read_bytes() == copy
    before = filled.path.read_bytes()
    create(filled)
    assert leftovers(filled.path.parent) == []
    assert filled.previous_path.read_bytes() == before


LIMITED = """
import resource, signal, sys
sys.path.insert(0, {root!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from pathlib import Path
from core.errors import StoreError
from tests.helpers import session_over
from core.store.region_store import RegionStore
store = RegionStore(Path(sys.argv[1]), "us-east-1")
backend = session_over(store).backend
size = store.path.stat().st_size
for limit in (0, 20, 700, 4096, size - 1, size, size + 200):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    for change in (
        lambda: backend.create_key_pair(key_name="new", key_type="ed25519"),
        lambda: backend.create_tags(resources=["key-0" + "2".rjust(16, "0")], tags=[tag]),
    ):
        from core.model import Tag
        tag = Tag("Name", "x" * 256)
        try:
            change()
        except StoreError as error:
            assert "too large" in str(error) or "journal" in str(error), error
        else:
            raise SystemExit(f"not refused at {{limit}}")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
backend.create_key_pair(key_name="new", key_type="ed25519")
"""


@pytest.mark.long
def test_a_limit_on_the_size_of_files_costs_nothing(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    if (soft, hard) != (resource.RLIM_INFINITY, resource.RLIM_INFINITY):
        pytest.skip("files are limited already")
    folder = tmp_path / "data"
    before = RegionStore(folder, REGION)
    write_region(folder, 40)
    state = before.read()
    code = LIMITED.format(root=str(ROOT))
    subprocess.run([sys.executable, "-c", code, folder], timeout=60, check=True)
    after = RegionStore(folder, REGION).read()
    assert set(after.names) == {*state.names, "new"}
    assert [after.key_pairs[key] for key in state.key_pairs] == [*state.key_pairs.values()]
    assert leftovers(folder) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return the folder of a file system of 256 KB."""
    folder = tmp_path / "disk"
    folder.mkdir(0o700)
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or mount is None or umount is None:
        pytest.skip("only root may mount a file system")
    options = "size=256k,mode=0700"
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {done.stderr.decode(errors='replace')}")
    yield folder
    subprocess.run([umount, folder], check=True)


def test_a_full_disk_costs_nothing(small_disk: Path) -> None:
    folder = small_disk / "data"
    write_region(folder, 40)
    store = RegionStore(folder, REGION)
    create(store)
    before, state = store.path.read_bytes(), store.read()
    filler = small_disk / "filler"
    for spare in range(0, 80 * 1024, 4096):
        filler.unlink(missing_ok=True)
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        os.truncate(filler, max(0, filler.stat().st_size - spare))
        session = RegionStore(folder, REGION)
        try:
            with session.transaction() as transaction:
                transaction.insert(key_pair(1000), "CreateKeyPair")
        except StoreError as error:
            assert "the disk is full" in str(error) or "No space left" in str(error)
            assert store.path.read_bytes() == before
            assert leftovers(folder) == []
            assert RegionStore(folder, REGION).read() == state
        else:
            break
    else:
        pytest.fail("it never succeeded")
    assert spare > 0, "the disk was not full"
    assert set(RegionStore(folder, REGION).read().names) == {*state.names, "pair-1000"}


def test_a_folder_that_is_removed_is_not_made_anew_by_a_session_that_knew_it(
    filled: RegionStore,
) -> None:
    shutil.rmtree(filled.path.parent)
    with pytest.raises(StoreError, match="is gone"):
        create(filled)
    with pytest.raises(StoreDamaged, match="is missing"):
        filled.read()
    assert not filled.path.parent.exists()


def test_an_old_copy_in_the_place_of_the_file_is_noticed_by_a_session_that_saw_more(
    filled: RegionStore,
) -> None:
    old = filled.path.read_bytes()
    create(filled)
    filled.path.write_bytes(old)
    with pytest.raises(StoreDamaged, match="older than what this session has seen"):
        filled.read()
    with pytest.raises(StoreDamaged, match="older"):
        delete(filled)
    assert filled.path.read_bytes() == old
    assert reopened(filled).read().generation == 5


def test_leftovers_of_a_writer_that_was_killed_are_swept_by_the_next_change(
    filled: RegionStore, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"theirs")
    folder = filled.path.parent
    (folder / "us-east-1.json.tmp-1").write_bytes(b"half")
    (folder / "us-east-1.json.tmp-1.previous").symlink_to(victim)
    (folder / f"us-east-1.json.tmp-{os.getpid()}").symlink_to(victim)
    (folder / "eu-west-1.json.tmp-1").write_bytes(b"of another Region")
    create(filled)
    assert leftovers(folder) == ["eu-west-1.json.tmp-1"]
    assert victim.read_bytes() == b"theirs"


# Damage -------------------------------------------------------------------------------------


def refuse(store: RegionStore, kind: type[StoreError] = StoreDamaged) -> str:
    """Insist that the file is refused and never overwritten, and return what is said."""
    data = store.path.read_bytes()
    with pytest.raises(kind) as caught:
        reopened(store).read()
    with pytest.raises(kind):
        create(reopened(store))
    assert store.path.read_bytes() == data
    assert str(store.path) in str(caught.value)
    return str(caught.value)


def restored(store: RegionStore, good: region_file.RegionState) -> None:
    """Insist that restoring brings the last good generation back, and try the damage anew."""
    copy = store.previous_path.read_bytes()
    aside = restore.restore(store.path.parent, REGION)
    assert aside is not None
    aside.unlink()
    state = reopened(store).read()
    assert (state.key_pairs, state.deleted) == (good.key_pairs, good.deleted)
    assert store.previous_path.read_bytes() == copy


@pytest.mark.long
@pytest.mark.parametrize("kind", ["cut", "flipped"])
def test_a_damaged_file_is_refused_and_comes_back(kind: str, filled: RegionStore) -> None:
    chance = random.Random(3)  # noqa: S311 - which bytes break is no secret
    whole = filled.path.read_bytes()
    good = region_file.read(filled.previous_path.read_bytes(), REGION).state
    assert len(whole) > 1000
    for place in chance.sample(range(len(whole)), 200):
        damaged = bytearray(whole)
        if kind == "cut":
            del damaged[place:]
        else:
            damaged[place] ^= chance.randint(1, 255)
        filled.path.write_bytes(damaged)
        said = refuse(filled)
        command = f"keypairs restore us-east-1 --data-dir {filled.folder}"
        assert said.endswith(f"{filled.previous_path}, type in a shell: {command}")
        restored(filled, good)


def with_checksum(document: dict[str, Any], generation: Any = 9) -> bytes:
    tables = {name: table for name, table in document.items() if name != "keypairs"}
    data = encode({}, REGION, 9).replace(
        b'"generation":9', f'"generation":{json.dumps(generation)}'.encode()
    )
    end = data.index(b',"key_pairs"')
    rest = data[:end] + b"," + json.dumps(tables)[1:].encode()
    return encode({}, REGION, 9)[:28] + _digest(rest) + rest[92:]


def _digest(data: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(data[92:]).hexdigest().encode()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(bytes(500), id="zeros"),
        pytest.param(b"not JSON", id="not JSON"),
        pytest.param(b"\xff\xfe\x00", id="not UTF-8"),
        pytest.param(b'{"name": "package"}', id="foreign JSON"),
        pytest.param(b"[" * 100_000, id="nested"),
        pytest.param(b'{"_default": {"1": {"KeyName": "x"}}}', id="a stock TinyDB file"),
        pytest.param(with_checksum({}), id="no tables"),
        pytest.param(with_checksum({"key_pairs": [], "deleted_key_pairs": {}}), id="a list"),
        pytest.param(with_checksum({"key_pairs": {"1": {}}, "deleted_key_pairs": {}}), id="bare"),
        pytest.param(with_checksum({"key_pairs": {"1": 7}, "deleted_key_pairs": {}}), id="number"),
        pytest.param(with_checksum({"key_pairs": {}, "deleted_key_pairs": {"1": 0}}), id="deleted"),
    ],
)
def test_what_is_not_our_file_is_refused_and_comes_back(
    content: bytes, filled: RegionStore
) -> None:
    good = region_file.read(filled.previous_path.read_bytes(), REGION).state
    filled.path.write_bytes(content)
    refuse(filled)
    restored(filled, good)


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.pop("KeyName"),
        lambda record: record.update(KeyName=7),
        lambda record: record.update(KeyPairId=None),
        lambda record: record.update(KeyType="dsa"),
        lambda record: record.update(Tags={"a": "b"}),
        lambda record: record.update(Tags=[7]),
        lambda record: record.update(CreateTime="yesterday"),
        lambda record: record.update(CreateTime=7),
        lambda record: record.update(Fingerprints=None),
    ],
)
def test_a_record_of_the_wrong_shape_is_refused_in_spite_of_a_right_checksum(
    change: Callable[[dict[str, Any]], None], filled: RegionStore
) -> None:
    tables = region_file.decode(filled.path.read_bytes(), REGION)
    change(next(iter(tables["key_pairs"].values())))
    filled.path.write_bytes(encode(tables, REGION, 9))
    refuse(filled)


def test_a_generation_that_no_file_has_is_refused(filled: RegionStore) -> None:
    tables = region_file.decode(filled.path.read_bytes(), REGION)
    good = region_file.read(filled.previous_path.read_bytes(), REGION).state
    for generation in ("7", None, 1.5, True, -1, 2**53, 2**64 - 1, 2**64, 10**30, 1e400):
        document = {"keypairs": {"1": {}}, **tables}
        filled.path.write_bytes(with_checksum(document, generation))
        assert "To go back to the backup" in refuse(filled), generation
        restored(filled, good)


def test_a_number_of_a_record_that_tinydb_does_not_write_is_refused(filled: RegionStore) -> None:
    tables = region_file.decode(filled.path.read_bytes(), REGION)
    good = region_file.read(filled.previous_path.read_bytes(), REGION).state
    for table in ("key_pairs", "deleted_key_pairs"):
        for number in ("1_0", " 1 ", "01", "x", "", "-1", "+1", "1.0", "\u0661", "9" * 30, "1\n"):
            (_, record), *others = tables[table].items()
            edited = {**tables, table: {number: record, **dict(others)}}
            filled.path.write_bytes(encode(edited, REGION, 9))
            assert "To go back to the backup" in refuse(filled), (table, number)
            restored(filled, good)


def test_a_deleted_pair_that_is_another_or_still_there_is_refused(filled: RegionStore) -> None:
    tables = region_file.decode(filled.path.read_bytes(), REGION)
    ((number, deleted),) = tables["deleted_key_pairs"].items()
    there = next(iter(tables["key_pairs"].values()))
    for edited in (
        {number: {**deleted, "KeyPairId": there["KeyPairId"]}},
        {number: {**deleted, "KeyPair": there}},
        {number: deleted, "77": deleted},
    ):
        filled.path.write_bytes(encode({**tables, "deleted_key_pairs": edited}, REGION, 9))
        refuse(filled)


def test_a_newer_schema_is_refused_with_its_path(
    filled: RegionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(region_file, "SCHEMA", 2)
    filled.path.write_bytes(encode({}, REGION, 9))
    monkeypatch.undo()
    assert "newer version" in refuse(filled, StoreTooNew)


def test_a_file_that_stock_tinydb_wrote_to_is_refused_and_comes_back(filled: RegionStore) -> None:
    good = region_file.read(filled.previous_path.read_bytes(), REGION).state
    filled.previous_path.write_bytes(filled.previous_path.read_bytes())
    with TinyDB(filled.path) as database:
        assert len(database.table("key_pairs").all()) == 3
        database.table("key_pairs").insert({"KeyName": "by hand"})
    refuse(filled)
    restored(filled, good)


# Hostile places -----------------------------------------------------------------------------


def link(path: Path) -> None:
    target = path.with_name("target")
    if path.exists():
        path.rename(target)
    else:
        target.write_bytes(b"theirs")
    path.symlink_to(target)


def dangling_link(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("nothing")


def fifo(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def folder_instead(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def snapshot(folder: Path) -> dict[str, bytes | int]:
    return {
        path.name: path.read_bytes()
        if path.is_file() and not path.is_symlink()
        else path.lstat().st_mode
        for path in folder.iterdir()
        if not path.name.endswith(".lock") or path.is_symlink()
    }


@pytest.mark.parametrize("occupy", [link, dangling_link, fifo, folder_instead])
@pytest.mark.parametrize("name", ["us-east-1.json", "us-east-1.json.lock", "journal.jsonl"])
def test_what_is_no_regular_file_is_refused(
    name: str, occupy: Callable[[Path], None], filled: RegionStore
) -> None:
    path = filled.path.with_name(name)
    occupy(path)
    before = snapshot(filled.path.parent)
    for change in (create, delete):
        with pytest.raises(StoreError) as caught:
            change(reopened(filled))
        assert name in str(caught.value)
    assert snapshot(filled.path.parent) == before
    if name == "us-east-1.json":
        with pytest.raises(StoreError, match="regular file"):
            reopened(filled).read()
    else:
        assert len(reopened(filled).read().key_pairs) == 3


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777, 0o720, 0o702])
def test_a_folder_that_others_can_write_is_refused(mode: int, filled: RegionStore) -> None:
    before = filled.path.read_bytes()
    filled.path.parent.chmod(mode)
    for change in (create, delete, tag):
        with pytest.raises(KeyPairsError, match="thers can write"):
            change(filled)
    assert filled.path.read_bytes() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("name", ["us-east-1.json", "."])
def test_what_belongs_to_another_account_is_refused(name: str, filled: RegionStore) -> None:
    before = filled.path.read_bytes()
    os.chown(filled.path.parent / name, 12345, 12345)
    with pytest.raises(StoreError, match="belongs to another account"):
        create(reopened(filled))
    assert filled.path.read_bytes() == before
    assert len(reopened(filled).read().key_pairs) == 3


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_refused(
    number: int, filled: RegionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def refuse_lock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    before = filled.path.read_bytes()
    monkeypatch.setattr(fcntl, "flock", refuse_lock)
    with pytest.raises(StoreError, match="no locks"):
        create(filled)
    assert filled.path.read_bytes() == before
    assert len(filled.read().key_pairs) == 3


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_every_file_is_private_whatever_the_umask(
    mask: int, store: RegionStore, umask: Callable[[int], None]
) -> None:
    umask(mask)
    create(store)
    tag_later = session_over(store)
    tag_later.backend.create_tags(resources=[key_pair(99).key_pair_id], tags=[Tag("a", "b")])
    store.path.write_bytes(b"")
    restore.restore(store.path.parent, REGION)
    folder = store.path.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert len(list(folder.iterdir())) == 5
