"""Holds the completion scripts and the manual page, made by `tests.tui.commands.generated`."""
