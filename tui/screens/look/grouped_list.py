"""Shows lines in columns, some of which open to show what they stand for."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from textual.binding import Binding, BindingType

from tui.widgets.cursor_list import CursorList
from tui.widgets.search_input import SearchInput
from tui.words.cells import cell_len
from tui.words.text import clip, fit
from tui.words.verdict import Tone

_GAP = 2
_SIGN = 2
_INDENT = 2
_FEWEST = 8
"""Cells that the columns which stay keep at least."""

_OPEN, _CLOSED = "▼", "►"


class Column(NamedTuple):
    """A column: its heading, the most cells that it uses, and when it is left out.

    Of those that do not fit the one of the highest `rank` goes first; one of rank 0 never does.
    """

    title: str
    most: int
    rank: int = 0
    right: bool = False


class Line(NamedTuple):
    """A line: cells, or a title over the whole width; every text has passed `tui.words.text`.

    `value` is what it stands for, and tells it from the others; by `words`, which are not shown,
    it is found as well. What it stands for together are its `parts`, which are lines of no parts.
    """

    value: str
    cells: Sequence[str] = ()
    title: str = ""
    tone: Tone = Tone.PLAIN
    words: str = ""
    parts: "Sequence[Line]" = ()
    opens: bool = True
    """Whether its parts can be hidden."""

    @property
    def text(self) -> str:
        """All by which it is found."""
        return f"{self.title} {' '.join(self.cells)} {self.words}".casefold()


def narrowed(lines: Sequence[Line], search: str) -> list[Line]:
    """Return the lines in whose texts every word of a search is, or those of some of their parts.

    A line whose own text has them all keeps all of its parts.
    """
    words = search.casefold().split()
    if not words:
        return [*lines]
    found = []
    for line in lines:
        own = line.text
        if all(word in own for word in words):
            found.append(line)
            continue
        parts = [p for p in line.parts if all(word in f"{own} {p.text}" for word in words)]
        if parts:
            found.append(line._replace(parts=parts))
    return found


class GroupedList(CursorList):
    """Lines in columns with a cursor on one of them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "grouped-list--good",
        "grouped-list--caution",
        "grouped-list--bad",
    }
    """
    | Class | Description |
    | :- | :- |
    | `grouped-list--good` | A line that says that all is well. |
    | `grouped-list--caution` | A line that wants attention. |
    | `grouped-list--bad` | A line about what is wrong, or was refused. |
    """

    DEFAULT_CSS = """
    GroupedList {
        height: 1fr;
        margin: 1 1 0 1;
        .grouped-list--good { color: $text-success; }
        .grouped-list--caution { color: $text-warning; }
        .grouped-list--bad { color: $text-error; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "open", show=False),
        Binding("left,h", "close", show=False),
    ]

    def __init__(self, columns: Sequence[Column], *, heading: bool = True) -> None:
        super().__init__()
        self.heading = heading  # type: ignore[misc] # of this list and not of all
        self._columns = columns
        self._lines: Sequence[Line] = ()
        self._opened: set[str] = set()
        self._rows: list[tuple[Line, int]] = []
        self._widths: list[int] = []
        self._opens_all = False

    # What is shown ------------------------------------------------------------------------------

    def show(
        self, lines: Sequence[Line], *, keep: str | None = None, open_all: bool = False
    ) -> None:
        """Show lines, with the cursor on the one whose value is `keep`, or where it was.

        With `open_all` everything is open, as what was found is to be seen.
        """
        self._lines, self._opens_all = lines, open_all
        self._draw(keep)

    def open(self, values: Sequence[str]) -> None:
        """Have lines of these values open, from when they are shown next."""
        self._opened.update(values)

    def _draw(self, keep: str | None) -> None:
        self._rows = list(self._flat())
        self._share()
        row = next((i for i, (line, _) in enumerate(self._rows) if line.value == keep), None)
        self._show_rows(len(self._rows), self.cursor if row is None else row)

    def _flat(self) -> Iterator[tuple[Line, int]]:
        for line in self._lines:
            yield line, 0
            if self._is_open(line):
                for part in line.parts:
                    yield part, 1
                    if self._is_open(part):
                        yield from ((each, 2) for each in part.parts)

    def _is_open(self, line: Line) -> bool:
        return not line.opens or self._opens_all or line.value in self._opened

    @property
    def picked(self) -> Line | None:
        """The line under the cursor."""
        return self._rows[self.cursor][0] if self._rows else None

    def action_open(self) -> None:
        """Open the line under the cursor."""
        self._turn(is_open=True)

    def action_close(self) -> None:
        """Close the line under the cursor, or the one that it is a part of."""
        self._turn(is_open=False)

    def turn(self) -> bool:
        """Open or close the line under the cursor, and return whether it has parts."""
        line = self.picked
        if line is None or not (line.parts and line.opens):
            return False
        self._turn(is_open=not self._is_open(line))
        return True

    def _turn(self, *, is_open: bool) -> None:
        if not self._rows:
            return
        row = self.cursor
        if not is_open and not (self.picked and self.picked.parts and self._is_open(self.picked)):
            depth = self._rows[row][1]
            while row and self._rows[row][1] >= depth > 0:
                row -= 1
        line = self._rows[row][0]
        if line.parts and line.opens and self._is_open(line) is not is_open:
            self._opens_all = False
            self._opened ^= {line.value}
            self._draw(line.value)

    # The columns --------------------------------------------------------------------------------

    def _share(self) -> None:
        """Share the width among the columns: what does not fit goes, the least wanted first."""
        rows = [line for line, _ in self._rows if not line.title]
        parted = any(line.parts for line, _ in self._rows)
        self._indent = _SIGN * parted
        room = self.size.width - self._indent - 1
        widths = [
            min(
                column.most,
                max(
                    [cell_len(column.title) if self.heading else 0]
                    + [cell_len(line.cells[i]) for line in rows if i < len(line.cells)]
                ),
            )
            for i, column in enumerate(self._columns)
        ]

        def needed() -> int:
            return sum(width + _GAP for width in widths if width) - _GAP

        for i in sorted(range(len(widths)), key=lambda i: -self._columns[i].rank):
            if needed() <= room or not self._columns[i].rank:
                break
            widths[i] = 0
        over = needed() - room
        if over > 0 and widths:
            widest = max(range(len(widths)), key=lambda i: widths[i])
            widths[widest] = max(widths[widest] - over, _FEWEST)
        self._widths = widths

    def on_resize(self) -> None:
        self._share()
        self.refresh()

    def _in_columns(self, cells: Sequence[str]) -> str:
        shown = [
            (" " * (width - cell_len(cut := clip(cell, width))) + cut)
            if column.right
            else fit(cell, width)
            for cell, column, width in zip(cells, self._columns, self._widths, strict=False)
            if width
        ]
        return (" " * _GAP).join(shown)

    def heading_line(self) -> list[Segment]:
        titles = [column.title for column in self._columns]
        return [Segment(" " * self._indent + self._in_columns(titles))]

    def row(self, index: int, *, under_cursor: bool) -> list[Segment]:
        line, depth = self._rows[index]
        sign = ""
        if line.parts and line.opens:
            sign = _OPEN if self._is_open(line) else _CLOSED
        text = fit(sign, self._indent) if self._indent else ""
        if line.title:
            text = f"{text}{' ' * _INDENT * max(depth - 1, 0)}{line.title}"
        else:
            text += self._in_columns(line.cells)
        style = None
        if line.tone is not Tone.PLAIN and not under_cursor:
            name = f"grouped-list--{line.tone.value}"
            style = self.get_component_rich_style(name, partial=True)
        return [Segment(text, style)]


class SearchAndOpen(SearchInput):
    """A field that narrows a grouped list; at its ends the arrows open and close lines there."""

    def action_cursor_right(self, select: bool = False) -> None:
        """Go on in the text, and at its end open the line under the cursor."""
        if self.cursor_at_end and not select:
            self.screen.query_one(GroupedList).action_open()
        else:
            super().action_cursor_right(select)

    def action_cursor_left(self, select: bool = False) -> None:
        """Go back in the text, and at its start close the line under the cursor."""
        if self.cursor_at_start and not select:
            self.screen.query_one(GroupedList).action_close()
        else:
            super().action_cursor_left(select)
