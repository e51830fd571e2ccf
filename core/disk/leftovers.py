"""Names, finds and removes the temporary files of sessions that were killed.

A session locks its temporary file for as long as it needs it. The lock ends with the process, so
what nobody has locked is a leftover.
"""

import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_NEW_FILE = re.compile(r"\.keypairs-[0-9a-f]{16}\.tmp")

_SECONDS_IN_USE = 3600.0
"""The longest that a file counts as in use where the file system locks none."""


def temporary_name(name: str) -> str:
    """Return a name for a temporary file that is to replace a file, and that no session has."""
    return f".{name}.{os.urandom(8).hex()}.tmp"


def new_file_name() -> str:
    """Return a name for a new file that is to get its own name when it is whole."""
    return f".keypairs-{os.urandom(8).hex()}.tmp"


@contextmanager
def held(file: int) -> Iterator[None]:
    """Mark an open temporary file as one that is in use, also after the caller has closed it."""
    again = None
    with suppress(OSError):  # where it cannot be locked, its age says so
        again = os.dup(file)
        lock(again)
    try:
        yield
    finally:
        if again is not None:
            with suppress(OSError):
                os.close(again)


def lock(file: int) -> None:
    """Mark an open file as one that is in use until it is closed, or the process ends.

    Raises:
        OSError: it cannot be locked.
    """
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_new_file_name(name: str) -> bool:
    """Return whether `new_file_name` gives such names."""
    return _NEW_FILE.fullmatch(name) is not None


def of_new_files(folder: Path) -> tuple[Path, ...]:
    """Return the new files that sessions of this account left behind before they had their names.

    What cannot be looked at is left out.
    """
    return _left(folder, _NEW_FILE)


def of(path: Path) -> tuple[Path, ...]:
    """Return the temporary files beside a file that sessions of this account left behind.

    What cannot be looked at is left out.
    """
    return _left(path.parent, re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{16}}\.tmp"))


def sweep(path: Path) -> None:
    """Remove them."""
    for leftover in of(path):
        with suppress(OSError):
            leftover.unlink()


def _left(folder: Path, name: re.Pattern[str]) -> tuple[Path, ...]:
    try:
        found = sorted(each.name for each in os.scandir(folder) if name.fullmatch(each.name))
    except OSError:
        return ()
    return tuple(folder / each for each in found if is_left(folder / each))


def is_left(path: Path) -> bool:
    """Return whether a file is this account's, and no session has it in use."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or os.geteuid() not in (0, status.st_uid):
            return False
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return time.time() - status.st_mtime > _SECONDS_IN_USE
    else:
        return True
    finally:
        with suppress(OSError):
            os.close(file)
