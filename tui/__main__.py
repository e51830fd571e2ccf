"""Builds what the command line asks for, and runs it: the app, or a command without a screen."""

import _signal as signal  # type: ignore[import-not-found]  # `signal` itself takes 0.7 ms

# Ctrl+C just ends the process while this is imported, where Python would print a traceback.
_at_import = signal.getsignal(signal.SIGINT)
if _at_import is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import gc  # noqa: E402 - not before Ctrl+C is quiet
import os  # noqa: E402 - not before Ctrl+C is quiet

from tui.commands import streams  # noqa: E402 - not before Ctrl+C is quiet
from tui.commands.statuses import INTERRUPTED  # noqa: E402 - not before Ctrl+C is quiet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

_MOMENT = 0.1
"""Seconds for what was printed before Ctrl+C to go out; it is answered within twice that."""


def program() -> "NoReturn":
    """Run the program, and end the process with its exit status."""
    try:
        status = _status_of_main()
        if status != INTERRUPTED:
            streams.let_go_of_lost()
    except KeyboardInterrupt:  # before there is a command to be told, or behind it
        streams.say_stopped()
        status = INTERRUPTED
    if status == INTERRUPTED:
        _let_go_at_once()
    # Nothing is under way any more: `main` has waited for it. To take apart all that was imported,
    # as Python does, is a sixth of the time that a command takes that only reads.
    os._exit(status)


def _status_of_main() -> int:
    try:
        return main()
    except SystemExit as end:  # help was printed, say
        return end.code if isinstance(end.code, int) else 0


def _let_go_at_once() -> None:
    """Let what was printed go out, but wait no longer for what reads it: that may never read on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, lambda *_: os._exit(INTERRUPTED))
    signal.setitimer(signal.ITIMER_REAL, _MOMENT)
    streams.let_go_of_lost()


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run the program and return its exit status."""
    # Imported here: up to now, Ctrl+C would be answered by Python, with a traceback.
    from tui.commands.parser import parse

    options = parse(arguments)
    if options.command is not None:
        from tui.commands.running import run

        return run(options)
    # What the app imports and reads now stays; the list screen switches it on when it is there.
    gc.disable()
    from tui.start import run

    return run(options)


if _at_import is signal.default_int_handler:
    signal.signal(signal.SIGINT, _at_import)

if __name__ == "__main__":
    program()
