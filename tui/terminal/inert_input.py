"""Draws what is typed into a field with everything masked that a terminal could obey."""

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import Input

from tui.words.text import masked


class InertInput(Input):
    """Textual's Input, which hands nothing to the terminal but cells to draw."""

    @property
    def _value(self) -> Text:
        # Textual would hand what was pasted to the terminal as it is, escape sequences and all.
        return Text(masked(self.value), no_wrap=True, overflow="ignore", end="")

    def _position_to_cell(self, position: int) -> int:
        return cell_len(masked(self.value[:position]))
