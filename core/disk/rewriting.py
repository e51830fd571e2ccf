"""Rewrites a file that other programs write too, whole or not at all, with its owner and ACL."""

import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.disk import attributes, in_folder, leftovers
from core.disk.files import ReplaceNotConfirmed

_TURN = 2.0
"""Seconds that other sessions may take, which need thousandths, to look once more and replace."""

_MOST_LATE = 64 * 1024
"""More bytes than anything appends in the thousandth of a second between looking and replacing."""


def rewrite_file(
    path: Path, data: bytes, *, like: os.stat_result, size: int, check: Callable[[], None]
) -> None:
    """Replace a file of someone else's making by one with the same mode, owner, group and ACL.

    Its other extended attributes are kept, too; where one cannot be, nothing is replaced. What a
    session left that was killed while it did this is removed. `like` is what lstat() said of the
    file, `size` how many bytes it had when `data` was made. `check` is called when all is ready,
    and raises if the file is not any more what `data` was made from. What another program still
    appends after that, to the file that is about to go, is carried over.

    Raises:
        ReplaceNotConfirmed: the new file is in place, but may be gone after a power cut.
        OSError: anything else; the old file is in place and no temporary file is left.
    """
    # Turns are taken only at the last step, so the name must be one that no other session has.
    temporary = leftovers.temporary_name(path.name)
    leftovers.sweep(path)
    with (
        in_folder.opened_folder(path.parent) as folder,
        in_folder.opened_file(path.name, folder) as old,
    ):
        try:
            file = in_folder.open_exclusively(temporary, folder)
            with leftovers.held(file):
                try:
                    _give_away(file, like)
                    attributes.copy(old, file)
                    in_folder.write_and_sync(file, [(0, data)], stat.S_IMODE(like.st_mode))
                finally:
                    os.close(file)
                with _turn(folder):
                    check()
                    os.replace(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            in_folder.remove(temporary, folder)
            raise
        try:
            try:
                os.fsync(folder)
            finally:
                # Last, so that who had opened the old file is likely to have written by now.
                _carry_over(old, size, path.name, folder)
        except OSError as error:
            raise ReplaceNotConfirmed(error.errno, error.strerror, str(path)) from error


def _carry_over(old: int, size: int, name: str, folder: int) -> None:
    """Append to the new file what came behind the first bytes of the old one meanwhile."""
    late = os.pread(old, _MOST_LATE, size)
    if late:
        flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open(name, flags, dir_fd=folder)
        try:
            in_folder.write_all(file, late)
            os.fsync(file)
        finally:
            os.close(file)


@contextmanager
def _turn(folder: int) -> Iterator[None]:
    """Let no other session look and replace at the same time; other programs take no turns.

    Raises:
        BlockingIOError: something else has held the folder for longer than a turn takes.
    """
    end = time.monotonic() + _TURN
    while True:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > end:
                raise
            time.sleep(_TURN / 100)
        except OSError:  # a network file system that locks no folder
            break
    try:
        yield
    finally:
        with suppress(OSError):
            fcntl.flock(folder, fcntl.LOCK_UN)


def _give_away(file: int, like: os.stat_result) -> None:
    present = os.fstat(file)
    if (present.st_uid, present.st_gid) != (like.st_uid, like.st_gid):
        os.fchown(file, like.st_uid, like.st_gid)
