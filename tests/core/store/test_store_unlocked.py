"""Changes of other sessions are noticed where neither time stamps nor locks can be relied on."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import StoreDamaged, StoreError
from core.model import Tag
from core.session import Session
from core.store import region_file
from core.store.journal import Journal
from core.store.region_store import RegionStore
from tests.core.sessions import Worker, begin, line_of, tell
from tests.core.store_records import TIME, encode, key_pair, write_region
from tests.helpers import session_over

REGION = "us-east-1"
SESSIONS = 4
EACH = 25


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_region(tmp_path / "data", 4)
    return tmp_path / "data"


@pytest.fixture
def coarse_folder(tool: Callable[[str], str], tmp_path: Path) -> Iterator[Path]:
    """Return a data folder on ext4 with small inodes, whose time stamps are whole seconds."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    image, mounted = tmp_path / "image", tmp_path / "mounted"
    mounted.mkdir()
    with image.open("wb") as file:
        file.truncate(16 << 20)
    subprocess.run([tool("mkfs.ext4"), "-q", "-I", "128", image], check=True, capture_output=True)
    mount = [tool("mount"), "-o", "loop", str(image), str(mounted)]
    done = subprocess.run(mount, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {done.stderr.decode(errors='replace')}")
    try:
        write_region(mounted / "data", 4)
        yield mounted / "data"
    finally:
        subprocess.run([tool("umount"), mounted], check=True)


def tag(session: Session, number: int, value: str) -> None:
    session.backend.create_tags(
        resources=[key_pair(number).key_pair_id], tags=[Tag("Change", value)]
    )


def lost_rounds(folder: Path, rounds: int) -> int:
    """Return in how many rounds a session undid what another had just been told was done."""
    lost = 0
    for number in range(1, rounds + 1):
        first, second = (session_over(RegionStore(folder, REGION)) for _ in range(2))
        for session in (first, second):
            tag(session, 1, "00000")
            tag(session, 2, "00000")
        first.backend.describe_key_pairs()
        for change in range(3):
            tag(second, 1, f"{number:04}{change}")
        tag(first, 2, f"{number:05}")
        stored = RegionStore(folder, REGION).read().key_pairs
        changed = [
            next(tag.value for tag in stored[key_pair(one).key_pair_id].tags if tag.key == "Change")
            for one in (1, 2)
        ]
        assert changed[1] == f"{number:05}"
        lost += changed[0] != f"{number:04}2"
    return lost


@pytest.mark.long
def test_nothing_is_undone_where_time_stamps_are_whole_seconds(coarse_folder: Path) -> None:
    assert lost_rounds(coarse_folder, 15) == 0


def test_another_file_of_the_same_inode_size_and_time_is_another_file(folder: Path) -> None:
    store = RegionStore(folder, REGION)
    before = store.path.stat()
    reader, writer = (RegionStore(folder, REGION) for _ in range(2))
    assert len(reader.read().key_pairs) == len(writer.read().key_pairs) == 4
    tables = region_file.decode(store.path.read_bytes(), REGION)
    tables["key_pairs"]["1"]["Tags"][0]["Value"] = "test"
    with store.path.open("r+b") as file:
        file.write(encode(tables, REGION, 5))
    os.utime(store.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = store.path.stat()
    assert (before.st_ino, before.st_size, before.st_mtime_ns) == (
        after.st_ino,
        after.st_size,
        after.st_mtime_ns,
    )
    tag(session_over(writer), 2, "x")
    for each in (reader, writer):
        values = {tag.value for tag in each.read().key_pairs[key_pair(1).key_pair_id].tags}
        assert "test" in values


@pytest.mark.long
def test_no_change_is_lost_though_the_lock_keeps_nobody_out(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    names = [[f"pair-{session}-{n}" for n in range(EACH)] for session in range(SESSIONS)]
    workers: list[Worker] = []
    try:
        workers += (begin("create-unlocked", folder, "5000", *some) for some in names)
        for worker in workers:
            assert line_of(worker) == "ready\n"
        for worker in workers:
            tell(worker, "go")
        said = [
            line for worker in workers for line in worker.communicate(timeout=120)[0].splitlines()
        ]
        assert [worker.returncode for worker in workers] == [0] * SESSIONS
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
    created = dict(line.split()[1:3] for line in said if line.startswith("created "))
    failed = [line.split(" ", 2)[2] for line in said if line.startswith("failed ")]
    assert len(created) + len(failed) == SESSIONS * EACH
    assert created, "nothing succeeded"
    assert failed, "they were never at it at once"
    assert dict(RegionStore(folder, REGION).read().names) == created
    assert all("Nothing was changed" in sentence for sentence in failed)
    done = [entry.key_name for entry in Journal(folder).read() if entry.outcome == "done"]
    assert sorted(filter(None, done)) == sorted(created)


def test_a_change_that_did_not_heed_the_lock_is_not_overwritten(
    folder: Path,
) -> None:
    """Whatever another puts in place while this session is about to replace the file stays."""
    store = RegionStore(folder, REGION)
    with store.transaction() as transaction:
        transaction.insert(key_pair(50), "CreateKeyPair")
    copy = store.previous_path.read_bytes()
    newer = store.path.with_name("newer")
    tables = region_file.decode(store.path.read_bytes(), REGION)
    whole = encode(tables, REGION, 99)
    for content in (whole, whole[:-100], b""):
        before = store.path.read_bytes()
        newer.write_bytes(content)
        session = RegionStore(folder, REGION)
        with (
            pytest.raises(StoreError, match="while this session held its lock") as caught,
            session.transaction() as transaction,
        ):
            transaction.remove(key_pair(2).key_pair_id, TIME, "DeleteKeyPair")
            newer.replace(store.path)
        assert "Nothing was changed" in str(caught.value)
        assert store.path.read_bytes() == content
        assert store.previous_path.read_bytes() == copy
        assert session.journal.read()[-1].outcome == "failed"
        store.path.write_bytes(before)
    assert sorted(path.name for path in folder.iterdir()) == [
        "journal.jsonl",
        "us-east-1.json",
        "us-east-1.json.bak",
        "us-east-1.json.lock",
    ]


def test_a_file_damaged_in_its_place_is_not_made_the_copy(folder: Path) -> None:
    store = RegionStore(folder, REGION)
    with store.transaction() as transaction:
        transaction.insert(key_pair(50), "CreateKeyPair")
    copy = store.previous_path.read_bytes()
    damaged = bytearray(store.path.read_bytes())
    damaged[-100] ^= 1
    with (
        pytest.raises(StoreDamaged, match="To go back to the backup"),
        store.transaction() as transaction,
    ):
        transaction.remove(key_pair(2).key_pair_id, TIME, "DeleteKeyPair")
        store.path.write_bytes(damaged)
    assert store.path.read_bytes() == damaged
    assert store.previous_path.read_bytes() == copy


def test_the_first_file_of_a_region_is_not_overwritten_either(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    store = RegionStore(folder, REGION)
    with (
        pytest.raises(StoreError, match="while this session held its lock"),
        store.transaction() as transaction,
    ):
        transaction.insert(key_pair(1), "CreateKeyPair")
        other = write_region(folder, 2).read_bytes()
    assert store.path.read_bytes() == other
    assert RegionStore(folder, REGION).read().names.keys() == {"pair-1", "pair-2"}


def test_what_a_killed_writer_had_replaced_becomes_the_copy(folder: Path) -> None:
    """It was killed after the new file was in place, and before the old one had its last name."""
    store = RegionStore(folder, REGION)
    for number in (50, 51):
        with store.transaction() as transaction:
            transaction.insert(key_pair(number), "CreateKeyPair")
    claim = store.path.with_name(f"{store.path.name}.claim")
    whole = store.previous_path.read_bytes()
    shutil.copy(store.previous_path, claim)
    store.previous_path.write_bytes(b"older")
    RegionStore(folder, REGION).tidy()
    assert not claim.exists()
    assert store.previous_path.read_bytes() == whole
    # Half a copy, as where files have one name only, is not kept.
    claim.write_bytes(whole[:-1])
    RegionStore(folder, REGION).tidy()
    assert not claim.exists()
    assert store.previous_path.read_bytes() == whole


def test_the_refusal_names_the_network_file_system(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.region_store.network_file_system", lambda _: "nfs4")
    store = RegionStore(folder, REGION)
    with (
        pytest.raises(StoreError, match="lock, which nfs4 may not keep"),
        store.transaction() as transaction,
    ):
        transaction.remove(key_pair(2).key_pair_id, TIME, "DeleteKeyPair")
        tables = region_file.decode(store.path.read_bytes(), REGION)
        store.path.write_bytes(encode(tables, REGION, 99))
