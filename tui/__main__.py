"""Builds what the command line asks for, and runs it: the app, or a command without a screen."""

import gc
import sys

from tui.commands.statuses import INTERRUPTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run the program and return its exit status."""
    from tui.commands.parser import parse

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
    sys.exit(main())
