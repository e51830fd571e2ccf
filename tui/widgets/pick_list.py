"""Lists things to pick one of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment

from tui.widgets.cursor_list import CursorList
from tui.words.text import clip, fit


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the list; both texts have passed `tui.words.text`.

    `value` is what the line stands for, `remark` what stands dimmed at its right; typing narrows
    by both and by `words`, which are not shown.
    """

    value: str
    text: str
    remark: str = ""
    words: str = ""


def narrowed(items: Sequence[Item], search: str) -> list[Item]:
    """Return the items in whose texts every word of a search is; case does not matter.

    Where something is sought, lines that stand for nothing, and only explain, come last.
    """
    words = search.casefold().split()
    found = [
        item
        for item in items
        if all(word in f"{item.text} {item.remark} {item.words}".casefold() for word in words)
    ]
    return sorted(found, key=lambda item: not item.value) if words else found


class PickList(CursorList):
    """Lines of text with remarks at the right."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"pick-list--remark"}
    """
    | Class | Description |
    | :- | :- |
    | `pick-list--remark` | What stands at the right of a line. |
    """

    DEFAULT_CSS = """
    PickList {
        .pick-list--remark { color: $text-muted; }
        &:ansi .pick-list--remark { color: ansi_default; text-style: dim; }
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
        self._show_rows(len(items), cursor)

    def is_cut(self, item: Item) -> bool:
        """Return whether a line does not fit whole."""
        return cell_len(item.text) + cell_len(item.remark) + 2 > self.size.width

    def set_item(self, index: int, item: Item) -> None:
        """Show another item in the place of one."""
        self._items = [*self._items[:index], item, *self._items[index + 1 :]]
        self.refresh_row(index)

    def row(self, index: int, *, under_cursor: bool) -> list[Segment]:
        item = self._items[index]
        width = self.size.width - 1
        # A text keeps half of the line before its remark is cut; a remark leaves it 20 columns.
        kept = max(20, min(cell_len(item.text) + 1, width // 2))
        remark = clip(item.remark, max(width - kept, 0))
        text = fit(item.text, width - cell_len(remark) - 1)
        style = None if under_cursor else self.get_component_rich_style("pick-list--remark")
        return [Segment(f"{text} "), Segment(remark, style)]
