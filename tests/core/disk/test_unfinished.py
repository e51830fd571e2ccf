"""What is remembered of keys that are being written, and swept when a session was killed."""

import errno
import fcntl
import os
from pathlib import Path

import pytest

from core.disk import leftovers
from core.disk.keys_in_hand import KeyInHand, lost
from core.disk.unfinished import UnfinishedSaves
from tests.core.disk.faults import FailAt, names


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder."""
    (tmp_path / "data").mkdir(0o700)
    return tmp_path / "data"


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Return what a key is called until it is whole."""
    (tmp_path / "keys").mkdir(0o700)
    return tmp_path / "keys" / leftovers.new_file_name()


def test_a_key_that_could_not_be_removed_stays_noted_until_it_is_swept(
    data: Path, temporary: Path
) -> None:
    saves = UnfinishedSaves(data)
    with saves.noted(temporary, temporary.with_name("key")):
        temporary.write_bytes(b"private")
        assert saves.sweep() == ()  # its session lives
        assert temporary.exists()
    assert len(names(data)) == 1
    assert saves.sweep() == (temporary,)
    assert names(temporary.parent) == names(data) == []


def test_a_key_that_is_in_use_keeps_its_note(data: Path, temporary: Path) -> None:
    saves = UnfinishedSaves(data)
    with saves.noted(temporary, temporary.with_name("key")):
        temporary.write_bytes(b"private")
    with temporary.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert saves.sweep() == ()
        assert temporary.exists()
        assert len(names(data)) == 1
    assert saves.sweep() == (temporary,)
    assert names(data) == []


def test_a_note_that_cannot_be_held_open_is_made_and_removed_all_the_same(
    data: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FailAt(monkeypatch, "dup", 1, errno.EMFILE)
    with UnfinishedSaves(data).noted(temporary, temporary.with_name("key")):
        (note,) = data.iterdir()
        assert note.read_bytes().startswith(os.fsencode(temporary))
    assert names(data) == []


def test_nothing_but_a_file_is_a_key_that_was_left(temporary: Path) -> None:
    folder = temporary.parent
    (folder / leftovers.new_file_name()).mkdir()
    os.mkfifo(folder / leftovers.new_file_name())
    (folder / leftovers.new_file_name()).symlink_to(folder)
    assert leftovers.of_new_files(folder) == ()
    temporary.touch()
    assert leftovers.of_new_files(folder) == (temporary,)


def test_without_a_data_folder_no_key_in_hand_is_noted(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    note = KeyInHand(missing, "us-east-1", "key-0123456789abcdef0")
    note.forget()
    assert list(lost(missing)) == []
    assert names(tmp_path) == []
