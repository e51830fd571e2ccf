"""Replaces a file whole or not at all, keeps the one before, and overwrites no other's change.

No lock is relied on, because a network file system may grant one that keeps nobody out. Who is
about to replace a file first gives it a second name, the claim, which only one can have at a
time; then makes sure that the file is still the one that was read; then replaces it. At last the
claim, which is a name of the old file, becomes the name under which the old file is kept.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from core.disk import in_folder
from core.disk.files import ReplaceNotConfirmed
from core.disk.in_folder import Pieces

_POLL = 0.01

_STALE = 2.0
"""Seconds after which a claim is of a process that was killed; who lives needs thousandths."""

_PATIENCE = 10.0
"""Seconds to wait while others replace the file one after the other."""


def replace_file(
    path: Path,
    pieces: Pieces,
    *,
    temporary: str,
    claim: str,
    previous: str,
    check: Callable[[int], None] | None,
) -> os.stat_result:
    """Replace a file by a new one, keep the old one as `previous`, and return the new one's status.

    All names are of the same folder. `temporary` must be one that nobody else uses, `claim` the
    same for all who replace this file. `check` gets the present file, opened for reading, when
    nobody else can replace it in this way any more, and raises if it is not the one that is meant;
    without it there must be none.

    Raises:
        FileNotFoundError: there is no file to replace.
        FileExistsError: there is one, or somebody else has been replacing it for too long.
        ReplaceNotConfirmed: the new file is in place, but may be gone after a power cut.
        OSError: anything else, or what `check` raises; the old file is in place, and what was
            kept before is still kept.
    """
    with in_folder.opened_folder(path.parent) as folder:
        try:
            in_folder.create_named(temporary, pieces, folder)
            status = os.stat(temporary, dir_fd=folder, follow_symlinks=False)
            if check is None:
                in_folder.rename_to_free(temporary, path.name, folder)
                _sync_or_undo(path, folder, lambda: os.unlink(path.name, dir_fd=folder))
                return status
            with _claimed(path.name, claim, folder) as old:
                claimed = _names_of(old)
                try:
                    check(old)
                    if _names_of(old) != claimed:
                        # Who waited too long took us for dead, and another may have claimed it.
                        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), claim)
                    os.replace(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
                except BaseException:
                    if _names_of(old) == claimed:
                        in_folder.remove(claim, folder)
                    raise
                try:
                    _sync_or_undo(path, folder, lambda: _move(claim, old, path.name, folder))
                finally:
                    # If this fails, or the power does, the next change makes up for it. There is
                    # no claim any more where the old file was put back.
                    with suppress(OSError):
                        _move(claim, old, previous, folder)
                return status
        except BaseException:
            in_folder.remove(temporary, folder)
            raise


@contextmanager
def _claimed(name: str, claim: str, folder: int) -> Iterator[int]:
    """Claim a file and hold it open for reading; the caller gives the claim up."""
    _take(claim, name, folder)
    try:
        file = in_folder.open_to_read(claim, folder)
    except BaseException:
        in_folder.remove(claim, folder)
        raise
    try:
        yield file
    finally:
        # Closing a file that was only read reports nothing.
        with suppress(OSError):
            os.close(file)


def _take(claim: str, name: str, folder: int) -> None:
    """Give a file a second name that only one can give it at a time, or wait for it.

    Raises:
        FileExistsError: others had it for too long.
    """
    start = monotonic()
    seen, since = None, start
    while True:
        try:
            in_folder.name_twice(name, claim, folder)
        except FileExistsError:
            now = monotonic()
            if now - start > _PATIENCE:
                raise
            present = _identity(claim, folder)
            if present != seen:
                seen, since = present, now
            elif now - since > _STALE:
                _remove_stale(claim, present, folder, is_patient=now - since < 2 * _STALE)
            sleep(_POLL)
        else:
            return


def _remove_stale(
    claim: str, seen: tuple[int, int] | None, folder: int, *, is_patient: bool
) -> None:
    """Remove the claim of a process that was killed, if it is still the one that was seen.

    Several wait for it, and one that looked before another took its place must not remove the new
    claim: whoever removes it first takes the turn, and looks again. A turn whose process was
    killed, too, is not waited for by those who are no longer patient.
    """
    turn = f"{claim}.stale"
    try:
        os.close(in_folder.open_exclusively(turn, folder))
    except FileExistsError:
        if not is_patient:
            in_folder.remove(turn, folder)
        return
    try:
        if _identity(claim, folder) == seen:
            in_folder.remove(claim, folder)
    finally:
        in_folder.remove(turn, folder)


def _names_of(file: int) -> tuple[int, int]:
    """Return what changes when a file gets a name or loses one."""
    status = os.fstat(file)
    return status.st_nlink, status.st_ctime_ns


def _identity(name: str, folder: int) -> tuple[int, int] | None:
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_ctime_ns


def _move(claim: str, file: int, name: str, folder: int) -> None:
    """Turn a claim into another name of its file.

    Raises:
        FileNotFoundError: it is gone, or of another file: somebody took us for dead.
    """
    if not os.path.samestat(os.fstat(file), os.stat(claim, dir_fd=folder, follow_symlinks=False)):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), claim)
    if _identity(claim, folder) == _identity(name, folder):
        os.unlink(claim, dir_fd=folder)  # rename() would do nothing
    else:
        os.replace(claim, name, src_dir_fd=folder, dst_dir_fd=folder)


def _sync_or_undo(path: Path, folder: int, undo: Callable[[], None]) -> None:
    try:
        os.fsync(folder)
    except OSError as error:
        try:
            undo()
        except OSError:
            raise ReplaceNotConfirmed(error.errno, error.strerror, str(path)) from error
        raise
