"""The program called as from a shell, in this process."""

from pathlib import Path

from tui import __main__ as command


def call(*arguments: str | Path) -> int:
    """Run a command and return its exit status."""
    return command.main([str(argument) for argument in arguments])
