"""Takes what narrows the list, and suggests how it may go on."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.suggester import Suggester

from tui.actions.keymap import bindings
from tui.actions.table import Place
from tui.screens.list.listing import completed
from tui.widgets.text_input import TextInput
from tui.words.text import masked

if TYPE_CHECKING:
    from core.query import Completion

_GRAMMAR = "name, key-…, fingerprint, type:rsa, tag:Env=prod, is:unsaved, -not"
"""What can be typed, shown as long as nothing is."""

_IN_SHORT = "name, id, fingerprint, type:, tag:Env=prod, is:, -not"
"""The same where there is no room for all of it."""

TagsInUse = Callable[[], Mapping[str, Sequence[str]]]
"""Returns the tag keys that key pairs carry, and the values of each."""


class FilterSuggester(Suggester):
    """Suggests how the last term of a filter may go on: a field, or a value that is in use."""

    def __init__(self, tags_in_use: TagsInUse) -> None:
        # Nothing is kept: which tags there are changes.
        super().__init__(use_cache=False, case_sensitive=True)
        self._tags_in_use = tags_in_use
        self.taken: dict[str, str] = {}
        """What each suggestion makes where quotes belong into it."""

    async def get_suggestion(self, value: str) -> str | None:
        found = self.completed(value)
        if found is None:
            return None
        self.taken = {found.shown: found.taken}
        return found.shown

    def completed(self, value: str) -> "Completion | None":
        """Return how what was typed may go on."""
        return completed(value, self._drawable)

    def _drawable(self) -> Mapping[str, Sequence[str]]:
        """Return the tags that can be drawn as they are: Textual hands them to the terminal so."""
        return {
            key: [value for value in values if masked(value) == value]
            for key, values in self._tags_in_use().items()
            if masked(key) == key
        }


class FilterInput(TextInput):
    """A field that is left for the list by Enter or Down, and cleared by Escape.

    Args:
        tags_in_use: what is suggested for tags.
        leave: is called when the person is done with it, with whether it is to be emptied.
    """

    PLACE = Place.FILTER
    BINDINGS: ClassVar[list[BindingType]] = bindings(PLACE)

    def __init__(self, tags_in_use: TagsInUse, leave: Callable[[bool], None]) -> None:
        super().__init__(id="filter")
        self._suggests = self.suggester = FilterSuggester(tags_in_use)
        self._leave = leave

    @property
    def goes_on(self) -> bool:
        """Whether a suggestion of how the text goes on is shown, or is about to be."""
        is_at_end = self.has_focus and self.cursor_at_end
        return is_at_end and self._suggests.completed(self.value) is not None

    def on_resize(self) -> None:
        has_room = self.content_size.width > len(_GRAMMAR)  # and the cursor behind it
        self.placeholder = _GRAMMAR if has_room else _IN_SHORT

    def action_cursor_right(self, select: bool = False) -> None:
        """Move by a character; at the end take what is suggested, with quotes where they belong."""
        suggested = self._suggestion if self.cursor_at_end and not select else ""
        super().action_cursor_right(select)
        if suggested and self.value == suggested:
            self.value = self._suggests.taken.get(suggested, suggested)
            self.cursor_position = len(self.value)

    def action_filter_done(self) -> None:
        """Go to the list."""
        self._leave(False)

    def action_filter_clear(self) -> None:
        """Clear the filter."""
        self._leave(True)
