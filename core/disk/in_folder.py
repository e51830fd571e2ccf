"""Opens, writes, names and removes files in a folder that is held open.

Every step is about the same folder, even if its path leads elsewhere meanwhile.
"""

import ctypes
import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700

Pieces = Iterable[tuple[int, bytes | memoryview]]
"""What a file is to hold, in any order, each piece with its offset."""

NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES, errno.EXDEV}
"""How file systems, and sandboxes, say that a file gets no second name."""

# How they say that they cannot rename to a free name in one step.
_NO_EXCLUSIVE_RENAME = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EACCES}

_RENAME_NOREPLACE = 1
_BYTES_IN_A_PIECE = 256 * 1024


@contextmanager
def opened_folder(path: Path, within: int | None = None) -> Iterator[int]:
    """Hold a folder open, so that every step speaks of the same one even if it is renamed.

    With `within`, an open folder, a relative path begins there.
    """
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=within)
    try:
        yield folder
    finally:
        # Closing a folder reports nothing about what is in it.
        with suppress(OSError):
            os.close(folder)


@contextmanager
def opened_file(name: str, folder: int) -> Iterator[int]:
    """Hold a file open that was opened with `open_to_read`."""
    file = open_to_read(name, folder)
    try:
        yield file
    finally:
        # Closing a file that was only read reports nothing.
        with suppress(OSError):
            os.close(file)


def open_to_read(name: str, folder: int) -> int:
    """Open a file for reading, following no link and waiting for no named pipe."""
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)


def open_exclusively(name: str, folder: int) -> int:
    """Create a file of mode 0600, whose name must be free, and return it opened for writing."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, PRIVATE_FILE, dir_fd=folder)


def create_named(name: str, pieces: Pieces, folder: int, mode: int = PRIVATE_FILE) -> None:
    """Create a file under a name that must be free, write it and sync it.

    Raises:
        OSError: the file is not there.
    """
    file = open_exclusively(name, folder)
    try:
        try:
            write_and_sync(file, pieces, mode)
        finally:
            # A network file system may report only here that it could not store the bytes.
            os.close(file)
    except BaseException:
        remove(name, folder)
        raise


def write_and_sync(file: int, pieces: Pieces, mode: int = PRIVATE_FILE) -> None:
    """Write all pieces to an open file and sync it.

    Raises:
        OSError: not all could be written.
    """
    # The umask may have taken a bit that the owner needs.
    os.fchmod(file, mode)
    for offset, piece in pieces:
        os.lseek(file, offset, os.SEEK_SET)
        write_all(file, piece)
    os.fsync(file)


def write_all(file: int, data: bytes | memoryview) -> None:
    """Write all bytes to an open file; write() may take only some of them.

    Raises:
        OSError: not all could be written.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def rename_to_free(name: str, new_name: str, folder: int) -> None:
    """Rename a file to a name that must be free, in one step where the system can.

    Where the file system has neither renameat2(2) nor hard links, an empty file takes the name
    first: a kill in that instant leaves it there, never a part of the file.

    Raises:
        FileExistsError: the new name is taken, be it by a link that leads nowhere.
        OSError: anything else; the file has its old name.
    """
    try:
        return _rename_exclusively(name, new_name, folder)
    except OSError as error:
        if error.errno not in _NO_EXCLUSIVE_RENAME:
            raise
    try:
        os.link(name, new_name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
    else:
        return remove(name, folder)
    reserved = open_exclusively(new_name, folder)
    try:
        os.close(reserved)
        os.replace(name, new_name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        remove(new_name, folder)
        raise


def _rename_exclusively(name: str, new_name: str, folder: int) -> None:
    # Python has no function for it; glibc has one since 2.28.
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    old, new = os.fsencode(name), os.fsencode(new_name)
    while call(folder, old, folder, new, _RENAME_NOREPLACE):
        number = ctypes.get_errno()
        if number != errno.EINTR:
            raise OSError(number, os.strerror(number), new_name)


def name_twice(name: str, second: str, folder: int) -> None:
    """Give a file a second name that must be free, or a copy where files have only one name.

    The second name is of the file that has the first at the end, so who replaces that file only
    while nobody else has the second name replaces the one it names.

    Raises:
        FileNotFoundError: there is no such file.
        FileExistsError: the second name is taken.
        OSError: anything else; the second name is free.
    """
    while True:
        try:
            os.link(name, second, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            return create_named(second, _pieces_of(name, folder), folder)
        # link(2) finds the file before it makes the name, and meanwhile it may be replaced.
        try:
            if os.path.samestat(_status(name, folder), _status(second, folder)):
                return None
        except BaseException:
            remove(second, folder)
            raise
        os.unlink(second, dir_fd=folder)


def _status(name: str, folder: int) -> os.stat_result:
    return os.stat(name, dir_fd=folder, follow_symlinks=False)


def _pieces_of(name: str, folder: int) -> Iterator[tuple[int, bytes]]:
    """Yield what a file holds; it is opened when the first piece is asked for."""
    with opened_file(name, folder) as file:
        offset = 0
        while piece := os.pread(file, _BYTES_IN_A_PIECE, offset):
            yield offset, piece
            offset += len(piece)


def remove(name: str, folder: int) -> None:
    """Remove a name if it is there and can be removed."""
    with suppress(OSError):
        os.unlink(name, dir_fd=folder)
