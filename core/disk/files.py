"""Ways to write a file: a private one that must not exist yet, and one that is replaced.

They leave either the whole file or nothing, our own with mode 0600 from the first byte on whatever
the umask says (a public key with 0644, as ssh-keygen gives it), and they sync the folder, so that
what was reported done survives a power cut.
"""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.disk import attributes, leftovers

PRIVATE_FILE = 0o600
PUBLIC_FILE = 0o644
PRIVATE_FOLDER = 0o700

Pieces = Iterable[tuple[int, bytes | memoryview]]
"""What a file is to hold, in any order, each piece with its offset."""

# File systems that cannot make a file without a name say so in one of these ways.
_NO_UNNAMED_FILES = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOSYS}

_TURN = 2.0
"""Seconds that other sessions may take, which need thousandths, to look once more and replace."""

_MOST_LATE = 64 * 1024
"""More bytes than anything appends in the thousandth of a second between looking and replacing."""

# And those that give a file no second name, in one of these.
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def create_private_file(path: Path, data: bytes) -> None:
    """Write a new file, whole or not at all, and never over anything that exists.

    The file gets its name only after its bytes are on the disk. Where the file system can, it has
    none until then; elsewhere it has a temporary one, which goes when a step fails. Only where
    files have no second name is it created under its own.

    Raises:
        FileExistsError: something has that name, be it a dangling link.
        OSError: anything else; nothing is left behind.
    """
    _create(path, data, PRIVATE_FILE)


def create_public_file(path: Path, data: bytes) -> None:
    """Write a new file that all may read, mode 0644; otherwise as a private one is written.

    Raises:
        FileExistsError: something has that name, be it a dangling link.
        OSError: anything else; nothing is left behind.
    """
    _create(path, data, PUBLIC_FILE)


def _create(path: Path, data: bytes, mode: int) -> None:
    with _opened_folder(path.parent) as folder:
        file = _open_unnamed(folder)
        if file is None:
            _create_and_name(path.name, data, folder, mode)
        else:
            try:
                _write_and_sync(file, [(0, data)], mode)
                # /proc names the file that has no name yet; link() refuses a name that is taken.
                os.link(f"/proc/self/fd/{file}", path.name, dst_dir_fd=folder)
            finally:
                # Synced already: this can report nothing more, and the file has its name.
                with suppress(OSError):
                    os.close(file)
        try:
            os.fsync(folder)
        except OSError:
            _remove(path.name, folder)
            raise


def _create_and_name(name: str, data: bytes, folder: int, mode: int) -> None:
    """Write a file under a temporary name, and give it its own when it is whole."""
    temporary = f".{os.urandom(8).hex()}.tmp"
    _create_named(temporary, [(0, data)], folder, mode)
    try:
        os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _create_named(name, [(0, data)], folder, mode)
    finally:
        _remove(temporary, folder)


def _open_unnamed(folder: int) -> int | None:
    flag = getattr(os, "O_TMPFILE", None)
    if flag is None or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(".", flag | os.O_WRONLY | os.O_CLOEXEC, PRIVATE_FILE, dir_fd=folder)
    except OSError as error:
        if error.errno in _NO_UNNAMED_FILES:
            return None
        raise


def _create_named(name: str, pieces: Pieces, folder: int, mode: int = PRIVATE_FILE) -> None:
    file = _open_exclusively(name, folder)
    try:
        try:
            _write_and_sync(file, pieces, mode)
        finally:
            # A network file system may report only here that it could not store the bytes.
            os.close(file)
    except BaseException:
        _remove(name, folder)
        raise


class ReplaceNotConfirmed(OSError):
    """A file was replaced, the disk did not confirm it, and the old file could not be put back."""


def replace_file(path: Path, pieces: Pieces, *, temporary: str, previous: str) -> None:
    """Replace a file by a new one of the same name, keeping the one it replaces beside it.

    `temporary` and `previous` are names in the same folder; the caller makes sure that no one else
    uses them.

    Raises:
        ReplaceNotConfirmed: the new file is in place, but may be gone after a power cut.
        OSError: anything else; the old file is in place and no temporary file is left.
    """
    with _opened_folder(path.parent) as folder:
        try:
            _create_named(temporary, pieces, folder)
            had_previous = _keep_previous(path.name, previous, temporary, folder)
            os.replace(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            _remove(temporary, folder)
            raise
        try:
            os.fsync(folder)
        except OSError as error:
            try:
                _put_back(path.name, previous if had_previous else None, temporary, folder)
            except OSError:
                raise ReplaceNotConfirmed(error.errno, error.strerror, str(path)) from error
            raise


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
    with _opened_folder(path.parent) as folder, _opened_file(path.name, folder) as old:
        try:
            file = _open_exclusively(temporary, folder)
            with leftovers.held(file):
                try:
                    _give_away(file, like)
                    attributes.copy(old, file)
                    _write_and_sync(file, [(0, data)], stat.S_IMODE(like.st_mode))
                finally:
                    os.close(file)
                with _turn(folder):
                    check()
                    os.replace(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            _remove(temporary, folder)
            raise
        try:
            try:
                os.fsync(folder)
            finally:
                # Last, so that who had opened the old file is likely to have written by now.
                _carry_over(old, size, path.name, folder)
        except OSError as error:
            raise ReplaceNotConfirmed(error.errno, error.strerror, str(path)) from error


@contextmanager
def _opened_file(name: str, folder: int) -> Iterator[int]:
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        yield file
    finally:
        # Closing a file that was only read reports nothing.
        with suppress(OSError):
            os.close(file)


def _carry_over(old: int, size: int, name: str, folder: int) -> None:
    """Append to the new file what came behind the first bytes of the old one meanwhile."""
    late = os.pread(old, _MOST_LATE, size)
    if late:
        flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open(name, flags, dir_fd=folder)
        try:
            write_all(file, late)
            os.fsync(file)
        finally:
            os.close(file)


@contextmanager
def _turn(folder: int) -> Iterator[None]:
    """Let no other session look and replace at the same time; other programs take no turns.

    Raises:
        BlockingIOError: something else has held the folder for longer than a turn takes.
    """
    for last in (*[False] * 100, True):
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if last:
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


def _keep_previous(name: str, previous: str, temporary: str, folder: int) -> bool:
    """Give the present file a second name, by a detour because link() does not overwrite."""
    detour = f"{temporary}.previous"
    try:
        _name_twice(name, detour, folder)
    except FileNotFoundError:
        return False
    try:
        os.replace(detour, previous, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        # rename() does nothing when both names are of one file, as after a change that failed.
        _remove(detour, folder)
    return True


def _name_twice(name: str, second: str, folder: int) -> None:
    """Give a file a second name that must be free, or a copy where files have only one name."""
    try:
        os.link(name, second, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as file:
            data = file.read()
        _create_named(second, [(0, data)], folder)


def _put_back(name: str, previous: str | None, temporary: str, folder: int) -> None:
    """Undo a replacement: a second link to the old file takes the name again."""
    if previous is None:
        os.unlink(name, dir_fd=folder)
        return
    _name_twice(previous, temporary, folder)
    try:
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        _remove(temporary, folder)
        raise


def _remove(name: str, folder: int) -> None:
    with suppress(OSError):
        os.unlink(name, dir_fd=folder)


def present(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the paths at which something is, a link that leads nowhere included.

    Raises:
        OSError: one of them cannot be looked at.
    """
    found = []
    for path in paths:
        # A ValueError is of a text that can be no path, as a file edited by hand may have it.
        with suppress(FileNotFoundError, NotADirectoryError, ValueError):
            Path(path).lstat()
            found.append(path)
    return tuple(found)


def read_regular_file(path: Path, limit: int, *, folder: int | None = None) -> bytes:
    """Return the content of a regular file, following no link in its last component.

    With `folder`, the descriptor of an open folder, the file of that name in it is read, wherever
    the folder has gone meanwhile.

    Raises:
        OSError: it cannot be read, is no regular file (EINVAL) or is larger than `limit` (EFBIG).
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    name = path if folder is None else path.name
    with open(name, "rb", opener=lambda name, _: os.open(name, flags, dir_fd=folder)) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        # Looked at twice: what is far too large takes no memory, and what grows meanwhile not more.
        data = file.read(limit + 1) if status.st_size <= limit else None
    if data is None or len(data) > limit:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return data


def create_private_folder(path: Path) -> None:
    """Create a folder, and the folders above it that are missing, with mode 0700 each, and sync.

    Does nothing if the folder exists already.

    Raises:
        OSError: one of them cannot be made, or something else has its name.
    """
    if not path.is_dir():
        if path.parent != path:
            create_private_folder(path.parent)
        with suppress(FileExistsError):
            path.mkdir(PRIVATE_FOLDER)
            # mkdir() takes the umask off the mode, and a umask may take too much.
            path.chmod(PRIVATE_FOLDER)
            with _opened_folder(path.parent) as parent:
                os.fsync(parent)
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


@contextmanager
def _opened_folder(path: Path) -> Iterator[int]:
    """Hold the folder open, so that every step speaks of the same one even if it is renamed."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield folder
    finally:
        # Closing a folder reports nothing about what is in it.
        with suppress(OSError):
            os.close(folder)


def _open_exclusively(name: str, folder: int) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, PRIVATE_FILE, dir_fd=folder)


def _write_and_sync(file: int, pieces: Pieces, mode: int = PRIVATE_FILE) -> None:
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
