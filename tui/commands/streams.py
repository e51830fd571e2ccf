"""Prepares standard streams that are closed, full, or not UTF-8, so that none ends a command."""

import io
import os
import sys

_WIDTH = 80
"""The columns of what does not say how many it has."""


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


def terminal_width() -> int:
    """Return the columns of the terminal, as `shutil.get_terminal_size` finds them.

    That module takes longer to import than a command that only reads may take.
    """
    try:
        columns = int(os.environ.get("COLUMNS", "0"))
    except ValueError:
        columns = 0
    if columns > 0:
        return columns
    if sys.__stdout__ is None:
        return _WIDTH
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or _WIDTH
    except (ValueError, OSError):  # closed, or no terminal
        return _WIDTH


def say_stopped() -> None:
    """Say that Ctrl+C was heard; where nobody can be told, the exit status does."""
    try:
        print("\nkeypairs: stopped.", file=sys.stderr)
    except OSError:
        return


def let_go_of_lost() -> None:
    """Give up what could not be written, because Python would try again and end with 120."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
