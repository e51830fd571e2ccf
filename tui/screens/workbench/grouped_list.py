"""Shows lines in columns, some of which open to show what they stand for."""

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tui.screens.workbench.widths import GAP, Column, needed, shared
from tui.widgets.cursor_list import CursorList
from tui.widgets.search_input import SearchInput
from tui.widgets.verdict_line import MARKS
from tui.words.cells import cell_len
from tui.words.text import clip, fit
from tui.words.verdict import Tone

_SIGN = 2
_BESIDE_LINES = 2
"""The scrollbar, and a blank between it and what stands at the right of a line."""
_MARGINS = 2

_LEAST_END = 4
"""Characters of the end of an id by which it is found."""

_OPEN, _CLOSED = "▼", "►"


class Line(NamedTuple):
    """A line: cells, or a title over the whole width; every text has passed `tui.words.text`.

    `value` is what it stands for, and tells it from the others; by `words`, which are not shown,
    it is found as well. What it stands for together are its `parts`, which have parts at most once
    more. A title has the mark of its `tone` before it, and behind it its `amount`: of its parts.
    """

    value: str
    cells: Sequence[str] = ()
    looks: Sequence[str] = ()
    """How each cell is drawn: a class of the list without its prefix, or that of the column."""
    title: str = ""
    amount: str = ""
    tone: Tone = Tone.PLAIN
    words: str = ""
    parts: "Sequence[Line]" = ()
    opens: bool = True
    """Whether its parts can be hidden."""
    is_open: bool = False
    """Whether they are shown at first."""
    counts: int | None = None
    """Which cell says how many parts there are."""

    @property
    def text(self) -> str:
        """All by which it is found."""
        return f"{self.title} {' '.join(self.cells)} {self.words}".casefold()


def narrowed(lines: Sequence[Line], search: str) -> list[Line]:
    """Return the lines in whose texts every word of a search is, or those of some of their parts.

    A line whose own text has them all keeps all of its parts; another is open, and says how many of
    them are left. A slash before them says only that something is searched for.
    """
    words = search.removeprefix("/").casefold().split()
    return _narrowed(lines, words, "") if words else [*lines]


def _narrowed(lines: Sequence[Line], words: Sequence[str], above: str) -> list[Line]:
    found = []
    for line in lines:
        text = f"{above} {line.text}"
        if all(_is_in(word, text) for word in words):
            found.append(line)
        elif parts := _narrowed(line.parts, words, text):
            of = f"{len(parts):,} of "
            amount = f"{of}{line.amount}" if line.amount else ""
            cells = [of * (n == line.counts) + cell for n, cell in enumerate(line.cells)]
            found.append(line._replace(parts=parts, amount=amount, cells=cells, is_open=True))
    return found


_ID = re.compile(r"\bkey-([0-9a-f]{17})\b")


def _is_in(word: str, text: str) -> bool:
    """Return whether a word is in a text; an id has it at its start, or at its end a part of it.

    Else `db` would find every seventh pair by chance, for a reason that is cut off in its line.
    """
    if word not in text:
        return False
    ends = (each.endswith(word) for each in _ID.findall(text) if len(word) >= _LEAST_END)
    starts = (word in (f"key-{each}"[: len(word)], each[: len(word)]) for each in _ID.findall(text))
    return word in _ID.sub("", text) or any(starts) or any(ends)


class _Folding:
    """Which of some lines are shown: those that a search finds, and what is open of them."""

    def __init__(self) -> None:
        self._all: Sequence[Line] = ()
        self._search = ""
        # What a person opened or closed, by value; in a search that is of this search alone.
        self._turned: dict[str, bool] = {}
        self._turned_in_search: dict[str, bool] = {}
        self.rows: list[tuple[Line, int]] = []
        """The lines that are shown, and how many lines each is a part of."""

    def load(self, lines: Sequence[Line]) -> None:
        """Show other lines."""
        self._all = lines
        self._unfold()

    def narrow(self, search: str) -> None:
        """Show only what a search finds."""
        self._search = search
        self._turned_in_search.clear()
        self._unfold()

    def _unfold(self) -> None:
        self.rows = list(self._flat(narrowed(self._all, self._search), 0))

    def _flat(self, lines: Sequence[Line], depth: int) -> Iterator[tuple[Line, int]]:
        for line in lines:
            yield line, depth
            if line.parts and self.is_open(line):
                yield from self._flat(line.parts, depth + 1)

    def is_open(self, line: Line) -> bool:
        """Return whether the parts of a line are shown."""
        if not line.opens:
            return True
        if self._search:
            was_open = line.is_open or self._turned.get(line.value, False)
            return self._turned_in_search.get(line.value, was_open)
        return self._turned.get(line.value, line.is_open)

    def row_of(self, value: str | None) -> int:
        """Return the row of a value, of what it is hidden in, or the first that is no heading."""
        for row, (line, _) in enumerate(self.rows):
            if line.value == value or (
                not self.is_open(line) and any(part.value == value for part in _each(line.parts))
            ):
                return row
        rows = enumerate(self.rows)
        return next((row for row, (line, _) in rows if not (line.parts and self.is_open(line))), 0)

    def turn(self, row: int, *, is_open: bool) -> str | None:
        """Open or close the line of a row, or close that which it is a part of.

        Returns the value of the line that was turned, if one was.
        """
        line, depth = self.rows[row]
        if not is_open and not (line.parts and line.opens and self.is_open(line)):
            while row and self.rows[row][1] >= depth > 0:
                row -= 1
            line, _ = self.rows[row]
        if not (line.parts and line.opens) or self.is_open(line) is is_open:
            return None
        turned = self._turned_in_search if self._search else self._turned
        turned[line.value] = is_open
        self._unfold()
        return line.value


class GroupedList(CursorList):
    """Lines in columns with a cursor on one of them.

    Args:
        columns: the columns of all lines that have no title.
        heading: whether their titles stand above them.
        indent: how many cells such lines stand to the right of titles.
        led: whether a field has the focus all the time, and leads the cursor.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "grouped-list--good",
        "grouped-list--caution",
        "grouped-list--bad",
        "grouped-list--muted",
        "grouped-list--primary",
        "grouped-list--secondary",
        "grouped-list--bold",
        "grouped-list--chosen",
    }
    """
    | Class | Description |
    | :- | :- |
    | `grouped-list--good` | What says that all is well. |
    | `grouped-list--caution` | What wants attention. |
    | `grouped-list--bad` | What is wrong, or was refused. |
    | `grouped-list--muted` | What is of less interest. |
    | `grouped-list--primary`, `grouped-list--secondary` | Kinds of things. |
    | `grouped-list--bold` | A title of lines that are always shown. |
    | `grouped-list--chosen` | What was chosen, to do something with. |
    """

    DEFAULT_CSS = """
    GroupedList {
        height: 1fr;
        margin: 0 1;
        .grouped-list--good { color: $text-success; }
        .grouped-list--caution { color: $text-warning; }
        .grouped-list--bad { color: $text-error; }
        .grouped-list--muted { color: $text-muted; }
        .grouped-list--primary { color: $text-primary; }
        .grouped-list--secondary { color: $text-secondary; }
        .grouped-list--bold { color: $foreground; text-style: bold; }
        .grouped-list--chosen { color: $text-accent; text-style: bold; }
        &:ansi .grouped-list--primary, &:ansi .grouped-list--secondary { color: ansi_default; }
        &:ansi .grouped-list--muted { color: ansi_default; text-style: $muted-style; }
        &:ansi .grouped-list--bold { color: ansi_default; text-style: bold; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "open", show=False),
        Binding("left,h", "close", show=False),
    ]

    class Loaded(Message):
        """The list has other lines, and so may need another width."""

    def __init__(
        self, columns: Sequence[Column], *, heading: bool = True, indent: int = 0, led: bool = False
    ) -> None:
        super().__init__()
        self.heading = heading  # type: ignore[misc] # of this list and not of all
        self.columns = columns
        self.needs = [0] * len(columns)
        """How many cells each column can use."""
        self._indent = indent
        self._folding = _Folding()
        if led:
            self.can_focus = False
            self.add_class("-led")
        self._widths = [0] * len(columns)
        self._shared = 0
        """The width that was shared among them."""
        self._signs = 0

    # What is shown ------------------------------------------------------------------------------

    def load(self, lines: Sequence[Line], keep: str | None = None) -> None:
        """Show other lines as narrowed as before, with the cursor on the one of value `keep`.

        The columns are as wide as all of them need, so that they stay where they are while lines
        are narrowed, opened and closed.
        """
        rows = [line.cells for line in _each(lines) if not line.title]
        self.needs = needed(self.columns, rows, titled=bool(self.heading))
        self._signs = _SIGN * any(line.parts and line.opens for line in _each(lines))
        self._folding.load(lines)
        self._draw(keep)
        self.post_message(self.Loaded())

    def narrow(self, search: str) -> None:
        """Show only lines that a search finds, all of them open; an empty one finds all."""
        picked = self.picked
        self._folding.narrow(search)
        self._draw(picked.value if picked else None)

    @property
    def around(self) -> int:
        """What a row takes of the window besides its columns."""
        return self._signs + self._indent + _BESIDE_LINES + _MARGINS

    def _draw(self, keep: str | None) -> None:
        self._share()
        self._show_rows(len(self.shown), self._folding.row_of(keep))

    @property
    def shown(self) -> Sequence[tuple[Line, int]]:
        """The lines that are shown, and how many lines each is a part of."""
        return self._folding.rows

    @property
    def picked(self) -> Line | None:
        """The line under the cursor."""
        return self.shown[self.cursor][0] if self.shown else None

    def action_open(self) -> None:
        """Open the line under the cursor."""
        self._turn(is_open=True)

    def action_close(self) -> None:
        """Close the line under the cursor, or the one that it is a part of."""
        self._turn(is_open=False)

    def turn(self) -> bool:
        """Open or close the line under the cursor, and return whether it has parts to hide."""
        line = self.picked
        if line is None or not (line.parts and line.opens):
            return False
        self._turn(is_open=not self._folding.is_open(line))
        return True

    def _turn(self, *, is_open: bool) -> None:
        if self.shown:
            turned = self._folding.turn(self.cursor, is_open=is_open)
            if turned is not None:
                self._draw(turned)

    # The columns --------------------------------------------------------------------------------

    def _share(self) -> None:
        self._shared = self.size.width
        room = self._shared - self._signs - self._indent - _BESIDE_LINES
        self._widths = shared(self.columns, self.needs, max(room, 1))

    def render_line(self, y: int) -> Strip:
        if self.size.width != self._shared:
            # The first frame is drawn before anybody is told of the size.
            self._share()
        return super().render_line(y)

    def heading_line(self) -> list[Segment]:
        titles = [column.title for column in self.columns]
        cells = self._cells(titles, [""] * len(titles))
        return [Segment(" " * (self._signs + self._indent) + "".join(text for text, _ in cells))]

    def row(self, index: int, *, under_cursor: bool) -> list[Segment]:
        line, depth = self.shown[index]
        can_turn = line.parts and line.opens
        sign = (_OPEN if self._folding.is_open(line) else _CLOSED) if can_turn else ""
        if line.title:
            parts = _title(line, sign, self._signs, self.size.width - _BESIDE_LINES)
        else:
            indent = " " * (self._indent if depth else 0)
            parts = [(fit(sign, self._signs) + indent, "muted")]
            looks = line.looks or [column.look for column in self.columns]
            if line.tone is not Tone.PLAIN:
                looks = [line.tone.value] * len(self.columns)
            parts += self._cells(line.cells, looks)
        if under_cursor:
            return [Segment("".join(text for text, _ in parts))]
        return [Segment(text, self._style(look)) for text, look in parts]

    def _cells(self, cells: Sequence[str], looks: Sequence[str]) -> list[tuple[str, str]]:
        parts = []
        for cell, column, width, look in zip(cells, self.columns, self._widths, looks, strict=True):
            if width:
                text = fit(cell, width)
                if column.right:
                    cut = clip(cell, width)
                    text = " " * (width - cell_len(cut)) + cut
                parts += [(text, look or column.look), (" " * GAP, "")]
        return parts[:-1]

    def _style(self, look: str) -> Style | None:
        if not look:
            return None
        return self.get_component_rich_style(f"grouped-list--{look}")


def goes_on_with_space(lines: GroupedList, word: str) -> bool:
    """Return whether a line that is shown goes on with a space after such a word."""
    found = f"{word} ".casefold()
    return any(found in cell.strip().casefold() for line, _ in lines.shown for cell in line.cells)


def _title(line: Line, sign: str, signs: int, width: int) -> list[tuple[str, str]]:
    """Return the texts of a line that has a title, each with its look."""
    if not line.opens:  # a heading, which needs neither sign nor mark
        return [(clip(line.title, width), "bold")]
    mark = MARKS[line.tone] or "· "
    amount = f"  {line.amount}" if line.amount else ""
    title = clip(line.title, max(width - signs - len(mark + amount), 1))
    tone = "muted" if line.tone is Tone.PLAIN else line.tone.value
    return [(fit(sign, signs), "muted"), (mark, tone), (title, ""), (amount, "muted")]


def _each(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield lines and all of their parts."""
    for line in lines:
        yield line
        yield from _each(line.parts)


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
