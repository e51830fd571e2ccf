import ctypes
import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.disk import files, in_folder
from tests.core.disk.faults import UMASKS, FailAt, mode, names, open_files, refused

DATA = b"private\n" * 500


WAYS = ["unnamed", "renamed", "linked", "reserved"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with O_TMPFILE, and as on file systems that lack it, and further ways one by one.

    They are renameat2(2) to a free name, and hard links; without all of them a name is reserved.
    """
    number = WAYS.index(str(request.param))
    if number == 0 and not hasattr(os, "O_TMPFILE"):
        pytest.skip("this system cannot make a file without a name")
    if number > 0:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    if number > 1:
        monkeypatch.setattr(in_folder, "_rename_exclusively", refused(errno.EINVAL))
    if number > 2:
        monkeypatch.setattr(os, "link", refused(errno.EPERM))
    return WAYS[number]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "folder"
    path.mkdir(0o700)
    return path


# A private file -------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", UMASKS)
def test_a_private_file_is_0600_whatever_the_umask(
    mask: int, folder: Path, way: str, umask: Callable[[int], None]
) -> None:
    umask(mask)
    files.create_private_file(folder / "key", DATA)
    assert mode(folder / "key") == 0o600
    assert (folder / "key").read_bytes() == DATA
    assert (folder / "key").stat().st_nlink == 1
    assert names(folder) == ["key"]


def test_a_system_whose_library_renames_to_no_free_name_links_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: SimpleNamespace())
    files.create_private_file(folder / "key", DATA)
    assert (folder / "key").read_bytes() == DATA
    with pytest.raises(FileExistsError):
        files.create_private_file(folder / "key", b"")
    assert names(folder) == ["key"]


@pytest.mark.parametrize("mask", UMASKS)
def test_a_public_file_is_0644_whatever_the_umask(
    mask: int, folder: Path, way: str, umask: Callable[[int], None]
) -> None:
    umask(mask)
    files.create_public_file(folder / "key.pub", DATA)
    assert mode(folder / "key.pub") == 0o644
    assert (folder / "key.pub").read_bytes() == DATA
    with pytest.raises(FileExistsError):
        files.create_public_file(folder / "key.pub", b"")
    assert names(folder) == ["key.pub"]


def test_an_empty_file_is_created_too(folder: Path, way: str) -> None:
    files.create_private_file(folder / "key", b"")
    assert (folder / "key").read_bytes() == b""
    assert mode(folder / "key") == 0o600


@pytest.mark.parametrize("mask", UMASKS)
def test_it_is_private_before_the_first_byte_is_in_it(
    mask: int,
    folder: Path,
    way: str,
    umask: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[int, list[str]]] = []
    write = os.write

    def observed_write(file: int, data: bytes) -> int:
        seen.append((stat.S_IMODE(os.fstat(file).st_mode), names(folder)))
        return write(file, data)

    monkeypatch.setattr(os, "write", observed_write)
    umask(mask)
    files.create_private_file(folder / "key", DATA)
    modes, shown = zip(*seen, strict=True)
    assert {*modes} == {0o600}
    assert ["key" in each for each in shown] == [False]


def test_a_disk_that_takes_a_little_at_a_time_gets_it_all(
    folder: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:7]))
    files.create_private_file(folder / "key", DATA)
    assert (folder / "key").read_bytes() == DATA


def test_file_and_folder_are_synced_in_that_order(
    folder: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[bool, list[str]]] = []
    fsync = os.fsync

    def observed_fsync(file: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(file).st_mode), names(folder)))
        fsync(file)

    monkeypatch.setattr(os, "fsync", observed_fsync)
    files.create_private_file(folder / "key", DATA)
    *of_file, of_folder = synced
    assert of_folder == (True, ["key"])
    assert ["key" in seen for _, seen in of_file] == [False]
    assert not any(is_folder for is_folder, _ in of_file)


def occupy_with_a_file(path: Path) -> None:
    path.write_bytes(b"theirs")


def occupy_with_a_link(path: Path) -> None:
    path.with_name("target").write_bytes(b"theirs")
    path.symlink_to("target")


def occupy_with_a_dangling_link(path: Path) -> None:
    path.symlink_to("nothing")


def occupy_with_a_fifo(path: Path) -> None:
    os.mkfifo(path)


def occupy_with_a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    "occupy",
    [
        occupy_with_a_file,
        occupy_with_a_link,
        occupy_with_a_dangling_link,
        occupy_with_a_fifo,
        occupy_with_a_folder,
    ],
)
def test_nothing_is_ever_overwritten(
    occupy: Callable[[Path], None], folder: Path, way: str
) -> None:
    occupy(folder / "key")
    before = {path.name: path.lstat() for path in folder.iterdir()}
    with pytest.raises(FileExistsError):
        files.create_private_file(folder / "key", DATA)
    after = {path.name: path.lstat() for path in folder.iterdir()}
    assert [(name, status.st_ino, status.st_mtime_ns) for name, status in after.items()] == [
        (name, status.st_ino, status.st_mtime_ns) for name, status in before.items()
    ]


STEPS_OF_ALL_WAYS = [
    ("open", 1),  # the folder
    ("open", 2),  # the file
    ("fchmod", 1),
    ("write", 1),
    ("write", 2),
    ("fsync", 1),  # the file
    ("fsync", 2),  # the folder
]


@pytest.mark.parametrize(
    ("way", "name", "number"),
    [(way, *step) for way in WAYS for step in STEPS_OF_ALL_WAYS]
    + [("unnamed", "link", 1), ("linked", "link", 1), ("reserved", "replace", 1)],
    indirect=["way"],
)
def test_a_step_that_fails_leaves_nothing(
    way: str, name: str, number: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (name, number) == ("write", 2):
        write = os.write
        monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:100]))
    before = open_files()
    step = FailAt(monkeypatch, name, number)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        files.create_private_file(folder / "key", DATA)
    monkeypatch.undo()
    assert step.failed
    assert names(folder) == []
    assert open_files() == before


def test_an_interrupt_leaves_nothing(
    folder: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(file: int, data: bytes) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "write", interrupt)
    before = open_files()
    with pytest.raises(KeyboardInterrupt):
        files.create_private_file(folder / "key", DATA)
    assert names(folder) == []
    assert open_files() == before


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="the system has no such flag")
@pytest.mark.parametrize(
    ("number", "falls_back"),
    [
        (errno.EOPNOTSUPP, True),
        (errno.EISDIR, True),
        (errno.EINVAL, True),
        (errno.ENOSYS, True),
        (errno.EACCES, False),
        (errno.ENOSPC, False),
        (errno.EROFS, False),
    ],
)
def test_a_file_system_without_unnamed_files_gets_a_named_one(
    number: int, falls_back: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.open
    unnamed = os.O_TMPFILE

    def refusing_open(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
        if flags & unnamed == unnamed:
            raise OSError(number, os.strerror(number))
        return original(path, flags, *arguments, **options)

    monkeypatch.setattr(os, "open", refusing_open)
    if falls_back:
        files.create_private_file(folder / "key", DATA)
        assert (folder / "key").read_bytes() == DATA
        assert mode(folder / "key") == 0o600
    else:
        with pytest.raises(OSError, match=os.strerror(number)):
            files.create_private_file(folder / "key", DATA)
        assert names(folder) == []


@pytest.mark.parametrize(
    "number", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOENT, errno.EACCES]
)
def test_where_an_unnamed_file_may_get_no_name_a_named_one_is_renamed(
    number: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", refused(number))
    files.create_private_file(folder / "key", DATA)
    assert (folder / "key").read_bytes() == DATA
    assert mode(folder / "key") == 0o600
    with pytest.raises(FileExistsError):
        files.create_private_file(folder / "key", b"")
    assert names(folder) == ["key"]


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("missing/key", FileNotFoundError),
        ("file/key", NotADirectoryError),
        ("x" * 300, OSError),
    ],
)
def test_a_path_that_leads_nowhere_is_an_error(
    path: str, error: type[OSError], folder: Path, way: str
) -> None:
    (folder / "file").touch()
    with pytest.raises(error):
        files.create_private_file(folder / path, DATA)
    assert names(folder) == ["file"]


# Reading --------------------------------------------------------------------------------------


def test_a_regular_file_is_read_up_to_the_limit(folder: Path) -> None:
    (folder / "key").write_bytes(DATA)
    assert files.read_regular_file(folder / "key", len(DATA)) == DATA
    with pytest.raises(OSError, match=os.strerror(errno.EFBIG)) as caught:
        files.read_regular_file(folder / "key", len(DATA) - 1)
    assert caught.value.errno == errno.EFBIG


@pytest.mark.parametrize(
    ("occupy", "numbers"),
    [
        (occupy_with_a_link, [errno.ELOOP]),
        (occupy_with_a_dangling_link, [errno.ELOOP]),
        (occupy_with_a_fifo, [errno.EINVAL]),
        (occupy_with_a_folder, [errno.EINVAL, errno.EISDIR]),
    ],
)
def test_nothing_but_a_regular_file_is_read(
    occupy: Callable[[Path], None], numbers: list[int], folder: Path
) -> None:
    occupy(folder / "key")
    before = open_files()
    with pytest.raises(OSError, match=r".") as caught:
        files.read_regular_file(folder / "key", 1000)
    assert caught.value.errno in numbers
    assert open_files() == before


# Folders --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", UMASKS)
def test_every_folder_that_was_missing_is_0700_whatever_the_umask(
    mask: int, folder: Path, umask: Callable[[int], None]
) -> None:
    umask(mask)
    files.create_private_folder(folder / "a" / "b" / "c")
    for path in (folder / "a", folder / "a" / "b", folder / "a" / "b" / "c"):
        assert mode(path) == 0o700


def test_a_folder_that_exists_keeps_its_mode(folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "a").chmod(0o755)
    files.create_private_folder(folder / "a")
    files.create_private_folder(folder / "a" / "b")
    assert mode(folder / "a") == 0o755
    assert mode(folder / "a" / "b") == 0o700


def test_the_folders_above_new_ones_are_synced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_ino))
    files.create_private_folder(folder / "a" / "b")
    assert synced == [folder.stat().st_ino, (folder / "a").stat().st_ino]
    files.create_private_folder(folder / "a" / "b")
    assert len(synced) == 2


def test_a_link_to_a_folder_is_a_folder(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "link").symlink_to("real")
    files.create_private_folder(folder / "link" / "a")
    assert mode(folder / "real" / "a") == 0o700


@pytest.mark.parametrize(
    "occupy", [occupy_with_a_file, occupy_with_a_dangling_link, occupy_with_a_fifo]
)
def test_what_is_no_folder_is_an_error(occupy: Callable[[Path], None], folder: Path) -> None:
    occupy(folder / "a")
    for path in (folder / "a", folder / "a" / "b"):
        with pytest.raises(OSError, match=r"."):
            files.create_private_folder(path)
    assert "a" in names(folder)
