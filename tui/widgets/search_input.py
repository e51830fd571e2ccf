"""A field that narrows the list below it."""

from tui.widgets.pick_list import PickList
from tui.widgets.text_input import TextInput


class SearchInput(TextInput):
    """A field whose arrows belong to the list below it."""

    def __init__(self) -> None:
        super().__init__(id="search")
        self.placeholder = "type to narrow the list"

    async def key_up(self) -> None:
        self.screen.query_one(PickList).action_move(-1)

    async def key_down(self) -> None:
        self.screen.query_one(PickList).action_move(1)

    async def key_pageup(self) -> None:
        self.screen.query_one(PickList).action_page(-1)

    async def key_pagedown(self) -> None:
        self.screen.query_one(PickList).action_page(1)
