"""Takes the text that narrows the list below it."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key
from textual.message import Message
from textual.suggester import Suggester

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


class FirstLine(Suggester):
    """Suggests the first line of a list, where that begins with what is typed.

    Args:
        first: returns the value of the first line that something typed finds, if any.
    """

    def __init__(self, first: Callable[[str], str]) -> None:
        # Nothing is kept: the lines may be others by then.
        super().__init__(use_cache=False, case_sensitive=False)
        self._first = first

    async def get_suggestion(self, value: str) -> str | None:
        found = self._first(value)
        return found if found.startswith(value) else None


def type_on(field: SearchInput, event: Key) -> None:
    """Type into a field what is typed while something else of its screen has the focus.

    A list beside a field has no letters of its own: they would be keys there and text here.
    """
    if event.is_printable and event.character is not None and not field.has_focus:
        event.stop()
        field.screen.set_focus(field)
        field.replace(event.character, *field.selection)


class SearchWord(SearchInput):
    """A field over lines to choose from: the space bar and the star belong to the screen.

    Args:
        goes_on: returns whether a line that is shown goes on with a space after a word; there the
            space is text.
    """

    class Due(Message):
        """All that was typed before a key of the screen's is shown; what it does can be done."""

        def __init__(self, do: Callable[[], None]) -> None:
            super().__init__()
            self.do = do

    def __init__(
        self, goes_on: Callable[[str], bool], placeholder: str = "type to narrow the list"
    ) -> None:
        super().__init__(placeholder)
        self._goes_on = goes_on

    def types(self, key: str) -> bool:
        """Return whether a key is text now that may be the screen's: of these two, the space."""
        word = self.value[: self.cursor_position].rpartition(" ")[2]
        return key == "space" and bool(word) and self._goes_on(word)

    def in_turn(self, key: str, do: Callable[[], None]) -> None:
        """Take a key of the screen's as text, or have it do something once its turn comes.

        It comes before the letters that were typed just before it have arrived here.
        """
        self.call_later(self._take, key, do)

    def _take(self, key: str, do: Callable[[], None]) -> None:
        if self.types(key):
            self.replace(" ", *self.selection)
        else:
            self.post_message(self.Due(do))

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return key not in ("space", "asterisk") and super().check_consume_key(key, character)
