"""Asks of the system: no picture of the process's memory, a way back, an end in any case."""

import ctypes
import os
import resource
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from core.errors import SettingsError

_T = TypeVar("_T")

GRACE = 5.0
"""Seconds for a program that was told to end to do so in good order."""

_PR_SET_DUMPABLE = 4
_DUMPABLE_NO = 0

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
LARGE = 1 << 18


def forbid_dumps() -> None:
    """Let no core file of this process be written, and no other process of the person read it.

    A core file would hold every private key that was made, also those that are no longer shown.
    The second half exists on Linux only: there, it also closes `/proc/PID/mem`, `environ` and
    ptrace to everyone but root (prctl(2), PR_SET_DUMPABLE).

    Raises:
        SettingsError: the system refuses it.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        if ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, _DUMPABLE_NO, 0, 0, 0):
            raise SettingsError("The system does not let this process keep its memory to itself.")


def give_memory_back() -> None:
    """Have large blocks of memory go back to the system when they are freed.

    A full Region is several megabytes of text at each change, in whichever thread makes it. Left
    to itself glibc keeps them for each thread apart: 20 MB after some ten changes. Other C
    libraries have no such setting (mallopt(3)) and are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, LARGE)


def can_be_continued() -> bool:
    """Return whether a shell would notice that this process stops, and could continue it.

    That is, whether its process group is not orphaned (POSIX.1, 3.264): some parent stands in
    another group of the same session. A program that a terminal, tmux or ssh runs without a shell
    leads a session of its own, and has none.
    """
    group, session = os.getpgrp(), os.getsid(0)
    process = os.getppid()
    try:
        while process and os.getpgid(process) == group:
            process = _parent(process)
        return bool(process) and os.getsid(process) == session
    except OSError:  # it is gone, or another person's, which is no shell of this session
        return False


def _parent(process: int) -> int:
    """Return the parent of a process, 0 where the system does not tell (proc(5), `stat`)."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text("utf-8", "replace")
    except FileNotFoundError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])


def end_within(seconds: float, status: int) -> None:
    """End the process with a status after some seconds, whatever it does then.

    It may wait for a disk or a terminal that will never answer.
    """
    timer = threading.Timer(seconds, os._exit, (status,))
    timer.daemon = True
    timer.start()


_changing = threading.Condition()
_changes_under_way = 0


@contextmanager
def changing() -> Iterator[None]:
    """Mark what changes files, or the agent, so that `end_between_changes` lets it be finished."""
    global _changes_under_way
    with _changing:
        _changes_under_way += 1
    try:
        yield
    finally:
        with _changing:
            _changes_under_way -= 1
            _changing.notify_all()


_waiters = 0


@contextmanager
def waiting_for_another_session() -> Iterator[None]:
    """Mark what waits for another session, so that `is_waiting_for_another_session` tells."""
    global _waiters
    with _changing:
        _waiters += 1
    try:
        yield
    finally:
        with _changing:
            _waiters -= 1


def is_waiting_for_another_session() -> bool:
    """Return whether a change of this process waits for another session now."""
    return bool(_waiters)


def end_between_changes(seconds: float, status: int) -> None:
    """End the process with a status after some seconds, or when the change under way is made.

    Threads that only look are not waited for; one may look at a disk that will never answer. A
    change may wait for one, too, and is given `GRACE`: whatever it is cut off from, nothing that
    was stored is lost.
    """
    timer = threading.Timer(seconds, _end_between_changes, (status,))
    timer.daemon = True
    timer.start()


def _end_between_changes(status: int) -> None:
    # Held to the end: no change begins that would be cut off.
    with _changing:
        _changing.wait_for(lambda: not _changes_under_way, GRACE)
        os._exit(status)


def interruptible(work: Callable[[], _T]) -> _T:
    """Return what a function returns that may be deaf for seconds, and let Ctrl+C answer meanwhile.

    Python hears a signal between two of its own steps. What a library computes in one step, such
    as the key of a passphrase, is done in a thread of its own while the main thread waits. It is
    left behind if the wait is interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    results: list[_T] = []
    errors: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the wait is
            errors.append(error)
        finally:
            done.set()

    threading.Thread(target=run, daemon=True, name="interruptible").start()
    done.wait()
    for error in errors:
        raise error
    return results[0]
