"""Draws what is typed into a field with everything masked that a terminal could obey."""

from rich.cells import cell_len
from rich.segment import Segment
from rich.text import Text
from textual.strip import Strip
from textual.widgets import Input

from tui.words.text import ELLIPSIS, masked


class InertInput(Input):
    """Textual's Input, which hands nothing to the terminal but cells to draw."""

    @property
    def _value(self) -> Text:
        # Textual would hand what was pasted to the terminal as it is, escape sequences and all.
        return Text(masked(self.value), no_wrap=True, overflow="ignore", end="")

    def render_line(self, y: int) -> Strip:
        """Draw a line, with an ellipsis where it goes on beyond an edge."""
        strip = super().render_line(y)
        width, start = self.scrollable_content_region.width, self.scroll_offset.x
        if self.value and start:
            strip = Strip.join([_mark(strip.crop(0, 1)), strip.crop(1)])
        if self._value.cell_len - start > width > 1:
            end = strip.crop(width - 1, width)
            strip = Strip.join([strip.crop(0, width - 1), _mark(end), strip.crop(width)])
        return strip

    def _position_to_cell(self, position: int) -> int:
        return cell_len(masked(self.value[:position]))


def _mark(cell: Strip) -> Strip:
    """Return an ellipsis drawn as a cell is."""
    return Strip([Segment(ELLIPSIS, segment.style) for segment in cell][:1])
