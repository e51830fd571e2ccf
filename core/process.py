"""What the process asks of the system: no picture of its memory, and an end in any case."""

import os
import sys
import threading

from core.errors import SettingsError

GRACE = 5.0
"""Seconds for a program that was told to end to do so in good order."""

_PR_SET_DUMPABLE = 4
_DUMPABLE_NO = 0


def forbid_dumps() -> None:
    """Let no core file of this process be written, and no other process of the person read it.

    A core file would hold every private key that was made, also those that are no longer shown.
    The second half exists on Linux only: there, it also closes `/proc/PID/mem`, `environ` and
    ptrace to everyone but root (prctl(2), PR_SET_DUMPABLE).

    Raises:
        SettingsError: the system refuses it.
    """
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        if ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, _DUMPABLE_NO, 0, 0, 0):
            raise SettingsError("The system does not let this process keep its memory to itself.")


def end_within(seconds: float, status: int) -> None:
    """End the process with a status after some seconds, whatever it does then.

    It may wait for a disk or a terminal that will never answer.
    """
    timer = threading.Timer(seconds, os._exit, (status,))
    timer.daemon = True
    timer.start()
