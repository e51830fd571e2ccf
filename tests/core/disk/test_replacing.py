import errno
import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.disk import files, in_folder, replacing
from tests.core.disk.faults import UMASKS, FailAt, mode, names, open_files, refused

DATA = b"private\n" * 500


class NotMeantError(Exception):
    """What the check raises of a file that it does not know."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir(0o700)
    return tmp_path / "folder" / "file"


@pytest.fixture(params=["both", "no links", "no exclusive rename", "neither"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test as on file systems that have no hard links, or no renameat2(2), or neither."""
    way = str(request.param)
    if way in {"no links", "neither"}:
        monkeypatch.setattr(os, "link", refused(errno.EPERM))
    if way in {"no exclusive rename", "neither"}:
        monkeypatch.setattr(in_folder, "_rename_exclusively", refused(errno.EINVAL))
    return way


def replace(path: Path, data: bytes, meant: bytes | None = None) -> os.stat_result:
    """Replace what is there, or `meant`; b"" stands for no file."""
    present = path.read_bytes() if path.exists() else b""
    meant = present if meant is None else meant

    def check(file: int) -> None:
        if os.pread(file, 1 << 20, 0) != meant:
            raise NotMeantError

    return replacing.replace_file(
        path,
        [(0, data)],
        temporary="file.tmp",
        claim="file.claim",
        previous="file.bak",
        check=check if meant else None,
    )


@pytest.mark.parametrize("mask", UMASKS)
def test_a_replaced_file_stays_beside_the_new_one(
    mask: int, path: Path, way: str, umask: Callable[[int], None]
) -> None:
    umask(mask)
    replace(path, b"one")
    assert names(path.parent) == ["file"]
    replace(path, b"two")
    status = replace(path, b"three")
    assert names(path.parent) == ["file", "file.bak"]
    assert path.read_bytes() == b"three"
    assert path.with_name("file.bak").read_bytes() == b"two"
    assert {mode(path.with_name(name)) for name in names(path.parent)} == {0o600}
    assert os.path.samestat(status, path.stat())
    assert status.st_mtime_ns == path.stat().st_mtime_ns


def test_a_file_that_is_not_the_one_that_is_meant_stays(path: Path, way: str) -> None:
    replace(path, b"older")
    replace(path, b"old")
    for meant, error in ((b"older", NotMeantError), (b"", FileExistsError)):
        with pytest.raises(error):
            replace(path, b"new", meant)
        assert path.read_bytes() == b"old"
        assert path.with_name("file.bak").read_bytes() == b"older"
        assert names(path.parent) == ["file", "file.bak"]
    path.unlink()
    with pytest.raises(FileNotFoundError):
        replace(path, b"new", b"old")
    assert names(path.parent) == ["file.bak"]


def test_who_was_taken_for_dead_replaces_nothing(path: Path, way: str) -> None:
    """Another removed the claim, and made its own, while the file was still being checked."""
    replace(path, b"old")
    claim = path.with_name("file.claim")

    def check(file: int) -> None:
        claim.unlink()
        # By a program, as the system may refuse links to this one here.
        subprocess.run(["ln", path, claim], check=True)

    with pytest.raises(FileExistsError):
        replacing.replace_file(
            path,
            [(0, b"new")],
            temporary="file.tmp-1",
            claim="file.claim",
            previous="file.bak",
            check=check,
        )
    assert path.read_bytes() == b"old"
    assert claim.samefile(path)
    assert names(path.parent) == ["file", "file.claim"]


def test_only_one_replaces_at_a_time_whatever_becomes_of_locks(path: Path, way: str) -> None:
    """Six add a line each, twelve times, without any lock; who is refused tries again."""
    replace(path, b"start\n")
    refusals = []

    def work(number: int) -> None:
        for round_ in range(12):
            while True:
                before = path.read_bytes()
                added = before + f"{number}-{round_}\n".encode()

                def check(file: int, before: bytes = before) -> None:
                    if os.pread(file, 1 << 20, 0) != before:
                        raise NotMeantError

                try:
                    replacing.replace_file(
                        path,
                        [(0, added)],
                        temporary=f"file.tmp-{number}",
                        claim="file.claim",
                        previous="file.bak",
                        check=check,
                    )
                except (NotMeantError, FileExistsError, FileNotFoundError) as error:
                    refusals.append(error)
                else:
                    break

    threads = [threading.Thread(target=work, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = path.read_text().splitlines()
    assert sorted(lines[1:]) == sorted(f"{one}-{two}" for one in range(6) for two in range(12))
    assert refusals, "they were never at it at once"
    assert names(path.parent) == ["file", "file.bak"]


@pytest.mark.parametrize("others", [1, 3])
def test_a_file_replaced_while_it_is_claimed_is_not_replaced_by_an_older_change(
    others: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """link(2) finds a file, others replace it meanwhile, and the claim is of the one before."""
    replace(path, b"read")
    link = os.link
    left = list(range(others))

    def link_late(source: str, target: str, **options: Any) -> None:
        if target != "file.claim" or not left:
            return link(source, target, **options)
        left.pop()
        (path.parent / "found").hardlink_to(path)
        path.with_name("new").write_bytes(b"another's %d" % len(left))
        path.with_name("new").replace(path)
        link("found", target, **options)
        return (path.parent / "found").unlink()

    monkeypatch.setattr(os, "link", link_late)
    with pytest.raises(NotMeantError):
        replace(path, b"ours", b"read")
    assert path.read_bytes() == b"another's 0"
    assert names(path.parent) == ["file"]


def test_a_file_removed_while_it_is_claimed_leaves_no_claim(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(path, b"read")
    link = os.link

    def link_late(source: str, target: str, **options: Any) -> None:
        link(source, target, **options)
        path.unlink()

    monkeypatch.setattr(os, "link", link_late)
    with pytest.raises(FileNotFoundError):
        replace(path, b"ours", b"read")
    assert names(path.parent) == []


@pytest.mark.long
def test_the_claim_of_a_process_that_was_killed_is_waited_for_a_moment_only(path: Path) -> None:
    replace(path, b"old")
    path.with_name("file.claim").hardlink_to(path)
    start = time.monotonic()
    replace(path, b"new")
    assert time.monotonic() - start < 10
    assert path.read_bytes() == b"new"
    assert names(path.parent) == ["file", "file.bak"]


@pytest.mark.long
def test_the_turn_of_a_process_that_was_killed_is_taken_over(path: Path) -> None:
    replace(path, b"old")
    path.with_name("file.claim").hardlink_to(path)
    path.with_name("file.claim.stale").touch()
    replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(path.parent) == ["file", "file.bak"]


@pytest.mark.long
def test_a_claim_that_took_the_place_of_a_stale_one_is_left_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(path, b"old")
    claim = path.with_name("file.claim")
    claim.write_bytes(b"of one that was killed")
    left_alone = []

    def take_turn(name: str, folder: int) -> int:
        if name.endswith(".stale"):
            claim.unlink()  # as another does who looked a little earlier
            claim.hardlink_to(path)
        return open_exclusively(name, folder)

    def sleep(_: float) -> None:
        if claim.exists() and claim.samefile(path):
            left_alone.append(claim.name)
            claim.unlink()

    open_exclusively = in_folder.open_exclusively
    monkeypatch.setattr(in_folder, "open_exclusively", take_turn)
    monkeypatch.setattr(replacing, "sleep", sleep)
    replace(path, b"new")
    assert left_alone == ["file.claim"]
    assert path.read_bytes() == b"new"


def test_a_claim_of_one_who_lives_is_waited_for_and_no_longer(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(path, b"old")
    path.with_name("file.claim").hardlink_to(path)
    monkeypatch.setattr(replacing, "_PATIENCE", 0.05)
    with pytest.raises(FileExistsError):
        replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(path.parent) == ["file", "file.claim"]


def test_who_is_taken_for_dead_after_the_change_leaves_the_other_its_claim(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(path, b"older")
    replace(path, b"old")
    claim = path.with_name("file.claim")

    def sync(_: int) -> None:
        if claim.exists():  # the new file is in its place, and the old one has no name yet
            claim.unlink()
            claim.hardlink_to(path)

    monkeypatch.setattr(os, "fsync", sync)
    replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert claim.samefile(path)
    assert path.with_name("file.bak").read_bytes() == b"older"
    assert names(path.parent) == ["file", "file.bak", "file.claim"]


def test_a_file_that_is_kept_already_under_the_other_name_is_kept(path: Path) -> None:
    """Where two names are of one file, rename() leaves both of them."""
    replace(path, b"old")
    path.with_name("file.bak").hardlink_to(path)
    replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.with_name("file.bak").read_bytes() == b"old"
    assert names(path.parent) == ["file", "file.bak"]


STEPS_OF_A_REPLACEMENT = [
    ("open", 1),  # the folder
    ("open", 2),  # the temporary file
    ("fchmod", 1),
    ("write", 1),
    ("fsync", 1),  # the temporary file
    ("stat", 1),
    ("link", 1),  # the claim
    ("open", 3),
    ("pread", 1),  # the check
    ("replace", 1),  # the new file in its place
    ("fsync", 2),  # the folder
]


def test_a_step_that_fails_leaves_the_old_file_and_the_one_before(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, number in STEPS_OF_A_REPLACEMENT:
        row = f"{name} {number}"
        replace(path, b"older")
        replace(path, b"old")
        before = open_files()
        with monkeypatch.context() as patched:
            step = FailAt(patched, name, number)
            with pytest.raises(OSError, match=os.strerror(errno.EIO)) as caught:
                replace(path, DATA, b"old")
        assert step.failed, row
        assert not isinstance(caught.value, files.ReplaceNotConfirmed), row
        assert path.read_bytes() == b"old", row
        assert path.with_name("file.bak").read_bytes() == b"older", row
        assert names(path.parent) == ["file", "file.bak"], row
        assert open_files() == before, row
        replace(path, b"new")
        assert path.read_bytes() == b"new", row
        assert path.with_name("file.bak").read_bytes() == b"old", row


def test_a_step_that_fails_the_first_time_leaves_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, number in [("write", 1), ("fsync", 1), ("stat", 1), ("fsync", 2)]:
        with monkeypatch.context() as patched:
            step = FailAt(patched, name, number)
            with pytest.raises(OSError, match=os.strerror(errno.EIO)):
                replace(path, DATA)
        assert step.failed, (name, number)
        assert names(path.parent) == [], (name, number)


def test_what_cannot_be_kept_after_all_costs_no_change(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(path, b"older")
    replace(path, b"old")
    with monkeypatch.context() as patched:
        FailAt(patched, "replace", 2)
        replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.with_name("file.bak").read_bytes() == b"older"
    assert path.with_name("file.claim").read_bytes() == b"old"


def test_a_replacement_that_can_neither_be_confirmed_nor_undone_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(path, b"old")
    with monkeypatch.context() as patched:
        FailAt(patched, "fsync", 2)
        FailAt(patched, "replace", 2)
        with pytest.raises(files.ReplaceNotConfirmed) as caught:
            replace(path, b"new")
    assert caught.value.errno == errno.EIO
    assert path.read_bytes() == b"new"
    assert path.with_name("file.bak").read_bytes() == b"old"
    assert names(path.parent) == ["file", "file.bak"]


def test_the_new_file_is_on_the_disk_before_it_takes_the_name(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
        "replace while the file is old",
        "fsync while the file is new",
        "replace while the file is new",  # the old one gets its name
    ]
