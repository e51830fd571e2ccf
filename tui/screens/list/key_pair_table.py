"""Draws key pairs in columns that drop out one by one as the width shrinks."""

from collections.abc import Callable, Collection, Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment

from core.model import KeptKeyPair
from tui.screens.list.columns import GAP, MARKS, Texts, columns
from tui.widgets.cursor_list import CursorList
from tui.words.pairs import tags_within
from tui.words.text import fit

_CHOSEN = "*"


class Row(NamedTuple):
    """A key pair as the table shows it; every string has passed `tui.words.text`."""

    mark: str
    name: str
    key_type: str
    fingerprint: str
    created: str
    tags: tuple[str, ...]

    def cell(self, column: str, width: int) -> str:
        """Return the text of a column, in exactly that many cells."""
        text: str = tags_within(self.tags, width) if column == "tags" else getattr(self, column)
        return fit(text, width)


HEADINGS = {
    "name": "Name",
    "key_type": "Type",
    "fingerprint": "Fingerprint",
    "created": "Created",
    "tags": "Tags",
}
"""The columns by the attribute of a row, from the left."""


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
        self._columns: list[tuple[str, int]] = []
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

    def share_width(self, window: int, longest: Texts, pane: int) -> None:
        """Share the width of a window, less that of the pane, among the columns."""
        widths = columns(window, longest, pane)
        self._columns = [(name, width) for name in HEADINGS if (width := getattr(widths, name))]
        self.refresh()

    def heading_line(self) -> list[Segment]:
        attribute, reverse = self._sorted_by
        arrow = " ▼" if reverse else " ▲"
        cells = (
            fit(HEADINGS[name] + (arrow if name == attribute else ""), width)
            for name, width in self._columns
        )
        return [Segment(" " * MARKS + (" " * GAP).join(cells))]

    def row(self, index: int, *, under_cursor: bool) -> list[Segment]:
        key_pair = self._key_pairs[index]
        row = self._row_of(key_pair)
        chosen = _CHOSEN if key_pair.key_pair_id in self._chosen else ""
        marks = f"{chosen:1}{row.mark}"
        style = None
        if not (marks.isspace() or under_cursor):
            style = self.get_component_rich_style("key-pair-table--mark", partial=True)
        cells = (row.cell(name, width) for name, width in self._columns)
        return [Segment(fit(marks, MARKS), style), Segment((" " * GAP).join(cells))]
