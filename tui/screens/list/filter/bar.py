"""Shows the line above the list that narrows it, while it is used."""

from typing import TYPE_CHECKING

from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import AwaitMount
from textual.widgets import Static

from tui import screens
from tui.widgets.verdict_line import VerdictLine
from tui.words.verdict import Verdict

if TYPE_CHECKING:
    from tui.screens.list.filter.field import FilterInput, TagsInUse


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

    class Done(Message):
        """The person is done with the filter; `clear` says whether it is to be emptied."""

        def __init__(self, *, clear: bool) -> None:
            super().__init__()
            self.clear = clear

    def __init__(self, tags_in_use: "TagsInUse") -> None:
        super().__init__()
        self._tags_in_use = tags_in_use
        self._input: FilterInput | None = None
        self._filling: AwaitMount | None = None
        self._count = Static(markup=False, id="count")
        self._note = VerdictLine(id="note")

    async def fill(self) -> "FilterInput":
        """Put the field in, once, and return it; the first frame, without it, does not wait."""
        if self._input is None or self._filling is None:
            self._input = screens.FilterInput(self._tags_in_use, self._tell)
            label = Static("/", markup=False, id="filter-label")
            row = Horizontal(label, self._input, self._count, id="filter-row")
            self._filling = self.mount(row, self._note)
        await self._filling
        return self._input

    def _tell(self, clear: bool) -> None:
        self.post_message(self.Done(clear=clear))

    @property
    def text(self) -> str:
        """What was typed."""
        return "" if self._input is None else self._input.value

    @property
    def goes_on(self) -> bool:
        """Whether it is suggested how that goes on."""
        return self._input is not None and self._input.goes_on

    async def enter(self) -> None:
        """Put the cursor into the filter; typing replaces what is there, moving keeps it."""
        field = await self.fill()
        self.display = True
        field.focus()
        field.select_all()

    def leave(self, *, clear: bool) -> None:
        """Stay where the filter narrows the list, and go where it is empty."""
        if clear and self._input is not None:
            self._input.value = ""
        self.display = bool(self.text)

    def show(self, count: str, note: Verdict) -> None:
        """Say how many pass, and what is to be said of the filter, if anything."""
        if self._input is None:
            return
        self._count.update(count, layout=False)
        # What can be typed, shown while nothing is, has the room of the count then.
        self._count.display = bool(count)
        self._note.show(note)
        self._note.display = bool(note.text)
