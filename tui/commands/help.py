"""Lays out the help of a command, and what several commands say in theirs."""

import argparse
import re
import textwrap

from tui.commands.streams import terminal_width

_WIDEST = 79

JSON = "print one JSON document"


class Help(argparse.HelpFormatter):
    """Keeps the lines of a text, and breaks each that is too long for the terminal.

    What goes on stands below the text of its second column, which two spaces set off.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=min(_WIDEST, terminal_width() - 1))

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(self._filled(line, width) for line in text.splitlines())

    def _filled(self, line: str, width: int) -> str:
        start = re.match(r" *(?:\S.*?  +)?", line)
        hang = " " * (start.end() if start else 0)
        return textwrap.fill(
            line, width, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False
        )
