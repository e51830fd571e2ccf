"""Takes the text that narrows the list below it."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.widgets.cursor_list import CursorList
from tui.widgets.text_input import TextInput

NOTHING_MATCHES = "Nothing matches; ctrl+u clears what was typed."
"""What stands in the place of a list that was narrowed until no line of it is left."""


class SearchInput(TextInput):
    """A field whose arrows belong to the list below it, so that it keeps the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move_in_list(1)", show=False),
        Binding("up", "move_in_list(-1)", show=False),
        Binding("pagedown", "page_in_list(1)", show=False),
        Binding("pageup", "page_in_list(-1)", show=False),
    ]

    def action_end(self, select: bool = False) -> None:
        """Go to the end of the text, and from there to that of the list."""
        if self.cursor_at_end and not select:
            self.screen.query_one(CursorList).action_to_end(1)
        super().action_end(select)

    def action_home(self, select: bool = False) -> None:
        """Go to the start of the text, and from there to that of the list."""
        if self.cursor_at_start and not select:
            self.screen.query_one(CursorList).action_to_end(-1)
        super().action_home(select)

    def __init__(self, placeholder: str = "type to narrow the list", *, id: str = "search") -> None:
        super().__init__(id=id)
        self.placeholder = placeholder

    def action_move_in_list(self, step: int) -> None:
        """Move the list's cursor by some rows."""
        self.screen.query_one(CursorList).action_move(step)

    def action_page_in_list(self, direction: int) -> None:
        """Move the list's cursor by a screenful."""
        self.screen.query_one(CursorList).action_page(direction)


class SearchWord(SearchInput):
    """A field for one word: the space bar and the star belong to the screen."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return key not in ("space", "asterisk") and super().check_consume_key(key, character)
