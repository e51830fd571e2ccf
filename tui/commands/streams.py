"""Prepares standard streams that are closed, full, or not UTF-8, so that none ends a command."""

import io
import os
import sys


def prepare() -> None:
    """Have what a stream cannot encode spelled out, where it would be a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def stand_in_for_closed() -> None:
    """Put an empty stream where the caller closed one, for the commands to ask and to write to.

    The app has no use for one: it needs terminals, and says on what is left that it does.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Open until the end; and pathlib is not there, because --help does without it.
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115 - see above
            setattr(sys, name, stream)


def let_go_of_lost() -> None:
    """Give up what could not be written, because Python would try again and end with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
