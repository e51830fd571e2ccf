"""Locks a Region, so that one change is made at a time, in whichever thread or process."""

import errno
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.disk import files
from core.errors import StoreLocked
from core.process import waiting_for_another_session

_POLL = 0.01


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
        from filelock import Timeout, UnixFileLock

        lock = UnixFileLock(
            self._path,
            timeout=timeout,
            mode=files.PRIVATE_FILE,
            poll_interval=_POLL,
            # A lock that is no lock would be worse than the error.
            fallback_to_soft=False,
            preserve_lock_file=True,
            on_acquired=_sign,
        )
        self._given_up.clear()
        try:
            with waiting_for_another_session():
                lock.acquire(cancel_check=self.waiting_is_given_up)
        except Timeout:
            raise self._refusal(timeout) from None
        except OSError as error:
            error.filename = str(self._path)
            raise
        try:
            yield
        finally:
            # What was changed is changed, whatever becomes of the lock.
            with suppress(OSError):
                lock.release()

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


def _sign(lock_file: int) -> None:
    if not stat.S_ISREG(os.fstat(lock_file).st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    signature = f"process {os.getpid()}\n".encode()
    # Cut last: emptied first, a file gives its block back, which takes half as long as a sync.
    os.ftruncate(lock_file, os.pwrite(lock_file, signature, 0))


def _signature(lock_file: Path) -> str:
    with suppress(OSError):
        return files.read_regular_file(lock_file, 64).decode("ascii", "replace").strip()
    return "unknown"
