"""A program in a pseudo-terminal, of which every byte and its time are known.

A plain pseudo-terminal, not tmux as in tests/pty: a multiplexer would take part of the processor
and add its own delay to every figure.
"""

import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Self

KEYPAIRS = Path(sys.executable).with_name("keypairs")
"""The installed program."""

PATIENCE = 60.0
QUIET = 0.25
"""Seconds without a byte after which an event is over."""

_SYNCHRONISED = b"\x1b[?2026$p"
_IT_IS = b"\x1b[?2026;2$y"
_ESCAPES = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]"
)


class Program:
    """Runs a program in a terminal of 80 columns and 24 rows that knows 16 million colours.

    It says that it knows synchronised output, as terminals of today do, which costs each frame 16
    bytes. Use it as a context manager: the program is gone when the block ends.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        home: Path,
        env: Mapping[str, str] | None = None,
        size: tuple[int, int] = (80, 24),
    ) -> None:
        self._command = [str(part) for part in command]
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            **(env or {}),
        }
        self._home = home
        self._size = size
        self.output = bytearray()
        self.started = 0.0

    def __enter__(self) -> Self:
        self._ours, theirs = os.openpty()
        columns, rows = self._size
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._selector = DefaultSelector()
        self._selector.register(self._ours, EVENT_READ)
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            self._command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=self._home,
            env=self._environment,
            start_new_session=True,
        )
        os.close(theirs)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._selector.close()
        os.close(self._ours)

    # Typing and reading -------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Type."""
        os.write(self._ours, data)

    def read(self, seconds: float) -> bool:
        """Take in what the program wrote, waiting so long for it; tell whether there was any."""
        if not self._selector.select(seconds):
            return False
        try:
            data = os.read(self._ours, 1 << 16)
        except OSError:
            return False  # the program has ended
        if _SYNCHRONISED in data:
            self.send(_IT_IS)
        self.output += data
        return bool(data)

    def wait_for(self, text: str, start: int = 0) -> float:
        """Return the time at which the program has written a text since byte `start`."""
        wanted = text.encode()
        deadline = time.perf_counter() + PATIENCE
        while wanted not in _ESCAPES.sub(b"", self.output[start:]):
            self.read(0.1)
            if time.perf_counter() > deadline:
                raise AssertionError(f"{text!r} was not written: {bytes(self.output[-2000:])!r}")
        return time.perf_counter()

    def settle(self, quiet: float = QUIET) -> int:
        """Wait until nothing was written for a while; return how much is written by then."""
        while self.read(quiet):
            pass
        return len(self.output)

    def cost(self, keys: bytes, quiet: float = QUIET) -> tuple[int, float]:
        """Type, and return the bytes and CPU seconds that this takes until nothing more comes."""
        written, used = len(self.output), self.cpu()
        self.send(keys)
        self.settle(quiet)
        return len(self.output) - written, self.cpu() - used

    # What it takes ------------------------------------------------------------------------------

    def cpu(self) -> float:
        """Return the CPU seconds that all threads of the program, also those that ended, took."""
        # The clock of another process: what clock_getcpuclockid(3) returns for its id.
        return time.clock_gettime((~self._process.pid << 3) | 2)

    def memory(self, name: str = "VmRSS") -> float:
        """Return the resident memory in MB; `VmHWM` is the most that it was."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.findall(rf"{name}:\s+(\d+)", status)[0]) / 1024
