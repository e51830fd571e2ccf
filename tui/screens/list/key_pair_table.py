"""The list of key pairs: columns that drop out one by one as the width shrinks."""

from collections.abc import Callable, Collection, Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from textual.events import Resize

from core.model import KeptKeyPair
from tui.widgets.cursor_list import CursorList
from tui.words.text import fit

_MARK_WIDTH = 3  # whether it was chosen, what wants attention, and a space
_GAP = 2
_CHOSEN = "*"


class Row(NamedTuple):
    """A key pair as the table shows it; every string has passed `tui.words.text`."""

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


class Column(NamedTuple):
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
    Column("key_type", "Type", width=7, from_width=35),
    Column("fingerprint", "Fingerprint", share=4, from_width=71),
    Column("created", "Created", width=10, from_width=47),
    Column("tags", "Tags", share=3, from_width=59),
)


class KeyPairTable(CursorList):
    """Key pairs with a cursor on one of them, and marks on those that were chosen.

    A row is made when it is drawn: of thousands of pairs only those in sight are.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-pair-table--mark"}
    """
    | Class | Description |
    | :- | :- |
    | `key-pair-table--mark` | The mark of a pair that wants attention, or was chosen. |
    """

    DEFAULT_CSS = """
    KeyPairTable .key-pair-table--mark { color: $text-warning; text-style: bold; }
    """

    heading = True

    def __init__(self) -> None:
        super().__init__()
        self._key_pairs: Sequence[KeptKeyPair] = ()
        self._row_of: Callable[[KeptKeyPair], Row]
        self._columns: list[tuple[Column, int]] = []
        self._chosen: Collection[str] = ()
        self._sorted_by = ("name", False)

    @property
    def highlighted(self) -> str | None:
        """The id of the key pair under the cursor."""
        return self._key_pairs[self.cursor].key_pair_id if self._key_pairs else None

    def show(
        self,
        key_pairs: Sequence[KeptKeyPair],
        row_of: Callable[[KeptKeyPair], Row],
        keep: str | None = None,
        *,
        chosen: Collection[str] = (),
        sorted_by: tuple[str, bool] = ("name", False),
    ) -> None:
        """Show these pairs, with the cursor on the one whose id is `keep`, or where it was.

        `sorted_by` is the attribute of a column, and whether the order is reversed.
        """
        self._key_pairs = key_pairs
        self._row_of = row_of
        self._chosen = chosen
        self._sorted_by = sorted_by
        index = next(
            (i for i, each in enumerate(key_pairs) if each.key_pair_id == keep), self.cursor
        )
        self._show_rows(len(key_pairs), index)

    def _on_resize(self, event: Resize) -> None:
        """Share the width among the columns that there is room for."""
        width = event.size.width
        columns = [column for column in COLUMNS if width >= column.from_width]
        fixed = sum(column.width for column in columns) + _GAP * (len(columns) - 1)
        free = max(width - _MARK_WIDTH - fixed - 1, 0)
        shares = sum(column.share for column in columns)
        self._columns = [
            (column, column.width or free * column.share // shares) for column in columns
        ]

    def heading_line(self) -> list[Segment]:
        attribute, reverse = self._sorted_by
        arrow = " ▼" if reverse else " ▲"
        cells = (
            fit(column.heading + (arrow if column.attribute == attribute else ""), width)
            for column, width in self._columns
        )
        return [Segment(" " * _MARK_WIDTH + (" " * _GAP).join(cells))]

    def row(self, index: int, *, under_cursor: bool) -> list[Segment]:
        key_pair = self._key_pairs[index]
        row = self._row_of(key_pair)
        chosen = _CHOSEN if key_pair.key_pair_id in self._chosen else ""
        marks = f"{chosen:1}{row.mark}"
        style = None
        if not (marks.isspace() or under_cursor):
            style = self.get_component_rich_style("key-pair-table--mark", partial=True)
        cells = (fit(row.cell(column.attribute), width) for column, width in self._columns)
        return [Segment(fit(marks, _MARK_WIDTH), style), Segment((" " * _GAP).join(cells))]
