"""A program in a pseudo-terminal, of which every byte and its time are known.

A plain pseudo-terminal, not tmux as in tests/pty: a multiplexer would take part of the processor
and add its own delay to every figure.
"""

import codecs
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
"""Seconds without a byte and without work after which an event is over."""
_AT_REST = 0.1
"""The part of a processor that a program at rest may take: it looks at files now and then."""

_SYNCHRONISED = b"\x1b[?2026$p"
_IT_IS = b"\x1b[?2026;2$y"
_TOKEN = re.compile(
    r"\x1b\[([0-?]*)[ -/]*([@-~])|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z^-~]"
    r"|[\r\n]|[^\x1b\r\n]+"
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
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._undrawn = ""
        self._rows = [[" "] * size[0] for _ in range(size[1])]
        self._x = self._y = 0

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
        self._draw(self._decoder.decode(data))
        return bool(data)

    def _draw(self, text: str) -> None:
        """Put each character where it stands, because what changed is written colour by colour."""
        text = self._undrawn + text
        end = 0
        for token in _TOKEN.finditer(text):
            if token.start() != end:
                break
            end = token.end()
            parameters, final = token[1], token[2]
            if final == "H":
                row, _, column = parameters.partition(";")
                self._y, self._x = int(row or 1) - 1, int(column or 1) - 1
            elif final == "G":
                self._x = int(parameters or 1) - 1
            elif final == "C":
                self._x += int(parameters or 1)
            elif token[0] == "\n":
                self._y = min(self._y + 1, len(self._rows) - 1)
            elif token[0] == "\r":
                self._x = 0
            elif not token[0].startswith("\x1b"):
                self._rows[self._y][self._x : self._x + len(token[0])] = token[0]
                self._x += len(token[0])
        self._undrawn = text[end:]

    def wait_for(self, text: str) -> float:
        """Return the time at which a line on the screen holds a text."""
        deadline = time.perf_counter() + PATIENCE
        while text not in self.shown:
            self.read(0.1)
            if time.perf_counter() > deadline:
                raise AssertionError(f"{text!r} was not shown: {self.shown}")
        return time.perf_counter()

    @property
    def shown(self) -> str:
        """What is on the screen, line by line."""
        return "\n".join("".join(row) for row in self._rows)

    def settle(self, quiet: float = QUIET) -> int:
        """Wait until the program wrote nothing and did nothing for a while.

        Returns how much is written by then.
        """
        while True:
            used = self.cpu()
            if not self.read(quiet) and self.cpu() - used < _AT_REST * quiet:
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
