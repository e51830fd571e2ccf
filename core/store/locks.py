"""Locks files, so that one change is made at a time, in whichever thread or process."""

import errno
import fcntl
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from core.disk import files
from core.errors import StoreLocked
from core.process import waiting_for_another_session

_POLL = 0.01
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

# flock(2) over a network file system says that another has it as fcntl(2) does.
_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}


def open_locked(path: Path, timeout: float, given_up: Callable[[], bool]) -> int | None:
    """Open a file of mode 0600, made where it is missing, and lock it; closing it ends the lock.

    Returned is None where another session held it for so many seconds, or `given_up`, which is
    asked meanwhile, said true. The lock dies with its process, however that ends.

    Raises:
        OSError: it cannot be opened or locked, or is no regular file.
    """
    deadline = monotonic() + timeout
    with waiting_for_another_session():
        while True:
            file = os.open(path, _FLAGS, files.PRIVATE_FILE)
            try:
                if not _lock(file, deadline, given_up):
                    os.close(file)
                    return None
                status = os.fstat(file)
                # While we waited it may have been put aside, and another have taken its place.
                if _is_same(status, path):
                    if not stat.S_ISREG(status.st_mode):
                        raise OSError(errno.EINVAL, "it is not a regular file")
                    if stat.S_IMODE(status.st_mode) != files.PRIVATE_FILE:
                        os.fchmod(file, files.PRIVATE_FILE)  # as the umask, or somebody, had it
                    return file
            except BaseException:
                os.close(file)
                raise
            os.close(file)


def _lock(file: int, deadline: float, given_up: Callable[[], bool]) -> bool:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _HELD:
                raise
        else:
            return True
        if given_up() or monotonic() >= deadline:
            return False
        sleep(_POLL)


def _is_same(status: os.stat_result, path: Path) -> bool:
    try:
        return os.path.samestat(status, path.lstat())
    except FileNotFoundError:
        return False


class RegionLock:
    """The lock of one Region; the threads of this process take turns at it, too.

    The lock file stays, and says who has it, or had it last.

    Args:
        path: the lock file.
        region: the Region's name, for the error.
        timeout: seconds to wait for another session.
    """

    def __init__(self, path: Path, region: str, timeout: float) -> None:
        self._path = path
        self._region = region
        self._timeout = timeout
        self._threads = threading.Lock()
        self._given_up = threading.Event()

    def give_up_waiting(self) -> None:
        """Refuse the change that waits for another session now; without one, do nothing."""
        self._given_up.set()

    def waiting_is_given_up(self) -> bool:
        """Return whether this session was told to wait no more."""
        return self._given_up.is_set()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock, waiting for it.

        Raises:
            StoreLocked: another session held it for too long, or the waiting was given up.
            OSError: there can be no lock.
        """
        with self._threads, self._acquired(self._timeout):
            yield

    @contextmanager
    def held_at_once(self) -> Iterator[None]:
        """Hold the lock if nobody else does.

        Raises:
            StoreLocked: somebody does.
            OSError: there can be no lock.
        """
        if not self._threads.acquire(blocking=False):
            raise StoreLocked(f"This session is changing {self._region} itself.")
        try:
            with self._acquired(0):
                yield
        finally:
            self._threads.release()

    @contextmanager
    def _acquired(self, timeout: float) -> Iterator[None]:
        self._given_up.clear()
        with _named_in_errors(self._path):
            file = open_locked(self._path, timeout, self.waiting_is_given_up)
        if file is None:
            raise self._refusal(timeout)
        try:
            with _named_in_errors(self._path):
                _sign(file)
            yield
        finally:
            # What was changed is changed, whatever becomes of the lock. Unlocked before it is
            # closed: a program that is being started just now may have it open for an instant.
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_UN)
            with suppress(OSError):
                os.close(file)

    def _refusal(self, timeout: float) -> StoreLocked:
        waited = (
            "this one gave up waiting"
            if self.waiting_is_given_up()
            else f"has not finished in {timeout:g} seconds"
        )
        return StoreLocked(
            f"Another session ({_signature(self._path)}) is changing {self._region} and"
            f" {waited}. Nothing was changed; try again."
        )


@contextmanager
def _named_in_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise


def _sign(lock_file: int) -> None:
    signature = f"process {os.getpid()}\n".encode()
    # Cut last: emptied first, a file gives its block back, which takes half as long as a sync.
    os.ftruncate(lock_file, os.pwrite(lock_file, signature, 0))


def _signature(lock_file: Path) -> str:
    with suppress(OSError):
        return files.read_regular_file(lock_file, 64).decode("ascii", "replace").strip()
    return "unknown"
