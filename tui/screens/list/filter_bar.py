"""Shows the line above the list that narrows it, while it is used."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from tui.screens.list.filter_input import FilterInput
from tui.widgets.verdict_line import VerdictLine
from tui.words.verdict import Verdict


class FilterBar(Vertical):
    """The filter, how many pass it, and what is to be said of it."""

    DEFAULT_CSS = """
    FilterBar {
        display: none;
        height: auto;
        #filter-row { height: 1; margin: 1 1 0 1; }
        #filter-label { width: 7; color: $text-muted; }
        #filter { width: 1fr; }
        #count { width: 16; text-align: right; color: $text-muted; }
        #note { display: none; margin: 0 1 0 8; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._input = FilterInput(id="filter")
        self._count = Static(markup=False, id="count")
        self._note = VerdictLine(id="note")

    def compose(self) -> ComposeResult:
        with Horizontal(id="filter-row"):
            yield Static("Filter ", markup=False, id="filter-label")
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
