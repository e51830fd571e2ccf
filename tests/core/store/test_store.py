import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from tinydb import TinyDB

from core.errors import StoreDamaged, StoreError, StoreTooNew
from core.model import Tag, TagSpecification
from core.session import Session
from core.store import region_file
from core.store.region_store import RegionStore
from tests.core.store_records import encode, write_region
from tests.helpers import session_over


@pytest.fixture
def filled(session: Session, store: RegionStore) -> RegionStore:
    """Return a store with two key pairs and the id of a third that is gone."""
    tags = [TagSpecification("key-pair", [Tag("Name", "web"), Tag("\N{KEY}", "")])]
    for name in ("web-1", "gone", "web-2"):
        session.backend.create_key_pair(key_name=name, key_type="ed25519", tag_specifications=tags)
    session.backend.delete_key_pair(key_name="gone")
    return store


def reopened(store: RegionStore) -> RegionStore:
    return RegionStore(store.path.parent, store.region)


def test_stock_tinydb_reads_the_file(filled: RegionStore) -> None:
    before = filled.path.read_bytes()
    with TinyDB(filled.path, access_mode="r") as database:
        assert database.tables() == {"keypairs", "key_pairs", "deleted_key_pairs"}
        records = database.table("key_pairs").all()
        (header,) = database.table("keypairs").all()
        (deleted,) = database.table("deleted_key_pairs").all()
    pairs = list(filled.read().key_pairs.values())
    assert [record["KeyName"] for record in records] == ["web-1", "web-2"]
    assert [record["KeyPairId"] for record in records] == [pair.key_pair_id for pair in pairs]
    assert [record["KeyFingerprint"] for record in records] == [
        pair.key_fingerprint for pair in pairs
    ]
    assert records[0]["Tags"] == [{"Key": "Name", "Value": "web"}, {"Key": "\N{KEY}", "Value": ""}]
    assert (header["schema"], header["region"]) == (1, "us-east-1")
    assert {deleted["KeyPairId"]} == set(filled.read().deleted)
    assert filled.path.read_bytes() == before


def test_a_record_is_spelled_as_ec2_spells_it(
    make_session: Callable[..., Session], store: RegionStore, fixed_time: datetime
) -> None:
    session = make_session(now=lambda: fixed_time)
    pair = session.backend.create_key_pair(key_name="web-1", key_type="ed25519").key_pair
    (record,) = orjson.loads(store.path.read_bytes())["key_pairs"].values()
    assert record == {
        "KeyPairId": pair.key_pair_id,
        "KeyName": "web-1",
        "KeyType": "ed25519",
        "KeyFingerprint": pair.key_fingerprint,
        "Fingerprints": {
            "PKCS8SHA1": None,
            "SPKIMD5": None,
            "SSHSHA256": pair.custody.fingerprints.ssh_sha256,
            "SSHMD5": pair.custody.fingerprints.ssh_md5,
        },
        "PublicKey": pair.public_key,
        "Tags": [],
        "CreateTime": "2026-09-25T11:05:17.469Z",
        "PrivateKey": "unsaved",
        "SavedTo": [],
    }


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o277])
def test_files_are_0600_and_the_folder_0700_whatever_the_umask(
    mask: int, session: Session, tmp_path: Path, umask: Callable[[int], None]
) -> None:
    umask(mask)
    for name in ("web-1", "web-2"):
        session.backend.create_key_pair(key_name=name, key_type="ed25519")
    folder = tmp_path / "data"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        "journal.jsonl": 0o600,
        "us-east-1.json": 0o600,
        "us-east-1.json.bak": 0o600,
        "us-east-1.json.lock": 0o600,
    }


def test_the_lock_file_says_who_had_it_last_and_nothing_else(filled: RegionStore) -> None:
    lock = filled.path.with_name(f"{filled.path.name}.lock")
    lock.write_bytes(b"process 4194304, and a longer text than any of ours\n")
    with filled.locked():
        assert lock.read_text() == f"process {os.getpid()}\n"
    assert lock.read_text() == f"process {os.getpid()}\n"


def test_what_a_killed_writer_left_goes_at_the_next_start(filled: RegionStore) -> None:
    left = [filled.path.with_name(f"{filled.path.name}.tmp-{end}") for end in ("1", "1.previous")]
    other = filled.path.with_name("eu-west-1.json.tmp-1")
    for path in (*left, other):
        path.write_bytes(b"half a file")
    before = filled.path.read_bytes()
    session_over(reopened(filled)).store.tidy()
    assert [path.exists() for path in (*left, other)] == [False, False, True]
    assert filled.path.read_bytes() == before


def test_what_another_session_is_writing_stays(filled: RegionStore) -> None:
    writing = filled.path.with_name(f"{filled.path.name}.tmp-1")
    waiting = RegionStore(filled.path.parent, filled.region, lock_timeout=0.05)
    with filled.locked():
        writing.write_bytes(b"half a file")
        waiting.tidy()
        assert writing.exists()


def test_what_this_session_itself_is_writing_stays(filled: RegionStore) -> None:
    writing = filled.path.with_name(f"{filled.path.name}.tmp-1")
    with filled.locked():
        writing.write_bytes(b"half a file")
        filled.tidy()
        assert writing.exists()
    filled.tidy()
    assert not writing.exists()


def test_two_stores_see_each_others_changes(filled: RegionStore) -> None:
    other = reopened(filled)
    sessions = [session_over(filled), session_over(other)]
    for number in range(6):
        writer, reader = sessions[number % 2], sessions[1 - number % 2]
        writer.backend.create_key_pair(key_name=f"new-{number}", key_type="ed25519")
        assert reader.key_pair_named(f"new-{number}") is not None
        writer.backend.delete_key_pair(key_name=f"new-{number}")
        assert reader.key_pair_named(f"new-{number}") is None
        assert filled.read() == other.read()


def test_regions_are_apart(filled: RegionStore) -> None:
    other = RegionStore(filled.path.parent, "eu-west-1")
    assert other.read().key_pairs == {}
    session_over(other).backend.create_key_pair(key_name="web-1", key_type="ed25519")
    assert [pair.key_name for pair in filled.read().key_pairs.values()] == ["web-1", "web-2"]
    assert len(other.read().key_pairs) == 1
    other.path.write_bytes(filled.path.read_bytes())
    with pytest.raises(StoreDamaged, match="another Region"):
        reopened(other).read()


def test_everything_survives_reopening(filled: RegionStore) -> None:
    before = filled.read()
    after = reopened(filled).read()
    assert after == before
    assert list(after.names) == ["web-1", "web-2"]
    assert list(after.key_pairs) == list(before.key_pairs)
    assert len(after.deleted) == 1


def test_the_ids_of_all_deleted_pairs_are_remembered(filled: RegionStore) -> None:
    gone = set(filled.read().deleted)
    for name in ("web-1", "web-2"):
        deleted = session_over(reopened(filled)).backend.delete_key_pair(key_name=name)
        assert deleted is not None
        gone.add(deleted)
    state = reopened(filled).read()
    assert set(state.deleted) == gone
    assert len(gone) == 3
    assert not state.key_pairs
    assert not state.names
    for key_pair_id in gone:
        assert session_over(filled).backend.delete_key_pair(key_pair_id=key_pair_id) is None


def refuse(store: RegionStore, data: bytes) -> None:
    """Insist that this content is refused for reading and changing, and stays as it is."""
    store.path.write_bytes(data)
    previous = store.previous_path.read_bytes()
    damaged = reopened(store)
    with pytest.raises(StoreDamaged) as caught:
        damaged.read()
    assert str(store.path) in str(caught.value)
    assert str(store.previous_path) in str(caught.value)
    session = session_over(damaged)
    with pytest.raises(StoreDamaged):
        session.backend.create_key_pair(key_name="new", key_type="ed25519")
    with pytest.raises(StoreDamaged):
        session.backend.delete_key_pair(key_name="web-1")
    assert store.path.read_bytes() == data
    assert store.previous_path.read_bytes() == previous


def test_a_file_that_was_cut_is_refused_and_not_overwritten(filled: RegionStore) -> None:
    whole = filled.path.read_bytes()
    places = sorted({len(whole) * part // 40 for part in range(40)} | {len(whole) - 1})
    assert len(places) >= 40
    for place in places:
        refuse(filled, whole[:place])
    filled.path.write_bytes(whole)
    assert len(reopened(filled).read().key_pairs) == 2


def test_a_file_with_a_changed_byte_is_refused_and_not_overwritten(filled: RegionStore) -> None:
    whole = filled.path.read_bytes()
    for part in range(40):
        for bit in (0x01, 0x20):
            changed = bytearray(whole)
            changed[len(whole) * part // 40] ^= bit
            refuse(filled, bytes(changed))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: data + b"\n", id="a newline behind"),
        pytest.param(lambda data: data + data, id="twice"),
        pytest.param(lambda data: b" " + data, id="a space in front"),
        pytest.param(lambda data: bytes(len(data)), id="zeros"),
        pytest.param(lambda data: b"{}", id="an empty document"),
        pytest.param(lambda data: b"[]", id="another document"),
        pytest.param(lambda data: b'{"_default":{}}', id="another database"),
        pytest.param(lambda data: data.replace(b"web-2", b"web-1"), id="a name twice, by hand"),
        pytest.param(lambda data: orjson.dumps(orjson.loads(data)), id="only written again"),
    ],
)
def test_a_file_that_was_edited_is_refused_and_not_overwritten(
    change: Callable[[bytes], bytes], filled: RegionStore
) -> None:
    whole = filled.path.read_bytes()
    if change(whole) == whole:
        reopened(filled).read()  # the same bytes are the same file
    else:
        refuse(filled, change(whole))


def test_a_file_whose_names_are_not_unique_is_refused_in_spite_of_a_right_checksum(
    filled: RegionStore,
) -> None:
    tables = region_file.decode(filled.path.read_bytes(), "us-east-1")
    for record in tables["key_pairs"].values():
        record["KeyName"] = "web-1"
    refuse(filled, encode(tables, "us-east-1", 9))


@pytest.mark.parametrize("replaces", [["x"], {"x": "y"}, 7, False])
def test_a_file_whose_successor_names_no_id_is_refused_in_spite_of_a_right_checksum(
    replaces: object, filled: RegionStore
) -> None:
    tables = region_file.decode(filled.path.read_bytes(), "us-east-1")
    for record in tables["key_pairs"].values():
        record["Replaces"] = replaces
    refuse(filled, encode(tables, "us-east-1", 9))


@pytest.mark.parametrize(
    ("table", "member", "value"),
    [
        (region_file.KEY_PAIRS, "SavedTo", "/home/anna/.ssh/web-1"),
        (region_file.KEY_PAIRS, "CreateTime", "1969-12-31T23:59:59.000Z"),
        (region_file.DELETED, "DeleteTime", "9999-12-31T23:59:59.000Z"),
        (region_file.DELETED, "KeyPairId", 7),
    ],
)
def test_a_file_with_what_no_record_holds_is_refused_in_spite_of_a_right_checksum(
    table: str, member: str, value: object, filled: RegionStore
) -> None:
    tables = region_file.decode(filled.path.read_bytes(), "us-east-1")
    for record in tables[table].values():
        record[member] = value
    refuse(filled, encode(tables, "us-east-1", 9))


def test_a_file_that_is_gone_while_its_copy_is_there_is_not_made_anew(filled: RegionStore) -> None:
    filled.path.unlink()
    for store in (filled, reopened(filled)):
        with pytest.raises(StoreDamaged, match="missing"):
            store.read()
        with pytest.raises(StoreDamaged, match="missing"):
            session_over(store).backend.create_key_pair(key_name="new", key_type="ed25519")
    assert not filled.path.exists()


def test_a_file_of_a_newer_version_is_refused_and_not_overwritten(
    filled: RegionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = region_file.decode(filled.path.read_bytes(), "us-east-1")
    monkeypatch.setattr(region_file, "SCHEMA", 2)
    newer = encode({**tables, "new_table": {}}, "us-east-1", 9)
    monkeypatch.undo()
    filled.path.write_bytes(newer)
    for store in (filled, reopened(filled)):
        with pytest.raises(StoreTooNew, match="schema 2; this version reads 1"):
            store.read()
        with pytest.raises(StoreTooNew):
            session_over(store).backend.create_key_pair(key_name="new", key_type="ed25519")
    assert filled.path.read_bytes() == newer


@pytest.mark.parametrize("looks", [0, 1])
def test_a_region_whose_file_goes_while_they_are_counted_hides_no_other(
    looks: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    write_region(folder, 1, "eu-west-1")
    going = write_region(folder, 1, "us-east-1")
    write_region(folder, 1, "us-west-2")
    look, looked = Path.stat, [0]

    def just_too_late(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path == going:
            if looked[0] == looks:
                going.unlink()
            looked[0] += 1
        return look(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", just_too_late)
    store = RegionStore(folder, "us-east-1")
    assert set(store.regions_in_use()) >= {"eu-west-1", "us-west-2"}


@pytest.mark.parametrize("year", [1969, 9999])
def test_a_time_that_would_not_be_read_again_is_not_written(year: int, filled: RegionStore) -> None:
    before = filled.path.read_bytes()
    session = session_over(filled, now=lambda: datetime(year, 6, 1, tzinfo=UTC))
    with pytest.raises(StoreError, match=f"The clock says {year}"):
        session.backend.create_key_pair(key_name="late", key_type="ed25519")
    with pytest.raises(StoreError, match=f"The clock says {year}"):
        session.backend.delete_key_pair(key_name=next(iter(filled.read().names)))
    assert filled.path.read_bytes() == before


@pytest.mark.parametrize("brought_back", [True, False])
def test_what_is_done_to_a_pair_that_was_just_deleted_is_written_with_it(
    brought_back: bool, filled: RegionStore
) -> None:
    pair = filled.read().named("web-1")
    assert pair is not None
    with filled.transaction() as transaction:
        transaction.remove(pair.key_pair_id, pair.create_time, "DeleteKeyPair")
        if brought_back:
            transaction.restore(pair.key_pair_id, "RestoreKeyPair")
        else:
            transaction.forget([pair.key_pair_id])
    state = reopened(filled).read()
    assert state.named("web-1") == (pair if brought_back else None)
    if brought_back:
        assert pair.key_pair_id not in state.deleted
    else:
        assert state.deleted[pair.key_pair_id].key_pair is None
        assert pair.public_key not in filled.path.read_text()
