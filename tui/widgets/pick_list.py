"""A list of things to pick one of."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from tui.text import clip, fit
from tui.widgets.cursor_list import CursorList

_DIM = Style(dim=True)


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the list; both texts have passed `tui.text`.

    `value` is what the line stands for, `remark` what stands dimmed at its right.
    """

    value: str
    text: str
    remark: str = ""


class PickList(CursorList):
    """Lines of text with remarks at the right."""

    def __init__(self, items: Sequence[Item] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._items = items
        self._count = len(items)

    @property
    def picked(self) -> Item | None:
        """The item under the cursor."""
        return self._items[self.cursor] if self._items else None

    def set_items(self, items: Sequence[Item], cursor: int = 0) -> None:
        """Show other items."""
        self._items = items
        self._show_rows(len(items), cursor)

    def row(self, index: int, *, under_cursor: bool) -> list[Segment]:
        item = self._items[index]
        width = self.size.width - 1
        remark = clip(item.remark, max(width - 20, 0))
        text = fit(item.text, width - cell_len(remark) - 1)
        return [Segment(f"{text} "), Segment(remark, None if under_cursor else _DIM)]
