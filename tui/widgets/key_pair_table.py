"""The list of key pairs: a virtual table that draws only what is on the screen.

Textual's DataTable measures every cell before it draws the first: one to three seconds for 5,000
rows. Here a row is a tuple of strings until the moment it is drawn.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.text import fit

MARK_WIDTH = 2
_GAP = 2


@dataclass(frozen=True, slots=True)
class Row:
    """A key pair as the table shows it; every string has passed `tui.text`."""

    key_pair_id: str
    mark: str
    name: str
    key_type: str
    fingerprint: str
    created: str
    tags: str

    def cell(self, column: str) -> str:
        """Return the text of a column."""
        text: str = getattr(self, column)
        return text


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the attribute of the row, its heading, and its width in cells or in shares.

    `from_width` is the width of the table from which the column is shown.
    """

    attribute: str
    heading: str
    width: int = 0
    share: int = 0
    from_width: int = 0


COLUMNS = (
    Column("name", "Name", share=4),
    Column("key_type", "Type", width=7, from_width=34),
    Column("fingerprint", "Fingerprint", share=4, from_width=70),
    Column("created", "Created", width=10, from_width=46),
    Column("tags", "Tags", share=3, from_width=58),
)


class KeyPairTable(ScrollView, can_focus=True):
    """Key pairs with a cursor on one of them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "key-pair-table--heading",
        "key-pair-table--cursor",
        "key-pair-table--mark",
    }
    """
    | Class | Description |
    | :- | :- |
    | `key-pair-table--heading` | The line of headings. |
    | `key-pair-table--cursor` | The row under the cursor. |
    | `key-pair-table--mark` | The mark of a pair that wants attention. |
    """

    DEFAULT_CSS = """
    KeyPairTable {
        scrollbar-size-vertical: 1;
        overflow-x: hidden;
        .key-pair-table--heading { color: $text-muted; text-style: bold; }
        .key-pair-table--cursor { background: $surface; text-style: bold; }
        .key-pair-table--mark { color: $text-warning; text-style: bold; }
        &:focus .key-pair-table--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
        }
        &:ansi .key-pair-table--cursor { text-style: reverse; background: transparent; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("pagedown,ctrl+f", "page(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
        Binding("home,g", "to_end(-1)", show=False),
        Binding("end,G", "to_end(1)", show=False),
        Binding("enter", "select", show=False),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)
    """The index of the row under the cursor; meaningless while there are no rows."""

    class Highlighted(Message):
        """The cursor moved to another key pair; the id is None when there is none."""

        def __init__(self, key_pair_id: str | None) -> None:
            super().__init__()
            self.key_pair_id = key_pair_id

    class Selected(Message):
        """A key pair was chosen."""

        def __init__(self, key_pair_id: str) -> None:
            super().__init__()
            self.key_pair_id = key_pair_id

    def __init__(self) -> None:
        super().__init__()
        self._rows: Sequence[Row] = ()
        self._columns: list[tuple[Column, int]] = []

    @property
    def highlighted(self) -> str | None:
        """The id of the key pair under the cursor."""
        return self._rows[self.cursor].key_pair_id if self._rows else None

    def set_rows(self, rows: Sequence[Row], keep: str | None = None) -> None:
        """Show these rows, with the cursor on the pair `keep`, or where it was if that is gone."""
        self._rows = rows
        self.virtual_size = Size(self.size.width, len(rows) + 1)
        index = next((i for i, row in enumerate(rows) if row.key_pair_id == keep), None)
        if index is None:
            index = min(self.cursor, max(len(rows) - 1, 0))
        self.set_reactive(KeyPairTable.cursor, index)
        self._show_cursor()
        self.refresh()
        self.post_message(self.Highlighted(self.highlighted))

    def _on_resize(self, event: Resize) -> None:
        self._lay_out(event.size.width)
        self.virtual_size = Size(event.size.width, len(self._rows) + 1)
        self._show_cursor()

    def _lay_out(self, width: int) -> None:
        """Share the width among the columns that there is room for."""
        columns = [column for column in COLUMNS if width >= column.from_width]
        fixed = sum(column.width for column in columns) + _GAP * (len(columns) - 1)
        free = max(width - MARK_WIDTH - fixed - 1, 0)
        shares = sum(column.share for column in columns)
        self._columns = [
            (column, column.width or free * column.share // shares) for column in columns
        ]

    # Drawing ------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            style = self.get_component_rich_style("key-pair-table--heading")
            cells = (fit(column.heading, size) for column, size in self._columns)
            return self._strip(" " * MARK_WIDTH, style, cells, style, width)
        index = y - 1 + self.scroll_offset.y
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[index]
        style = mark_style = self.rich_style
        if index == self.cursor:
            style = mark_style = self.get_component_rich_style("key-pair-table--cursor")
        elif row.mark:
            mark_style = self.get_component_rich_style("key-pair-table--mark")
        cells = (fit(row.cell(column.attribute), size) for column, size in self._columns)
        return self._strip(fit(row.mark, MARK_WIDTH), mark_style, cells, style, width)

    def _strip(
        self, mark: str, mark_style: Style, cells: Iterable[str], style: Style, width: int
    ) -> Strip:
        text = (" " * _GAP).join(cells)
        strip = Strip([Segment(mark, mark_style), Segment(text, style)])
        return strip.adjust_cell_length(width, style)

    # The cursor ---------------------------------------------------------------------------------

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, len(self._rows) - 1))

    def watch_cursor(self, before: int, after: int) -> None:
        if before != after:
            for index in (before, after):
                self._refresh_row(index)
            self._show_cursor()
            self.post_message(self.Highlighted(self.highlighted))

    def _refresh_row(self, index: int) -> None:
        y = index + 1 - self.scroll_offset.y
        if 1 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _show_cursor(self) -> None:
        """Scroll as little as is needed to have the cursor's row on the screen."""
        page = max(self.size.height - 1, 1)
        top = self.scroll_offset.y
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + page:
            self.scroll_to(y=self.cursor - page + 1, animate=False)

    def action_move(self, step: int) -> None:
        """Move the cursor by some rows."""
        self.cursor += step

    def action_page(self, direction: int) -> None:
        """Move the cursor by a screenful."""
        self.cursor += direction * max(self.size.height - 2, 1)

    def action_to_end(self, direction: int) -> None:
        """Move the cursor to the first or the last row."""
        self.cursor = 0 if direction < 0 else len(self._rows) - 1

    def action_select(self) -> None:
        """Choose the key pair under the cursor."""
        if self.highlighted is not None:
            self.post_message(self.Selected(self.highlighted))

    async def _on_click(self, event: Click) -> None:
        index = event.y - 1 + self.scroll_offset.y
        if event.y >= 1 and index < len(self._rows):
            self.cursor = index
            if event.chain == 2:
                self.action_select()
