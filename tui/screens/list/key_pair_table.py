"""Draws key pairs in columns that drop out one by one as the width shrinks."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment

from core.model import KeptKeyPair, PrivateKeyState
from tui.screens.list.columns import GAP, MARKS, Texts, columns
from tui.widgets.cursor_list import CursorList
from tui.words.pairs import MARKS as MARKS_OF_PAIRS
from tui.words.pairs import TAG_GAP, tags_within
from tui.words.text import ELLIPSIS, fit

_CHOSEN = "*"


class Row(NamedTuple):
    """A key pair as the table shows it; every string has passed `tui.words.text`."""

    mark: str
    name: str
    key_type: str
    fingerprint: str
    created: str
    tags: tuple[str, ...]
    tag_keys: tuple[int, ...] = ()
    """Of each tag, how many characters are its key and the equals sign."""

    def cell(self, column: str, width: int) -> str:
        """Return the text of a column, in exactly that many cells."""
        text: str = tags_within(self.tags, width) if column == "tags" else getattr(self, column)
        return fit(text, width)

    @property
    def is_of_today(self) -> bool:
        """Whether the time stands there, in place of the day."""
        return ":" in self.created


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

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "key-pair-table--attention",
        "key-pair-table--chosen",
        "key-pair-table--ed25519",
        "key-pair-table--rsa",
        "key-pair-table--muted",
    }
    """
    | Class | Description |
    | :- | :- |
    | `key-pair-table--attention` | The mark of a pair that wants attention. |
    | `key-pair-table--chosen` | Mark and name of a pair that was chosen. |
    | `key-pair-table--ed25519`, `key-pair-table--rsa` | The type. |
    | `key-pair-table--muted` | What is read last: fingerprint, day, keys of tags. |
    """

    DEFAULT_CSS = """
    KeyPairTable {
        .key-pair-table--attention { color: $text-warning; text-style: bold; }
        .key-pair-table--chosen { color: $text-accent; text-style: bold; }
        .key-pair-table--ed25519 { color: $text-primary; }
        .key-pair-table--rsa { color: $text-secondary; }
        .key-pair-table--muted { color: $text-muted; }
        /* Blue on black cannot be read on a console: no hue but that of marks. */
        &:ansi .key-pair-table--ed25519, &:ansi .key-pair-table--rsa { color: ansi_default; }
        &:ansi .key-pair-table--muted { color: ansi_default; text-style: $muted-style; }
    }
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
        top: int | None = None,
    ) -> None:
        """Show these pairs, with the cursor on the one whose id is `keep`, or where it was.

        `top` is the row that is to be at the top, as far as the cursor is in sight then.
        `sorted_by` is the attribute of a column, and whether the order is reversed.
        """
        self._key_pairs = key_pairs
        self._row_of = row_of
        self._chosen = chosen
        self._sorted_by = sorted_by
        index = next(
            (i for i, each in enumerate(key_pairs) if each.key_pair_id == keep), self.cursor
        )
        self._show_rows(len(key_pairs), index, top)

    def share_width(self, window: int, longest: Texts, pane: int) -> None:
        """Share the width of a window, less that of the pane, among the columns."""
        widths = columns(window, longest, pane)
        self._columns = [(name, width) for name in HEADINGS if (width := getattr(widths, name))]
        self.refresh()

    def shows(self, column: str) -> bool:
        """Return whether there is room for a column, given by the attribute of a row."""
        return any(name == column for name, _ in self._columns)

    def heading_line(self) -> list[Segment]:
        attribute, reverse = self._sorted_by
        arrow = " ▼" if reverse else " ▲"
        line = [Segment(" " * MARKS)]
        for name, width in self._columns:
            is_sorted = name == attribute
            style = self.get_component_rich_style("cursor-list--sorted") if is_sorted else None
            line.append(Segment(fit(HEADINGS[name] + arrow * is_sorted, width), style))
            line.append(Segment(" " * GAP))
        return line[:-1]

    def row(self, index: int, *, under_cursor: bool) -> list[Segment]:
        key_pair = self._key_pairs[index]
        row = self._row_of(key_pair)
        is_chosen = key_pair.key_pair_id in self._chosen
        chosen = _CHOSEN if is_chosen else " "
        if under_cursor:
            # One style for all of it: that is what a move costs.
            cells = (row.cell(name, width) for name, width in self._columns)
            return [Segment(fit(chosen + row.mark, MARKS) + (" " * GAP).join(cells))]
        looks = {
            "name": "chosen" if is_chosen else "",
            "key_type": row.key_type,
            "fingerprint": "muted",
            "created": "" if row.is_of_today else "muted",
        }
        mark = "attention" if row.mark == MARKS_OF_PAIRS[PrivateKeyState.UNSAVED] else "muted"
        line = [self._part(chosen, "chosen"), self._part(fit(row.mark, MARKS - 1), mark)]
        for name, width in self._columns:
            text = row.cell(name, width)
            if name == "tags":
                line += self._tags(row, text)
            else:
                line.append(self._part(text, looks[name]))
            line.append(Segment(" " * GAP))
        return line[:-1]

    def _tags(self, row: Row, text: str) -> Iterator[Segment]:
        """Yield the line of tags, each key muted, and so what says how many more there are."""
        rest = text
        for tag, key in zip(row.tags, row.tag_keys, strict=True):
            whole = rest.startswith(tag)
            if not (whole or tag.startswith(rest.rstrip().partition(ELLIPSIS)[0] or ELLIPSIS)):
                break
            # Of one that is cut, what is left of it ends at the ellipsis.
            length = len(tag) if whole else rest.index(ELLIPSIS) + 1
            yield self._part(rest[: min(key, length)], "muted")
            yield self._part(rest[min(key, length) : length], "")
            gap = rest[length : length + len(TAG_GAP)]
            rest = rest[length:]
            if gap == TAG_GAP:
                yield Segment(gap)
                rest = rest[len(gap) :]
        yield self._part(rest, "muted")

    def _part(self, text: str, look: str) -> Segment:
        if not look or text.isspace():
            return Segment(text)
        return Segment(text, self.get_component_rich_style(f"key-pair-table--{look}"))
