"""Textual's terminal driver, with an input thread that bad input and a lost terminal do not upset.

As it comes, bytes that are not UTF-8 (a paste in another encoding) or a control sequence with an
absurd number end the program, and a terminal that is gone makes it spin for ever.
"""

import os
import selectors
import signal
from codecs import getincrementaldecoder
from itertools import chain

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

_CHUNK = 4096
_TICK = 0.1


class SteadyDriver(LinuxDriver):
    """A driver for a program that must not lose a private key to a stray byte."""

    def run_input_thread(self) -> None:
        """Hand over what is typed until the program ends or the terminal is gone."""
        parser = XTermParser()
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                text = ""
                if selector.select(_TICK):
                    data = self._read()
                    if not data:
                        # The terminal is gone; a signal handler ends the program in its own time.
                        os.kill(os.getpid(), signal.SIGHUP)
                        return
                    text = decode(data)
                try:
                    for event in chain(parser.feed(text) if text else (), parser.tick()):
                        self.process_message(event)
                except (ValueError, OverflowError):
                    # A sequence that means nothing; what follows it is read afresh.
                    parser = XTermParser()

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, _CHUNK)
        except OSError:
            return b""
