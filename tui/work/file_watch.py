"""Tells of a file that was changed, from a thread that asks the system for it and reads nothing."""

import asyncio
import os
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from threading import Event, Thread

from core.disk import files

SECONDS = 0.7
"""Between two looks: with the reading that follows, a change is seen within two seconds."""

Status = tuple[int, int, int] | None
"""What the system says of a file, or None where there is none that can be opened."""


class FileWatch:
    """Looks at one file again and again, and tells the event loop as long as it is not the same.

    Nothing is done in the event loop while nothing changes, and a disk that does not answer keeps
    only the thread waiting. A file that is changed in its place by less than the clock of its disk
    can tell is not noticed; the store always puts another file there.

    Args:
        path: which file; it may be another one from look to look, and None as long as it is not
            known. It is called in the thread, and must neither fail nor ask a network.
        changed: called in the event loop with what the system says now, until that is `taken`.
    """

    def __init__(self, path: Callable[[], Path | None], changed: Callable[[Status], None]) -> None:
        self._path = path
        self._changed = changed
        self._ended = Event()
        self._taken: tuple[Status] | None = None

    def start(self) -> None:
        """Look from now on; must be called in the event loop."""
        loop, context = asyncio.get_running_loop(), copy_context()

        def tell(status: Status) -> None:
            loop.call_soon_threadsafe(self._changed, status, context=context)

        Thread(target=self._look, args=(tell,), name="file-watch", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()

    def take(self, status: Status) -> None:
        """Tell no more of this: who was told has read the file since."""
        self._taken = (status,)

    def _look(self, tell: Callable[[Status], None]) -> None:
        while not self._ended.wait(SECONDS):
            path = self._path()
            status = status_of(path) if path is not None else None
            if path is not None and self._taken != (status,):
                try:
                    tell(status)
                except RuntimeError:  # the event loop has ended
                    return


def status_of(path: Path) -> Status:
    """Return what the system says of a regular file; blocks, and reads nothing of it."""
    try:
        # A network file system answers from memory where the file is not opened.
        with files.opened_regular_file(path) as file:
            status = os.fstat(file)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
