"""Runs a `credential_process`, which is waited for so long and may print so much."""

import os
import signal
import subprocess
from contextlib import suppress
from selectors import EVENT_READ, DefaultSelector
from time import monotonic

TIMEOUT = 60.0
"""Seconds that it is waited for; the AWS CLI waits for ever."""

LARGEST = 1024 * 1024
"""The bytes that it may print, errors included; credentials have some two thousand."""

_QUOTED = 500
"""The characters of its errors that are repeated: the last ones, which say what stopped it."""


class PrintedTooMuch(Exception):
    """A program printed more than credentials ever have."""


class BoundedProgram:
    """A program without standard input, in a session of its own, that is waited for so long.

    It has the part of `subprocess.Popen` that botocore uses.
    """

    def __init__(self, arguments: list[str], stdout: int, stderr: int) -> None:
        self._process: subprocess.Popen[bytes] = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )

    def communicate(self) -> tuple[bytes, bytes]:
        """Wait for its end and return what it printed; it does not outlive the wait.

        Of its errors the end is returned, in UTF-8, which botocore takes for granted.

        Raises:
            subprocess.TimeoutExpired: it went on for too long, and was ended.
            PrintedTooMuch: it printed more than it may, and was ended.
        """
        deadline = monotonic() + TIMEOUT
        with self._process as process:
            try:
                output, errors = self._printed(deadline)
                process.wait(max(0.0, deadline - monotonic()))
            except BaseException:  # Ctrl+C among them
                # With what it started: its session is its own.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise
        said = errors.decode(errors="replace").strip()
        return output, (said if len(said) <= _QUOTED else f"…{said[-_QUOTED:]}").encode()

    def _printed(self, deadline: float) -> tuple[bytes, bytes]:
        """Read both outputs to their ends; subprocess would keep in memory whatever comes."""
        output, errors = bytearray(), bytearray()
        with DefaultSelector() as selector:
            for stream, kept in ((self._process.stdout, output), (self._process.stderr, errors)):
                if stream is not None:
                    selector.register(stream, EVENT_READ, kept)
            while selector.get_map():
                left = deadline - monotonic()
                ready = selector.select(left) if left > 0 else []
                if not ready:
                    raise subprocess.TimeoutExpired(self._process.args, TIMEOUT)
                for key, _ in ready:
                    piece = os.read(key.fd, 2**16)
                    key.data.extend(piece)
                    if not piece:
                        selector.unregister(key.fileobj)
                if len(output) + len(errors) > LARGEST:
                    raise PrintedTooMuch
        return bytes(output), bytes(errors)

    @property
    def returncode(self) -> int | None:
        """The status it ended with."""
        return self._process.returncode
