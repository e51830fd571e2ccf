"""Lists things to pick one of."""

import re
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment

from tui.widgets.cursor_list import CursorList
from tui.words.text import clip, fit
from tui.words.verdict import Tone


class Item(NamedTuple):
    """A line of the list; both texts have passed `tui.words.text`.

    `value` is what the line stands for, `remark` what stands dimmed at its right; typing narrows
    by both and by `words`, which are not shown. Of a text so many characters at its start are a
    key, or a mark where it has a tone; `look` is a class of the list without its prefix for them,
    where they are neither. From the character `muted_from` on the text is muted. A heading is over
    what follows it, until something is typed; the cursor passes it by.
    """

    value: str
    text: str
    remark: str = ""
    words: str = ""
    key_length: int = 0
    tone: Tone = Tone.PLAIN
    is_heading: bool = False
    look: str = ""
    muted_from: int | None = None


def narrowed(items: Sequence[Item], search: str) -> list[Item]:
    """Return the items in whose texts every word of a search is; case does not matter.

    Of those alike in having a remark, those that begin with what is searched for come first, and
    those found by what is not shown come last. Lines that stand for nothing, and only explain, come
    after all others.
    """
    words = search.casefold().split()
    if not words:
        return [*items]
    found = [
        item
        for item in items
        if not item.is_heading
        and all(
            word in f"{_read(item.text)} {item.remark} {item.words}".casefold() for word in words
        )
    ]

    def rank(item: Item) -> tuple[bool, bool, int, bool]:
        is_shown = all(word in _read(item.text).casefold() for word in words)
        return not item.value, bool(item.remark), distance(item.text, search), not is_shown

    return sorted(found, key=rank)


def distance(text: str, search: str) -> int:
    """Return how far a text is from beginning with a search: 0, 1 if another word does, or 2."""
    begins = (search.casefold().split() or [""])[0]
    first, *others = [*text.casefold().removeprefix("•").split(), ""]
    return 0 if first.startswith(begins) else 2 - any(word.startswith(begins) for word in others)


_BASE64 = re.compile(r"(?<![^ :'])[A-Za-z0-9+/]{40,}=*")
"""Nobody reads it, and two letters are in it by mere chance."""


def _read(text: str) -> str:
    """Return what is read of a text."""
    return _BASE64.sub("", text)


class PickList(CursorList):
    """Lines of text with remarks at the right."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "pick-list--remark",
        "pick-list--plain",
        "pick-list--good",
        "pick-list--caution",
        "pick-list--bad",
        "pick-list--primary",
        "pick-list--secondary",
        "pick-list--danger",
    }
    """
    | Class | Description |
    | :- | :- |
    | `pick-list--remark` | What stands at the right of a line, and a heading. |
    | `pick-list--plain` | A key at the start of a line. |
    | `pick-list--good`, `pick-list--caution`, `pick-list--bad` | A mark there. |
    | `pick-list--primary`, `pick-list--secondary` | There, a type of keys. |
    | `pick-list--danger` | There, how a screen looks that destroys something. |
    """

    DEFAULT_CSS = """
    PickList {
        .pick-list--remark { color: $text-muted; }
        .pick-list--plain { color: $text-accent; text-style: bold; }
        .pick-list--good { color: $text-success; }
        .pick-list--caution { color: $text-warning; text-style: bold; }
        .pick-list--bad { color: $text-error; }
        .pick-list--primary { color: $text-primary; }
        .pick-list--secondary { color: $text-secondary; }
        .pick-list--danger { background: $error; color: $background; text-style: bold; }
        &:ansi .pick-list--primary, &:ansi .pick-list--secondary { color: ansi_default; }
        &:ansi .pick-list--danger {
            background: ansi_default;
            color: $error;
            text-style: bold reverse;
        }
        &:ansi .pick-list--plain { color: ansi_default; text-style: bold; }
        &:ansi .pick-list--remark { color: ansi_default; text-style: $muted-style; }
    }
    """

    def __init__(self, items: Sequence[Item] = ()) -> None:
        super().__init__()
        self._items = items
        self._count = len(items)

    @property
    def picked(self) -> Item | None:
        """The item under the cursor."""
        return self._items[self.cursor] if self._items else None

    @property
    def items(self) -> Sequence[Item]:
        """The items that are shown."""
        return self._items

    def set_items(self, items: Sequence[Item], cursor: int = 0) -> None:
        """Show other items."""
        self._items = items
        self._show_rows(len(items), self._passing_headings(cursor, 1))

    def validate_cursor(self, cursor: int) -> int:
        cursor = super().validate_cursor(cursor)
        return self._passing_headings(cursor, -1 if cursor < self.cursor else 1)

    def _passing_headings(self, cursor: int, step: int) -> int:
        """Return the row of the next line from there on that is no heading, or the last before."""
        rows = range(len(self._items))
        for way in (step, -step):
            row = cursor
            while row in rows and self._items[row].is_heading:
                row += way
            if row in rows:
                return row
        return cursor

    @property
    def _room(self) -> int:
        """What a line has, besides the scrollbar and a blank before it."""
        return self.size.width - 2

    def is_cut(self, item: Item) -> bool:
        """Return whether a line does not fit whole."""
        return cell_len(item.text) + cell_len(item.remark) + 1 > self._room

    def row(self, index: int, *, under_cursor: bool) -> list[Segment]:
        item = self._items[index]
        if item.is_heading:
            return [Segment(item.text, self.get_component_rich_style("pick-list--remark"))]
        width = self._room
        # A text keeps half of the line before its remark is cut; a remark leaves it 20 columns.
        kept = max(20, min(cell_len(item.text) + 1, width // 2))
        remark = clip(item.remark, max(width - kept, 0))
        text = fit(item.text, width - cell_len(remark) - 1)
        if under_cursor:
            return [Segment(f"{text} "), Segment(remark)]
        muted = self.get_component_rich_style("pick-list--remark")
        end = len(text) if item.muted_from is None else item.muted_from
        aside = f"{text[end:]} "
        parts = [
            Segment(text[item.key_length : end]),
            Segment(aside, muted if aside.strip() else None),
            Segment(remark, muted),
        ]
        if item.key_length:
            look = self.get_component_rich_style(f"pick-list--{item.look or item.tone.value}")
            parts.insert(0, Segment(text[: item.key_length], look))
        return parts
