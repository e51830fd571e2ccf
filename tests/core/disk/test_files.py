import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.disk import files

DATA = b"private\n" * 500
UMASKS = [0o000, 0o022, 0o077, 0o177, 0o777]


class FailAt:
    """Makes one call of a function of `os` fail, the `number`th, and only that one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
        self.calls = 0
        self.failed = False
        original: Callable[..., Any] = getattr(os, name)

        def replacement(*arguments: Any, **options: Any) -> Any:
            self.calls += 1
            if self.calls == number:
                self.failed = True
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return original(*arguments, **options)

        monkeypatch.setattr(os, name, replacement)


def refuse_links(*_: object, **__: object) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.fixture(params=["unnamed", "named", "without links"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with O_TMPFILE, as on a system that has none, and as where there are no links."""
    if request.param != "unnamed":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
        if request.param == "without links":
            monkeypatch.setattr(os, "link", refuse_links)
    elif not hasattr(os, "O_TMPFILE"):
        pytest.skip("this system cannot make a file without a name")
    return str(request.param)


NAMED_EARLY = {"unnamed": [False], "named": [False], "without links": [False, True]}
"""Whether the file has its name while it is written, for each time that it is."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "folder"
    path.mkdir(0o700)
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0


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
    # It has its name only when it is whole, except where files have no second one.
    modes, shown = zip(*seen, strict=True)
    assert {*modes} == {0o600}
    assert ["key" in each for each in shown] == NAMED_EARLY[way]


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
    assert ["key" in seen for _, seen in of_file] == NAMED_EARLY[way]
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


STEPS_OF_BOTH_WAYS = [
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
    [(way, *step) for way in ("unnamed", "named") for step in STEPS_OF_BOTH_WAYS]
    + [("unnamed", "link", 1), ("named", "link", 1)],
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


# Replacing a file -----------------------------------------------------------------------------


def replace(path: Path, data: bytes) -> None:
    files.replace_file(path, [(0, data)], temporary="file.tmp", previous="file.bak")


@pytest.mark.parametrize("mask", UMASKS)
def test_a_replaced_file_stays_beside_the_new_one(
    mask: int, folder: Path, umask: Callable[[int], None]
) -> None:
    umask(mask)
    path = folder / "file"
    replace(path, b"one")
    assert names(folder) == ["file"]
    replace(path, b"two")
    replace(path, b"three")
    assert names(folder) == ["file", "file.bak"]
    assert path.read_bytes() == b"three"
    assert (folder / "file.bak").read_bytes() == b"two"
    assert {mode(folder / name) for name in names(folder)} == {0o600}


STEPS_OF_A_REPLACEMENT = [
    ("open", 1),  # the folder
    ("open", 2),  # the temporary file
    ("fchmod", 1),
    ("write", 1),
    ("fsync", 1),  # the temporary file
    ("link", 1),  # the second name of the old file
    ("replace", 1),  # the second name in its place
    ("replace", 2),  # the new file in its place
    ("fsync", 2),  # the folder
]


@pytest.mark.parametrize(("name", "number"), STEPS_OF_A_REPLACEMENT)
def test_a_step_that_fails_leaves_the_old_file(
    name: str, number: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "file"
    replace(path, b"older")
    replace(path, b"old")
    before = open_files()
    step = FailAt(monkeypatch, name, number)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)) as caught:
        replace(path, DATA)
    monkeypatch.undo()
    assert step.failed
    assert not isinstance(caught.value, files.ReplaceNotConfirmed)
    assert path.read_bytes() == b"old"
    assert (folder / "file.bak").read_bytes() in (b"older", b"old")
    assert names(folder) == ["file", "file.bak"]
    assert open_files() == before
    replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert (folder / "file.bak").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("name", "number"), [("write", 1), ("fsync", 1), ("link", 1), ("replace", 1), ("fsync", 2)]
)
def test_a_step_that_fails_the_first_time_leaves_nothing(
    name: str, number: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = FailAt(monkeypatch, name, number)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        replace(folder / "file", DATA)
    monkeypatch.undo()
    assert step.failed
    assert names(folder) == []


def test_a_replacement_that_can_neither_be_confirmed_nor_undone_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "file"
    replace(path, b"old")
    FailAt(monkeypatch, "fsync", 2)
    FailAt(monkeypatch, "link", 2)
    with pytest.raises(files.ReplaceNotConfirmed) as caught:
        replace(path, b"new")
    monkeypatch.undo()
    assert caught.value.errno == errno.EIO
    assert path.read_bytes() == b"new"
    assert (folder / "file.bak").read_bytes() == b"old"


def test_the_new_file_is_on_the_disk_before_it_takes_the_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "file"
    replace(path, b"old")
    steps: list[str] = []
    for name in ("write", "fsync", "replace"):
        original: Callable[..., Any] = getattr(os, name)

        def observed(
            *arguments: Any, _name: str = name, _call: Callable[..., Any] = original, **options: Any
        ) -> Any:
            steps.append(f"{_name} while the file is {path.read_bytes().decode()}")
            return _call(*arguments, **options)

        monkeypatch.setattr(os, name, observed)
    replace(path, b"new")
    assert steps == [
        "write while the file is old",
        "fsync while the file is old",
        "replace while the file is old",  # the second name of the old file
        "replace while the file is old",
        "fsync while the file is new",
    ]


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
