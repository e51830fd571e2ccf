"""Creates new files whole or not at all, and reads files that others may have put in place.

A new file has mode 0600 from its first byte on whatever the umask says (a public key 0644, as
ssh-keygen gives it). The folder is synced, so that what was reported done survives a power cut.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

from core.disk import in_folder, leftovers

PRIVATE_FILE = in_folder.PRIVATE_FILE
PUBLIC_FILE = 0o644
PRIVATE_FOLDER = in_folder.PRIVATE_FOLDER

# File systems that cannot make a file without a name say so in one of these ways.
_NO_UNNAMED_FILES = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOSYS}


Noted = Callable[[str], AbstractContextManager[None]]
"""What remembers a temporary name for as long as its block runs, and beyond a kill."""


def create_private_file(
    path: Path, data: bytes, *, folder: int | None = None, noted: Noted | None = None
) -> os.stat_result:
    """Write a new file, whole or not at all, and never over anything that exists.

    The file gets its name only after its bytes are on the disk. Where the file system can, it has
    none until then; elsewhere it has a temporary one, which goes when a step fails, and which
    `noted` is told before. With `folder`, an open one, the file goes there, wherever the path
    leads. Only where the system has neither a way to rename to a free name nor hard links, an empty
    file takes the name first (`in_folder.rename_to_free`).

    Raises:
        FileExistsError: something has that name, be it a dangling link.
        OSError: anything else; nothing is left behind.
    """
    return _create(path, data, PRIVATE_FILE, folder, noted)


def create_public_file(path: Path, data: bytes, *, folder: int | None = None) -> os.stat_result:
    """Write a new file that all may read, mode 0644; otherwise as a private one is written.

    Raises:
        FileExistsError: something has that name, be it a dangling link.
        OSError: anything else; nothing is left behind.
    """
    return _create(path, data, PUBLIC_FILE, folder, None)


def _create(
    path: Path, data: bytes, mode: int, within: int | None, noted: Noted | None
) -> os.stat_result:
    with in_folder.opened_folder(path.parent if within is None else Path(), within) as folder:
        status = _create_unnamed(path.name, data, folder, mode)
        if status is None:
            temporary = leftovers.new_file_name()
            with nullcontext() if noted is None else noted(temporary):
                status = _create_and_name(temporary, path.name, data, folder, mode)
        try:
            os.fsync(folder)
        except OSError:
            in_folder.remove(path.name, folder)
            raise
        return status


def _create_unnamed(name: str, data: bytes, folder: int, mode: int) -> os.stat_result | None:
    """Write a file that gets its name when it is whole; None where the system cannot do that."""
    file = _open_unnamed(folder)
    if file is None:
        return None
    try:
        in_folder.write_and_sync(file, [(0, data)], mode)
        status = os.fstat(file)
        # /proc names the file that has no name yet; link() refuses a name that is taken.
        os.link(f"/proc/self/fd/{file}", name, dst_dir_fd=folder)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in in_folder.NO_LINKS | {errno.ENOENT}:
            raise
        return None
    finally:
        # Synced already: this can report nothing more, and the file has its name.
        with suppress(OSError):
            os.close(file)
    return status


def _create_and_name(
    temporary: str, name: str, data: bytes, folder: int, mode: int
) -> os.stat_result:
    """Write a file under a temporary name, and give it its own when it is whole."""
    file = in_folder.open_exclusively(temporary, folder)
    try:
        with leftovers.held(file):
            try:
                in_folder.write_and_sync(file, [(0, data)], mode)
                status = os.fstat(file)
            finally:
                # A network file system may report only here that it could not store the bytes.
                os.close(file)
            in_folder.rename_to_free(temporary, name, folder)
    except BaseException:
        in_folder.remove(temporary, folder)
        raise
    return status


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


class ReplaceNotConfirmed(OSError):
    """A file was replaced, the disk did not confirm it, and the old file could not be put back."""


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


def lets_mode_be_mended(paths: Iterable[str]) -> bool:
    """Return whether any of these private key files is one, and has another mode than 0600."""
    found = False
    for path in paths:
        with suppress(OSError, ValueError):
            mode = Path(path).lstat().st_mode
            found |= stat.S_ISREG(mode) and stat.S_IMODE(mode) != PRIVATE_FILE
    return found


def read_regular_file(path: Path, limit: int, *, folder: int | None = None) -> bytes:
    """Return the content of a regular file, following no link in its last component.

    With `folder`, the descriptor of an open folder, the file of that name in it is read, wherever
    the folder has gone meanwhile.

    Raises:
        OSError: it cannot be read, is no regular file (EINVAL) or is larger than `limit` (EFBIG).
    """
    with opened_regular_file(path, folder) as file:
        return read_opened(file, limit)


def read_opened(file: int, limit: int) -> bytes:
    """Return what an open file holds.

    Raises:
        OSError: it cannot be read, or is larger than `limit` (EFBIG).
    """
    with open(file, "rb", closefd=False) as reader:
        # Looked at twice: what is far too large takes no memory, and what grows meanwhile not more.
        data = reader.read(limit + 1) if os.fstat(file).st_size <= limit else None
    if data is None or len(data) > limit:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return data


@contextmanager
def opened_regular_file(path: Path, folder: int | None = None) -> Iterator[int]:
    """Hold a regular file open for reading, following no link in its last component.

    With `folder`, an open one, only the last component of the path is looked up, in that folder.

    Raises:
        OSError: it cannot be opened, or is no regular file (EINVAL).
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    file = os.open(path if folder is None else path.name, flags, dir_fd=folder)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        yield file
    finally:
        # Closing a file that was only read reports nothing.
        with suppress(OSError):
            os.close(file)


def close_to_others(path: Path) -> None:
    """Give a file the mode of a private one, 0600, so that nobody else can read or change it.

    Raises:
        OSError: it is not there, belongs to another account, or is no regular file (EINVAL); a
            link is not followed (ELOOP).
    """
    with opened_regular_file(path) as file:
        os.fchmod(file, PRIVATE_FILE)
        os.fsync(file)


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
            with in_folder.opened_folder(path.parent) as parent:
                os.fsync(parent)
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
