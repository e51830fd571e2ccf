"""A screen to pick a line from: Regions, things to copy, public keys, the help, the journal."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input, Static

from tui.actions import Place, bindings
from tui.widgets.key_hints import KeyHints
from tui.widgets.pick_list import Item, PickList
from tui.widgets.text_input import TextInput
from tui.widgets.top_line import TopLine


class SearchInput(TextInput):
    """A field whose arrows belong to the list below it."""

    async def key_up(self) -> None:
        self.screen.query_one(PickList).action_move(-1)

    async def key_down(self) -> None:
        self.screen.query_one(PickList).action_move(1)

    async def key_pageup(self) -> None:
        self.screen.query_one(PickList).action_page(-1)

    async def key_pagedown(self) -> None:
        self.screen.query_one(PickList).action_page(1)


class PickScreen(Screen[str | None]):
    """Lines narrowed by typing; ends with the value of the one that was picked, or None.

    Args:
        title: what is to be picked.
        items: the lines, in order.
        empty: what to say when there are none.
        holds_key: leaving the program now would lose a private key.
    """

    CSS_PATH = "pick.tcss"
    PLACE = Place.PICK
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#search"

    def __init__(
        self,
        title: str,
        items: Sequence[Item],
        empty: str = "Nothing here.",
        *,
        holds_key: bool = False,
    ) -> None:
        super().__init__()
        self.holds_key = holds_key
        self._title = title
        self._items = items
        self._empty_text = empty
        self._search = SearchInput(id="search")
        self._search.placeholder = "type to narrow the list"
        self._list = PickList(items)
        self._empty = Static(markup=False, id="empty")

    def compose(self) -> ComposeResult:
        yield TopLine(self._title)
        yield self._search
        yield self._list
        yield self._empty
        yield KeyHints(Place.PICK)

    def on_mount(self) -> None:
        self._narrow()

    @on(Input.Changed, "#search")
    def _narrow(self) -> None:
        words = self._search.value.casefold().split()
        items = [
            item
            for item in self._items
            if all(word in f"{item.text} {item.remark}".casefold() for word in words)
        ]
        self._list.set_items(items)
        self._list.display = bool(items)
        self._empty.display = not items
        self._empty.update(self._empty_text if not self._items else "Nothing matches.")

    @on(Input.Submitted)
    @on(PickList.Selected)
    def action_pick(self) -> None:
        """Pick the line under the cursor."""
        picked = self._list.picked
        if picked is not None:
            self.dismiss(picked.value)

    def action_back(self) -> None:
        """Go back; nothing is picked."""
        self.dismiss(None)
