"""Builds what the command line asks for, and runs it: the app, or a command without a screen."""

import gc
import os

from tui.commands import streams
from tui.commands.parser import parse
from tui.commands.statuses import INTERRUPTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


def program() -> "NoReturn":
    """Run the program, and end the process with its exit status."""
    status = main()
    streams.let_go_of_lost()
    # Nothing is under way any more: `main` has waited for it. To take apart all that was imported,
    # as Python does, is a sixth of the time that a command takes that only reads.
    os._exit(status)


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run the program and return its exit status."""
    options = parse(arguments)
    if options.command is not None:
        from tui.commands.running import run

        return run(options)
    # What the app imports and reads now stays; the list screen switches it on when it is there.
    gc.disable()
    try:
        from tui.start import run

        return run(options)
    except KeyboardInterrupt:
        # Before the app is there to be told.
        return INTERRUPTED


if __name__ == "__main__":
    program()
