"""Shows the line above the list that narrows it, while it is used."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Static

from tui.actions.keymap import bindings
from tui.actions.table import Place
from tui.screens.list.listing import completed
from tui.widgets.text_input import TextInput
from tui.widgets.verdict_line import VerdictLine
from tui.words.text import masked
from tui.words.verdict import Verdict

GRAMMAR = "name, key-…, type:rsa, tag:Env=prod, is:unsaved, -not"
"""What can be typed, shown as long as nothing is."""


TagsInUse = Callable[[], Mapping[str, Sequence[str]]]
"""Returns the tag keys that key pairs carry, and the values of each."""


class FilterSuggester(Suggester):
    """Suggests how the last term of a filter may go on: a field, or a value that is in use."""

    def __init__(self, tags_in_use: TagsInUse) -> None:
        # Nothing is kept: which tags there are changes.
        super().__init__(use_cache=False, case_sensitive=True)
        self._tags_in_use = tags_in_use

    async def get_suggestion(self, value: str) -> str | None:
        return completed(value, self._drawable)

    def _drawable(self) -> Mapping[str, Sequence[str]]:
        """Return the tags that can be drawn as they are: Textual hands them to the terminal so."""
        return {
            key: [value for value in values if masked(value) == value]
            for key, values in self._tags_in_use().items()
            if masked(key) == key
        }


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


class FilterBar(Vertical):
    """The filter, how many match it, and what is to be said of it."""

    DEFAULT_CSS = """
    FilterBar {
        display: none;
        height: auto;
        #filter-row { height: 1; margin: 0 1; }
        #filter-label { width: 2; color: $text-accent; text-style: bold; }
        #filter { width: 1fr; }
        #count { width: 20; text-align: right; color: $text-muted; }
        #note { display: none; margin: 0 1 0 5; }
    }
    """

    def __init__(self, tags_in_use: TagsInUse) -> None:
        super().__init__()
        self._input = FilterInput(id="filter")
        self._input.suggester = FilterSuggester(tags_in_use)
        self._input.placeholder = GRAMMAR
        self._count = Static(markup=False, id="count")
        self._note = VerdictLine(id="note")

    def compose(self) -> ComposeResult:
        with Horizontal(id="filter-row"):
            yield Static("/", markup=False, id="filter-label")
            yield self._input
            yield self._count
        yield self._note

    @property
    def text(self) -> str:
        """What was typed."""
        return self._input.value

    def enter(self) -> None:
        """Put the cursor into the filter; typing replaces what is there, moving keeps it."""
        self.display = True
        self._input.focus()
        self._input.select_all()

    def leave(self, *, clear: bool) -> None:
        """Stay where the filter narrows the list, and go where it is empty."""
        if clear:
            self._input.value = ""
        self.display = bool(self._input.value)

    def show(self, count: str, note: Verdict) -> None:
        """Say how many pass, and what is to be said of the filter, if anything."""
        self._count.update(count, layout=False)
        self._note.show(note)
        self._note.display = bool(note.text)
