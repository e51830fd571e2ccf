"""Takes the text that narrows the list."""

from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from tui.actions.keymap import bindings
from tui.actions.table import Place
from tui.widgets.text_input import TextInput


class FilterInput(TextInput):
    """A field that is left for the list by Enter or Down, and cleared by Escape."""

    PLACE = Place.FILTER
    BINDINGS: ClassVar[list[BindingType]] = bindings(PLACE)

    class Done(Message):
        """The person is done with the filter; `clear` says whether it is to be emptied."""

        def __init__(self, *, clear: bool) -> None:
            super().__init__()
            self.clear = clear

    def action_filter_done(self) -> None:
        """Go to the list."""
        self.post_message(self.Done(clear=False))

    def action_filter_clear(self) -> None:
        """Clear the filter."""
        self.post_message(self.Done(clear=True))
