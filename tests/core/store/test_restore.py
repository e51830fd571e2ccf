import os
import re
import shlex
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tinydb import TinyDB

from core.custody import saving
from core.errors import StoreDamaged, StoreError, StoreTooNew
from core.session import Session
from core.store import last_look, region_file, restore
from core.store.data_dir import data_folder, restore_command
from core.store.region_store import RegionStore
from tests.core.store_records import encode
from tests.helpers import session_over
from tui.__main__ import main

REGION = "us-east-1"
NOW = datetime(2026, 11, 24, 12, 3, 5, 600_000, UTC)


@pytest.fixture
def damaged(session: Session, store: RegionStore) -> RegionStore:
    """Return a store whose file lost its end; its copy has all but `web-3`."""
    for name in ("web-1", "web-2", "web-3"):
        session.backend.create_key_pair(key_name=name, key_type="ed25519")
    store.path.write_bytes(store.path.read_bytes()[:-9])
    return store


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_looking_says_what_restoring_would_change_and_changes_nothing(
    damaged: RegionStore,
) -> None:
    folder = damaged.path.parent
    before = contents(folder)
    found = restore.examine(folder, REGION)
    assert contents(folder) == before
    assert found.path == damaged.path
    assert found.backup == damaged.previous_path
    assert found.problem == "its checksum does not match: it was cut off or changed"
    assert found.refusal is None
    assert found.generation == 2
    assert found.key_pairs == 2
    assert found.time is not None
    assert found.time.timestamp() == pytest.approx(damaged.previous_path.stat().st_mtime, abs=0.001)
    assert found.returning == ()
    assert found.lost == ("web-3",)


def test_what_comes_back_is_named_as_well(damaged: RegionStore) -> None:
    whole = damaged.path.read_bytes()
    damaged.path.write_bytes(whole.replace(b'"KeyName":"web-2"', b'"KeyNome":"web-2"'))
    found = restore.examine(damaged.path.parent, REGION)
    assert (found.returning, found.lost) == (("web-2",), ("web-3",))
    damaged.path.write_bytes(b"")
    found = restore.examine(damaged.path.parent, REGION)
    assert found.problem == "it is empty"
    # Whether web-3 was made after the copy, the times may be too coarse to say.
    assert found.returning == ("web-1", "web-2")
    assert found.staying == ()


def test_what_was_done_since_the_copy_is_named_too(
    session: Session, store: RegionStore, tmp_path: Path
) -> None:
    session.for_region("eu-west-1").backend.create_key_pair(
        key_name="elsewhere", key_type="ed25519"
    )
    created = session.backend.create_key_pair(key_name="web-1", key_type="ed25519")
    time.sleep(0.05)  # the times of files are coarse
    saving.save_key_material(session, created, str(tmp_path / "web-1.pem"))
    store.path.write_bytes(store.path.read_bytes()[:-9])
    found = restore.examine(store.folder, REGION)
    assert (found.returning, found.lost) == ((), ())
    assert found.since == ("SaveKeyMaterial web-1",)
    assert found.staying == ("web-1",)
    assert found.undone == ("SaveKeyMaterial web-1",)
    store.journal.path.unlink()
    store.journal.path.mkdir()
    assert restore.examine(store.folder, REGION).since == ()


def test_the_command_names_the_folder_unless_it_is_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("KEYPAIRS_DATA_DIR", "/may/be/unset/there")
    usual = data_folder(environment={})
    assert restore_command(usual, REGION) == "keypairs restore us-east-1"
    odd = tmp_path / "it's mine"
    words = shlex.split(restore_command(odd, REGION))
    assert words == ["keypairs", "restore", "us-east-1", "--data-dir", str(odd)]


def test_the_command_in_the_refusal_is_one_that_restores(
    damaged: RegionStore, tmp_path: Path
) -> None:
    folder = tmp_path / "it's mine"
    damaged.folder.rename(folder)
    with pytest.raises(StoreDamaged) as caught:
        RegionStore(folder, REGION).read()
    _, *words = shlex.split(str(caught.value).partition("type in a shell: ")[2])
    assert main([*words, "--yes"]) == 0
    assert set(RegionStore(folder, REGION).read().names) == {"web-1", "web-2"}


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """Return a folder in memory where there is one: on a disk not every time is kept."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    folder = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None))
    yield folder
    shutil.rmtree(folder)


NO_CALENDAR = (99_999_999_999_999, -99_999_999_999_999, 2**63 - 1, -(2**63), 253_402_300_799)
"""Times that a file can have, and that no calendar has; the last is its last second in UTC."""


@pytest.mark.parametrize("seconds", NO_CALENDAR)
def test_a_copy_of_which_the_time_is_not_known_is_restored(
    seconds: int, in_memory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = RegionStore(in_memory / "data", REGION)
    session = session_over(store)
    for name in ("web-1", "web-2"):
        session.backend.create_key_pair(key_name=name, key_type="ed25519")
    whole = store.path.read_bytes()
    for is_asked in (True, False):
        store.path.write_bytes(whole[:-9])
        os.utime(store.previous_path, (0, seconds))
        if is_asked:
            assert main(["restore", REGION, "--yes", "--data-dir", str(store.folder)]) == 0
        else:
            renewal = restore.renew(RegionStore(store.folder, REGION))
            assert renewal is not None
            assert renewal.made_of == "the backup"
        assert set(RegionStore(store.folder, REGION).read().names) == {"web-1"}
    lines = capsys.readouterr().out.splitlines()
    assert "Backup's time: not known, nor what was done since" in lines
    assert lines[-2:] == ["Stays: web-1", "Lost: web-2"]


def test_when_ec2_answered_last_is_not_known_by_a_time_that_no_calendar_has(
    in_memory: Path,
) -> None:
    last_look.note(in_memory, REGION, NOW)
    assert last_look.time_of(in_memory, REGION) == NOW
    for seconds in NO_CALENDAR:
        os.utime(in_memory / f"{REGION}.seen", (0, seconds))
        assert last_look.time_of(in_memory, REGION) is None


def test_a_deleted_key_pair_does_not_count_as_lost(session: Session) -> None:
    store = session.store
    for name in ("web-1", "gone"):
        session.backend.create_key_pair(key_name=name, key_type="ed25519")
    session.backend.delete_key_pair(key_name="gone")
    store.path.write_bytes(store.path.read_bytes() + b"\n")
    found = restore.examine(store.path.parent, REGION)
    assert (found.returning, found.lost) == (("gone",), ())


def test_restoring_brings_the_copy_back_and_throws_nothing_away(damaged: RegionStore) -> None:
    folder = damaged.path.parent
    broken = damaged.path.read_bytes()
    copy = damaged.previous_path.read_bytes()
    shown = restore.examine(folder, REGION)
    aside = restore.restore(folder, REGION, shown, now=lambda: NOW)
    assert aside == folder / "us-east-1.json.damaged-20261124T120305Z"
    assert aside.read_bytes() == broken
    assert damaged.previous_path.read_bytes() == copy
    state = RegionStore(folder, REGION).read()
    old = region_file.read(copy, REGION).state
    assert (state.key_pairs, state.names, state.deleted) == (old.key_pairs, old.names, old.deleted)
    assert state.generation == old.generation + 2
    with TinyDB(damaged.path, access_mode="r") as database:
        assert len(database.table("key_pairs").all()) == 2
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert damaged.path.stat().st_ino != damaged.previous_path.stat().st_ino
    entry = damaged.journal.read()[-1]
    assert (entry.operation, entry.region, entry.outcome) == ("RestoreRegion", REGION, "done")
    assert (entry.time.replace(microsecond=600_000), entry.key_name) == (NOW, None)


def test_a_session_that_saw_the_newer_file_goes_on(damaged: RegionStore) -> None:
    session = session_over(damaged)
    with pytest.raises(StoreDamaged, match=r"keypairs restore us-east-1 --data-dir"):
        damaged.read()
    restore.restore(damaged.path.parent, REGION)
    assert set(damaged.read().names) == {"web-1", "web-2"}
    session.backend.create_key_pair(key_name="web-4", key_type="ed25519")
    assert set(RegionStore(damaged.path.parent, REGION).read().names) == {"web-1", "web-2", "web-4"}


def test_a_second_damage_in_the_same_second_gets_a_name_of_its_own(damaged: RegionStore) -> None:
    folder = damaged.path.parent
    asides = []
    for end in (b"1", b"2", b"3"):
        damaged.path.write_bytes(end)
        asides.append(restore.restore(folder, REGION, now=lambda: NOW))
    assert [aside and aside.name.partition("Z")[2] for aside in asides] == ["", "-2", "-3"]
    assert [aside and aside.read_bytes() for aside in asides] == [b"1", b"2", b"3"]


def test_a_link_where_the_damaged_file_would_go_is_not_followed(
    damaged: RegionStore, tmp_path: Path
) -> None:
    planted = damaged.path.with_name("us-east-1.json.damaged-20261124T120305Z")
    planted.symlink_to(tmp_path / "elsewhere")
    aside = restore.restore(damaged.path.parent, REGION, now=lambda: NOW)
    assert aside is not None
    assert aside.name.endswith("Z-2")
    assert planted.is_symlink()
    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_file_is_brought_back_too(damaged: RegionStore) -> None:
    folder = damaged.path.parent
    damaged.path.unlink()
    found = restore.examine(folder, REGION)
    assert found.problem == "it is missing"
    assert found.returning == ("web-1", "web-2")
    assert restore.restore(folder, REGION, found) is None
    assert set(RegionStore(folder, REGION).read().names) == {"web-1", "web-2"}
    assert not list(folder.glob("*damaged*"))
    assert not list(folder.glob("*tmp*"))


def refuse(store: RegionStore, reason: str) -> None:
    """Insist that restoring is refused for this reason and changes nothing."""
    folder = store.path.parent
    before = contents(folder)
    found = restore.examine(folder, REGION)
    assert found.refusal is not None
    assert re.search(reason, found.refusal), found.refusal
    with pytest.raises(StoreError, match=reason):
        restore.restore(folder, REGION)
    after = contents(folder)
    after.pop("us-east-1.json.lock")
    before.pop("us-east-1.json.lock", None)
    assert after == before


def test_a_file_that_is_fine_is_not_restored(damaged: RegionStore) -> None:
    restore.restore(damaged.path.parent, REGION)
    refuse(damaged, "is not damaged")


def test_a_region_that_has_no_file_is_not_restored(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert restore.examine(folder, REGION).refusal == f"there is no file {folder / REGION}.json"
    assert not folder.exists()
    with pytest.raises(StoreError, match="there is no file"):
        restore.restore(folder, REGION)


def test_without_a_copy_nothing_is_restored(damaged: RegionStore) -> None:
    damaged.previous_path.unlink()
    with pytest.raises(StoreDamaged, match="no backup"):
        RegionStore(damaged.path.parent, REGION).read()
    refuse(damaged, "there is no backup .*us-east-1.json.bak")


def test_a_damaged_copy_is_not_restored(damaged: RegionStore) -> None:
    damaged.previous_path.write_bytes(damaged.previous_path.read_bytes()[:-1])
    refuse(damaged, "backup .*us-east-1.json.bak cannot be used either .*checksum")


def test_a_copy_of_another_region_is_not_restored(damaged: RegionStore) -> None:
    content = region_file.read(damaged.previous_path.read_bytes(), REGION)
    damaged.previous_path.write_bytes(encode(content.tables, "eu-west-1", 1))
    refuse(damaged, "another Region")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_copy_that_belongs_to_another_account_is_not_restored(damaged: RegionStore) -> None:
    os.chown(damaged.previous_path, 12345, 12345)
    refuse(damaged, "backup .*us-east-1.json.bak belongs to another account")


def test_a_file_of_a_newer_version_is_not_replaced_by_an_older_copy(
    damaged: RegionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(region_file, "SCHEMA", 2)
    damaged.path.write_bytes(encode({}, REGION, 9))
    monkeypatch.undo()
    refuse(damaged, "newer version")
    with pytest.raises(StoreTooNew, match=re.escape(str(damaged.path))):
        damaged.read()


@pytest.mark.parametrize("name", ["us-east-1.json", "us-east-1.json.bak"])
def test_a_link_in_the_place_of_either_is_not_followed(name: str, damaged: RegionStore) -> None:
    path = damaged.path.with_name(name)
    path.rename(path.with_name("real"))
    path.symlink_to("real")
    for attempt in (restore.examine, restore.restore):
        with pytest.raises(StoreError, match="link"):
            attempt(damaged.path.parent, REGION)
    assert path.is_symlink()


def test_what_has_changed_since_it_was_shown_is_not_restored(damaged: RegionStore) -> None:
    folder = damaged.path.parent
    shown = restore.examine(folder, REGION)
    damaged.path.write_bytes(b"something else")
    with pytest.raises(StoreError, match="changed meanwhile"):
        restore.restore(folder, REGION, shown)
    assert damaged.path.read_bytes() == b"something else"


def test_what_changes_while_it_is_restored_is_not_replaced(damaged: RegionStore) -> None:
    folder = damaged.path.parent

    def another_is_faster() -> datetime:
        damaged.path.write_bytes(b"something else")
        return NOW

    with pytest.raises(StoreError, match="changed meanwhile"):
        restore.restore(folder, REGION, now=another_is_faster)
    assert damaged.path.read_bytes() == b"something else"
    assert not list(folder.glob("*.damaged-*"))


@pytest.mark.parametrize("step", ["open", "write", "fsync", "link", "replace"])
def test_a_restoration_that_fails_changes_nothing(
    step: str, damaged: RegionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = damaged.path.parent
    broken, copy = damaged.path.read_bytes(), damaged.previous_path.read_bytes()
    original: Callable[..., object] = getattr(os, step)
    number = 0
    while True:
        number += 1
        calls = 0

        def failing(*arguments: object, **options: object) -> object:
            nonlocal calls
            calls += 1
            if calls == number:  # noqa: B023 - called in this turn only
                raise OSError(28, os.strerror(28))
            return original(*arguments, **options)

        monkeypatch.setattr(os, step, failing)
        try:
            restore.restore(folder, REGION)
        except StoreError:
            assert damaged.path.read_bytes() == broken
        else:
            break
        finally:
            monkeypatch.undo()
        assert damaged.previous_path.read_bytes() == copy
        assert not list(folder.glob("*tmp*"))
    assert number > 1
    assert set(RegionStore(folder, REGION).read().names) == {"web-1", "web-2"}


# What EC2 said last, which is renewed without a question ------------------------------------------


def test_a_file_that_is_gone_is_renewed_by_what_the_session_knew(damaged: RegionStore) -> None:
    damaged.path.unlink()
    renewal = restore.renew(damaged)
    assert renewal is not None
    assert (renewal.problem, renewal.aside, renewal.is_whole) == ("it is missing", None, True)
    assert renewal.made_of == "what this session knew of it"
    assert set(RegionStore(damaged.folder, REGION).read().names) == {"web-1", "web-2", "web-3"}
    assert restore.renew(damaged) is None  # it is not damaged any more


def test_an_older_file_that_someone_put_there_is_not_renewed(damaged: RegionStore) -> None:
    older = damaged.previous_path.read_bytes()
    damaged.path.write_bytes(older)
    with pytest.raises(StoreDamaged):
        restore.renew(damaged)
    assert damaged.path.read_bytes() == older
    assert not list(damaged.folder.glob("*.damaged-*"))
