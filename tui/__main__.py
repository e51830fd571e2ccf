"""Builds what the command line asks for, and runs it: the app, or a command without a screen."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run the program and return its exit status."""
    from tui.commands.parser import parse

    options = parse(arguments)
    if options.command is None:
        from tui.start import run
    else:
        from tui.commands.running import run
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
